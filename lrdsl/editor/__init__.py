"""Tools for editors: the language server, the answers that it gives, and the colours of the language."""

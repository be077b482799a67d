"""What editors ask: the language server and the colours of the language."""

"""Makes untrusted text safe to show in a terminal or a log, and to write into LaTeX, Typst, HTML, Markdown, Python and JSON."""

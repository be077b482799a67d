"""What may not be shown or pasted as it is, made safe: for terminals and logs, and for LaTeX, Typst, HTML and Markdown."""

"""Writes the formula of a plan: as SymPy, LaTeX, Typst, MathML, Markdown, text and Python; and says in a sentence what a plan does."""

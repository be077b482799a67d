"""From a plan to formulas: SymPy, LaTeX, Typst, MathML, Markdown, text, Python and sentences."""

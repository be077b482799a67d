"""Notation: the tree of a written formula, how it is made from a plan, and its printers for LaTeX, Typst, MathML, Python and text."""

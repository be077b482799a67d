"""Formulas on paper: every shape, combinator, recipe and example file, set by a real LaTeX and by KaTeX."""

"""Tests of typeset formulas: those of every shape, combinator, recipe and example file, set by LaTeX and by KaTeX."""

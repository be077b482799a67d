"""Draws the curves of plans: with matplotlib, as PGFPlots source, in a terminal, and as SVG."""

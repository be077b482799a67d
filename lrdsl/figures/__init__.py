"""From a plan to curves: drawn by matplotlib, PGFPlots, in a terminal, or as SVG."""

"""Shows a schedule in a notebook as plain HTML: its text, a sentence, its formula in MathML, and a small curve in SVG."""

from __future__ import annotations

from collections.abc import Sequence

from lrdsl.escaping.quoting import xml
from lrdsl.expr.exact import Exact
from lrdsl.figures.picture import PALETTE
from lrdsl.figures.sampling import Points, points
from lrdsl.plan import Plan, horizon

_WIDTH, _HEIGHT, _MARGIN = 320.0, 72.0, 4.0


def sparkline(drawn: Points, title: str) -> str:
    """Returns a curve as an SVG picture without axes. Its colours suit light and dark pages.

    >>> sparkline([(0.0, 1.0), (10.0, 0.0)], "linear(10)").count("<polyline")
    1
    """
    end = max(drawn[-1][0], 1e-300)
    levels = [y for _, y in drawn]
    low, high = min(0.0, *levels) if min(levels) <= max(levels) / 2 else min(levels), max(levels)
    span = high - low or 1.0

    def place(t: float, y: float) -> str:
        across = _MARGIN + t / end * (_WIDTH - 2 * _MARGIN)
        up = (y - low) / span if high > low else 0.5
        return f"{across:.1f},{_HEIGHT - _MARGIN - up * (_HEIGHT - 2 * _MARGIN):.1f}"

    line = " ".join(place(t, y) for t, y in drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:g}" height="{_HEIGHT:g}" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img">'
        f"<title>{xml(title)}</title>"
        f'<polyline points="{line}" fill="none" stroke="#{PALETTE[0]}" stroke-width="2" stroke-linejoin="round"/></svg>'
    )


def curve(plan: Plan, base: float, total: Exact | None, title: str) -> str:
    """Returns the sparkline of a plan over its run."""
    return sparkline(points(plan, base, horizon(plan, total) - 1), title)


def page(text: str, parts: Sequence[tuple[str, str, str]]) -> str:
    """Returns a schedule as HTML: its text, then the parts of each target, which are (sentence, formula in MathML, curve in SVG)."""
    targets = "".join(f'<p style="margin:0.4em 0">{xml(words)}</p>{formula}<div style="margin:0.4em 0">{curve}</div>' for words, formula, curve in parts)
    code = f'<pre style="margin:0 0 0.4em 0;white-space:pre-wrap"><code>{xml(text)}</code></pre>'
    return f'<div class="lrdsl" style="text-align:left">{code}{targets}</div>'

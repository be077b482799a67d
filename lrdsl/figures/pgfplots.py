r"""Writes a picture as PGFPlots source: a `tikzpicture` for a paper with `\usepackage{pgfplots}` and `\usepgfplotslibrary{groupplots}`."""

from __future__ import annotations

from lrdsl.escaping.quoting import latex as words
from lrdsl.figures.picture import PALETTE, Panel, Picture

_STYLES = ("solid", "dashed", "densely dotted", "dash dot", "loosely dashed", "dotted", "dash dot dot")
_HEAD = r"""% \usepackage{pgfplots}
% \usepgfplotslibrary{groupplots}
% \pgfplotsset{compat=1.16}
"""


def pgfplots(shown: Picture, width: str = r"\columnwidth") -> str:
    """Returns the source of a picture; `width` is a length in LaTeX."""
    colours = "".join(f"\\definecolor{{lrdsl{i}}}{{HTML}}{{{colour}}}\n" for i, colour in enumerate(PALETTE[: _most_curves(shown)]))
    group = f"group style={{group size=1 by {len(shown.panels)}, x descriptions at=edge bottom, vertical sep=18pt}}"
    axis = [
        group,
        f"width=0.84*{width}",
        f"height=0.56*{width}",
        f"xlabel={{{shown.unit}}}",
        f"xmin=0, xmax={_number(shown.end)}",
        "enlarge y limits={value=0.06, auto}",
        "axis on top, clip=false",
        "scaled x ticks=false, x tick label style={/pgf/number format/fixed}",
        "legend cell align=left, legend style={draw=none, fill=none, font=\\footnotesize, at={(0.5,1.02)}, anchor=south}",
        *(["ymode=log"] if shown.log else []),
    ]
    options = ",\n    ".join(axis)
    panels = "".join(_panel(panel, shown) for panel in shown.panels)
    return f"{_HEAD}{colours}\\begin{{tikzpicture}}\n\\begin{{groupplot}}[\n    {options},\n]\n{panels}\\end{{groupplot}}\n\\end{{tikzpicture}}\n"


def _most_curves(shown: Picture) -> int:
    """Returns the number of curves in the fullest panel."""
    return max(len(panel.curves) for panel in shown.panels)


#: The rough width of a letter of a label, as a share of the axis.
_LETTER = 0.02


def _panel(panel: Panel, shown: Picture) -> str:
    low = int(shown.log)  # some level on the axis: a logarithmic axis has no 0
    top = max((y for curve in panel.curves for _, y in curve.points), default=0.0)
    plain = "" if shown.log or top < 0.001 else ", y tick label style={/pgf/number format/fixed, /pgf/number format/precision=5}"
    lines = [f"\\nextgroupplot[ylabel={{{words(panel.name)}}}{plain}]"]
    for i, phase in enumerate(panel.phases):
        start, middle, end = (f"{{axis cs:{_number(x)},{low}}} |- {{rel axis cs:0," for x in (phase.start, (phase.start + phase.end) / 2, phase.end))
        if i % 2:
            lines.append(f"\\fill[black!6] ({start}0}}) rectangle ({end}1}});")
        room = (phase.end - phase.start) / shown.end
        style = "font=\\tiny, text=black!55"
        if room > len(phase.text) * _LETTER:
            lines.append(f"\\node[{style}, anchor=south] at ({middle}1}}) {{{words(phase.text)}}};")
        elif room > 2 * _LETTER:
            lines.append(f"\\node[{style}, anchor=west, rotate=90] at ({middle}0.02}}) {{{words(phase.text)}}};")
    several = len(panel.curves) > 1
    for curve in panel.curves:
        style = f"thick, lrdsl{curve.colour % len(PALETTE)}, {_STYLES[curve.colour % len(_STYLES)]}"
        coordinates = [f"({_number(x)},{_number(y)})" for x, y in curve.points]
        rows = [" ".join(coordinates[i : i + 6]) for i in range(0, len(coordinates), 6)]
        lines.append(f"\\addplot[{style}] coordinates {{\n    " + "\n    ".join(rows) + "\n};")
        if several:
            lines.append(f"\\addlegendentry{{{words(curve.label)}}}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Writes a number with as many digits as a reader can see."""
    return f"{value:.7g}"

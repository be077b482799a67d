r"""Writes a picture as PGFPlots source: a `tikzpicture` for a paper with `\usepackage{pgfplots}` and `\usepgfplotslibrary{groupplots}`."""

from __future__ import annotations

import math

from lrdsl.escaping.quoting import latex as words
from lrdsl.figures.phases import placed
from lrdsl.figures.picture import PALETTE, Curve, Panel, Picture, ticks_of
from lrdsl.figures.timing import compact

_STYLES = ("solid", "dashed", "densely dotted", "dash dot", "dash pattern=on 9pt off 2pt", "densely dashed", "dash dot dot", "dotted")
_HEAD = r"""% \usepackage{pgfplots}
% \usepgfplotslibrary{groupplots}
% \pgfplotsset{compat=1.16}
"""
#: How many letters of the name of a phase are as wide as the axes; and a longer name of a curve is broken into lines.
_LETTERS, _MOST_LETTERS = 62, 40


def pgfplots(shown: Picture, width: str = r"\columnwidth") -> str:
    """Returns the source of a picture; `width` is a length in LaTeX."""
    used = sorted({curve.style % len(PALETTE) for panel in shown.panels for curve in panel.curves})
    colours = "".join(f"\\definecolor{{lrdsl{i}}}{{HTML}}{{{PALETTE[i] or '222222'}}}\n" for i in used)
    if shown.twin:
        left, right = shown.panels
        entries = [f"\\addlegendimage{{{_style(curve)}}}\n{_entry(curve, width)}" for curve in left.curves]
        first = f"\\begin{{axis}}[\n    {_options(shown, width, 'axis y line*=left')},\n{_own(left, shown)}]\n{_body(left, shown, width, False)}\\end{{axis}}\n"
        second = f"\\begin{{axis}}[\n    {_options(shown, width, 'axis y line*=right, axis x line=none')},\n{_own(right, shown)}]\n"
        second += "\n".join(entries) + "\n" + _body(right, shown, width, True) + "\\end{axis}\n"
        return f"{_HEAD}{colours}\\begin{{tikzpicture}}\n{first}{second}\\end{{tikzpicture}}\n"
    group = f"group style={{group size=1 by {len(shown.panels)}, x descriptions at=edge bottom, vertical sep=26pt}}"
    panels = "".join(f"\\nextgroupplot[\n{_own(panel, shown)}]\n{_body(panel, shown, width, len(panel.curves) > 1)}" for panel in shown.panels)
    options = _options(shown, width, group)
    return f"{_HEAD}{colours}\\begin{{tikzpicture}}\n\\begin{{groupplot}}[\n    {options},\n]\n{panels}\\end{{groupplot}}\n\\end{{tikzpicture}}\n"


def _options(shown: Picture, width: str, more: str) -> str:
    """Returns the options of all panels."""
    ticks = [] if shown.log_x else ticks_of(shown.start, shown.end, 5)
    places, names = ",".join(map(_number, ticks)), ",".join(compact(tick, ticks[-1]) for tick in ticks)
    return ",\n    ".join(
        [
            more,
            f"width={0.79 if shown.twin else 0.84}*{width}",
            f"height=0.56*{width}",
            f"xlabel={{{words(shown.unit)}}}",
            f"xmin={_number(shown.start)}, xmax={_number(shown.end)}",
            "enlarge y limits={value=0.06, auto}",
            "axis on top, clip=false",
            "unbounded coords=jump",
            *([] if shown.log_x else [f"xtick={{{places}}}, xticklabels={{{names}}}, scaled x ticks=false"]),
            "legend cell align=left, legend style={draw=none, fill=none, font=\\footnotesize, at={(0.5,1.02)}, anchor=south}",
            *(["xmode=log"] if shown.log_x else []),
            *(["ymode=log"] if shown.log else []),
        ]
    )


def _own(panel: Panel, shown: Picture) -> str:
    """Returns the options of one panel."""
    factor = f" ($\\times 10^{{{panel.exponent}}}$)" if panel.exponent else ""
    plain = "" if shown.log else ", scaled y ticks=false, y tick label style={/pgf/number format/fixed, /pgf/number format/precision=5}"
    return f"    ylabel={{{words(panel.name)}{factor}}}{plain},\n"


def _style(curve: Curve) -> str:
    return f"thick, lrdsl{curve.style % len(PALETTE)}, {_STYLES[curve.style % len(_STYLES)]}"


def _entry(curve: Curve, width: str) -> str:
    """Returns the name of a curve in the legend; a long one is broken into lines."""
    broken = f"[text width=0.72*{width}, text depth=]" if len(curve.label) > _MOST_LETTERS else ""
    return f"\\addlegendentry{broken}{{{words(curve.label)}}}"


def _body(panel: Panel, shown: Picture, width: str, legend: bool) -> str:
    """Returns the phases and curves of a panel."""
    low = int(shown.log)  # some level on the axis: a logarithmic axis has no 0
    lines = []
    for phase in panel.phases[1::2]:
        start, end = (f"{{axis cs:{_number(x)},{low}}} |- {{rel axis cs:0," for x in (phase.start, phase.end))
        lines.append(f"\\fill[black!6] ({start}0}}) rectangle ({end}1}});")
    for name in placed(panel.phases, shown.start, shown.end, _LETTERS, shown.log_x):
        place = f"{{axis cs:{_number(name.x)},{low}}} |- {{rel axis cs:0,1}}"
        lines.append(f"\\node[font=\\tiny, text=black!65, anchor=south, yshift={7 * name.row}pt] at ({place}) {{{words(name.text)}}};")
    for curve in panel.curves:
        coordinates = [f"({_number(x)},{'nan' if math.isnan(y) else _number(y)})" for x, y in curve.points]
        rows = [" ".join(coordinates[i : i + 6]) for i in range(0, len(coordinates), 6)]
        lines.append(f"\\addplot[{_style(curve)}] coordinates {{\n    " + "\n    ".join(rows) + "\n};")
        if legend:
            lines.append(_entry(curve, width))
        for x in curve.zeros:  # levels of 0, cut
            place = f"{{axis cs:{_number(x)},1}} |- {{rel axis cs:0,0}}"
            lines.append(f"\\node[lrdsl{curve.style % len(PALETTE)}, font=\\tiny] at ({place}) {{$\\bigtriangledown$}};")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Writes a number with as many digits as a reader can see."""
    return f"{value:.7g}"

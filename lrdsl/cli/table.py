"""`lrdsl table`: the phases as a table for a paper or a page; `rows` is what `show` prints too."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from lrdsl.cli import options

if TYPE_CHECKING:
    from lrdsl.plan import Target
    from lrdsl.schedule import Schedule

HEAD = ("phase", "ticks", "length", "level")


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("table", help="the phases as a table, for a paper or a page", description="Print a table of the phases.")
    options.add_schedule(parser)
    parser.add_argument("--base", type=float, metavar="X", help="the optimizer's own value (default: what the text sets, or 1)")
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--format", choices=("latex", "markdown"), default="latex", help="LaTeX needs the package booktabs (default: latex)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the table of each target, under its name where there are several."""
    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    base = float(s.program.base or 1) if arguments.base is None else arguments.base
    found = [(target.name, rows(s, target, s.checked_base(base, target.name))) for target in targets]
    print((_latex if arguments.format == "latex" else _markdown)(found))


def rows(s: Schedule, target: Target, base: float) -> list[tuple[str, str, str, str]]:
    """Of each phase its text, its ticks, its length, and its level at its two ends."""
    found = []
    for i, phase in enumerate(target.plan.phases):
        start, n = phase.start, phase.length
        if start is None:
            found.append((phase.text, "?", "?" if n is None else _ticks(n), "from the level reached"))
            continue
        first = f"{s.at(float(start), base, target.name):.4g}"
        if n is None:
            waits = i + 1 < len(target.plan.phases)
            found.append((phase.text, f"{_ticks(start)} …" + " ?" * waits, "?" if waits else "endless", f"from {first}"))
        else:
            reached = f"{s.at(float(start + n), base, target.name):.4g}"
            found.append((phase.text, f"{_ticks(start)} … {_ticks(start + n)}", _ticks(n), first if first == reached else f"{first} → {reached}"))
    return found


def _ticks(value: Any) -> str:
    return f"{float(value):,.10g}".replace(",", "_")


def _markdown(found: list[tuple[str, list[tuple[str, str, str, str]]]]) -> str:
    lines = []
    for name, body in found:
        lines += [f"**{name}**", ""] if len(found) > 1 else []
        lines += [f"| {' | '.join(HEAD)} |", "| --- | --- | ---: | --- |"]
        lines += [f"| `{text.replace('|', chr(92) + '|')}` | {ticks} | {length} | {level} |" for text, ticks, length, level in body]
        lines.append("")
    return "\n".join(lines[:-1])


def _latex(found: list[tuple[str, list[tuple[str, str, str, str]]]]) -> str:
    from lrdsl.backends.notation.latex import words

    lines = [r"\begin{tabular}{llrl}", r"\toprule", " & ".join(HEAD) + r" \\"]
    for name, body in found:
        lines.append(r"\midrule")
        lines += [rf"\multicolumn{{4}}{{l}}{{{words(name)}}} \\"] if len(found) > 1 else []
        lines += [" & ".join([rf"\texttt{{{words(text)}}}", *(_set(cell) for cell in cells)]) + r" \\" for text, *cells in body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _set(cell: str) -> str:
    """Numbers as mathematics, words as they are."""
    spaced = re.sub(r"(\d)_(?=\d)", r"\1\\,", cell.replace("…", r"$\ldots$").replace("→", r"$\to$"))
    return re.sub(r"-?\d[\d.\\,]*(?:e[+-]\d+)?", lambda m: f"${_number(m[0])}$", spaced).replace("$ $", " ")


def _number(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"

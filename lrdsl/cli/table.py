"""`lrdsl table`: prints the phases of a schedule as a table, in LaTeX or Markdown."""

from __future__ import annotations

import argparse
import re
from typing import Any

from lrdsl.analysis.overview import HEAD, rows
from lrdsl.cli import options, terminal


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("table", help="the phases as a table, for a paper or a page", description="Print a table of the phases.")
    options.add_schedule(parser)
    options.add_base(parser)
    options.add_target(parser)
    options.add_events(parser)
    parser.add_argument("--format", choices=("latex", "markdown"), default="latex", help="LaTeX needs the package booktabs (default: latex)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the table of each target, with its name above it if there are several."""
    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    base = s.program.base_value if arguments.base is None else arguments.base
    tables = [(target.name, rows(s, target, s.checked_base(base, target.name))) for target in targets]
    terminal.say(*(_latex if arguments.format == "latex" else _markdown)(tables).split("\n"))


def _markdown(tables: list[tuple[str, list[tuple[str, str, str, str]]]]) -> str:
    from lrdsl.escaping.quoting import markdown, markdown_code

    lines = []
    for name, body in tables:
        lines += [f"**{markdown(name)}**", ""] if len(tables) > 1 else []
        lines += [f"| {' | '.join(HEAD)} |", "| --- | --- | ---: | --- |"]
        lines += [f"| {markdown_code(text)} | {ticks} | {length} | {level} |" for text, ticks, length, level in body]
        lines.append("")
    return "\n".join(lines[:-1])


def _latex(tables: list[tuple[str, list[tuple[str, str, str, str]]]]) -> str:
    from lrdsl.escaping.quoting import latex as escaped

    lines = [r"\begin{tabular}{llrl}", r"\toprule", " & ".join(HEAD) + r" \\"]
    for name, body in tables:
        lines.append(r"\midrule")
        lines += [rf"\multicolumn{{4}}{{l}}{{{escaped(name)}}} \\"] if len(tables) > 1 else []
        lines += [" & ".join([rf"\texttt{{{escaped(text)}}}", *(_cell(cell) for cell in cells)]) + r" \\" for text, *cells in body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _cell(cell: str) -> str:
    """A cell in LaTeX, with its numbers in mathematics."""
    spaced = re.sub(r"(\d)_(?=\d)", r"\1\\,", cell.replace("…", r"$\ldots$").replace("→", r"$\to$"))
    return re.sub(r"-?\d[\d.\\,]*(?:e[+-]\d+)?", lambda m: f"${_number(m[0])}$", spaced).replace("$ $", " ")


def _number(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"

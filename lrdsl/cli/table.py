"""`lrdsl table`: prints the phases of a schedule as a table, in LaTeX or Markdown."""

from __future__ import annotations

import argparse
import re
from typing import Any

from lrdsl.analysis.overview import Row, cells, head, rows
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
    base = options.base(s, arguments)
    tables = [(target.name, rows(s, target, s.checked_base(base, target.name))) for target in targets]
    terminal.say(*(_latex if arguments.format == "latex" else _markdown)(tables).split("\n"))


def _markdown(tables: list[tuple[str, list[Row]]]) -> str:
    from lrdsl.escaping.quoting import markdown, markdown_code

    lines = []
    for name, body in tables:
        lines += [f"**{markdown(name)}**", ""] if len(tables) > 1 else []
        columns = head(body)
        lines += [f"| {' | '.join(columns)} |", f"| {' | '.join('---:' if name == 'length' else '---' for name in columns)} |"]
        lines += [f"| {'&emsp;' * row.depth}{markdown_code(row.text)} | {' | '.join(cells(row, columns))} |" for row in body]
        lines.append("")
    return "\n".join(lines[:-1])


def _latex(tables: list[tuple[str, list[Row]]]) -> str:
    from lrdsl.escaping.quoting import latex as escaped

    columns = head([row for _, body in tables for row in body])
    lines = [rf"\begin{{tabular}}{{{''.join('r' if name == 'length' else 'l' for name in columns)}}}", r"\toprule", " & ".join(columns) + r" \\"]
    for name, body in tables:
        lines.append(r"\midrule")
        lines += [rf"\multicolumn{{{len(columns)}}}{{l}}{{{escaped(name)}}} \\"] if len(tables) > 1 else []
        for row in body:
            text = r"\quad" * row.depth + rf"\texttt{{{escaped(row.text)}}}"
            lines.append(" & ".join([text, *(_cell(cell) for cell in cells(row, columns))]) + r" \\")
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

"""`lrdsl formula`: prints the closed form of a schedule, in LaTeX and other formats."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.cli import options, terminal
from lrdsl.schedule import Schedule
from lrdsl.targets import Target
from lrdsl.work import bounded


def add(verbs: Any) -> None:
    """Adds the command."""
    from lrdsl.formulas.documents import FORMATS, FORMS, NUMBERS, Style

    parser = verbs.add_parser("formula", help="the closed form, for a paper, a page or a program", description="Print the closed form of a schedule.")
    options.add_schedule(parser)
    style = Style()
    parser.add_argument("--base", metavar="X", help=r"the base: a number, or a symbol (default: eta_0, in LaTeX \eta_0)")
    parser.add_argument("--format", choices=(*FORMATS, "sympy", "sentence"), default="latex", help="(default: latex)")
    parser.add_argument("--form", choices=FORMS, default=style.form, help=f"how LaTeX arranges the pieces (default: {style.form})")
    parser.add_argument("--numbers", choices=NUMBERS, default=style.numbers, help=f"write 0.1, or 1/10 (default: {style.numbers})")
    parser.add_argument("--time", choices=("ticks", "steps", "epochs"), default="ticks", help="the unit of t (default: ticks)")
    parser.add_argument("--first", type=int, choices=(0, 1), default=style.first, help=f"the number of the first tick (default: {style.first})")
    parser.add_argument("--label", default=style.label, metavar="NAME", help="print a numbered LaTeX equation with this label")
    help = f"the width of a line of LaTeX, in ems (default: {style.width:g}, for a page with two columns)"
    parser.add_argument("--width", type=float, default=style.width, metavar="EM", help=help)
    parser.add_argument("--symbolic", action="store_true", help="write letters for the parameters, and say what they stand for")
    options.add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the formula of each target, with its name above it if there are several."""
    from lrdsl.escaping.quoting import markdown, remark

    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    for i, target in enumerate(targets):
        if len(targets) > 1:
            name = f"**{markdown(target.name)}**\n" if arguments.format == "markdown" else remark(arguments.format, target.name)
            terminal.say(*[""] * (i > 0), *name.split("\n"))
        _print(s, target, arguments)


def _print(s: Schedule, target: Target, arguments: argparse.Namespace) -> None:
    """Prints the formula of one target."""
    from lrdsl.escaping.quoting import remark
    from lrdsl.formulas import text

    base = _base(arguments.base)
    if arguments.format == "sentence":
        return terminal.say(s.sentence(base if isinstance(base, float) else None, target.name))
    if arguments.format == "sympy":
        letter = "eta_0" if base is None else base
        formula, legend = s.formula(letter, target=target.name, symbolic=arguments.symbolic), s.legend(letter, target.name) if arguments.symbolic else {}
        with bounded(s.text, counts=True):
            lines = [str(formula), *(remark("sympy", f"{name} = {value}") for name, value in legend.items())]
        terminal.say(*lines)
    else:
        style = {name: getattr(arguments, name) for name in ("time", "symbolic", "form", "numbers", "first", "label", "width")}
        terminal.say(*s.typeset(arguments.format, base, target.name, **style).split("\n"))
    for note in text.notes(target.plan):
        terminal.say(remark(arguments.format, note))


def _base(name: str | None) -> str | float | None:
    """The base for the formula: a number, or else a symbol."""
    if name is None:
        return None
    try:
        return float(name)
    except ValueError:
        return name

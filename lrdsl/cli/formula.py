"""`lrdsl formula`: the closed form."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.cli import options, terminal
from lrdsl.plan import Target
from lrdsl.schedule import Schedule
from lrdsl.work import bounded


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("formula", help="the closed form, for a paper, a page or a program", description="Print the closed form.")
    options.add_schedule(parser)
    parser.add_argument("--base", metavar="X", help=r"the base: a number, or a symbol (default: eta_0, in LaTeX \eta_0)")
    formats = ("latex", "markdown", "text", "typst", "mathml", "sympy", "python", "sentence")
    parser.add_argument("--format", choices=formats, default="latex", help="(default: latex)")
    parser.add_argument("--form", choices=("cases", "aligned", "iverson"), default="cases", help="how LaTeX sets the pieces (default: cases)")
    parser.add_argument("--numbers", choices=("decimal", "fraction"), default="decimal", help="0.1, or 1/10 (default: decimal)")
    parser.add_argument("--time", choices=("ticks", "steps", "epochs"), default="ticks", help="what t counts (default: ticks)")
    parser.add_argument("--first", type=int, choices=(0, 1), default=0, help="what the first tick is called (default: 0)")
    parser.add_argument("--label", default="", metavar="NAME", help="a numbered LaTeX equation with this label")
    parser.add_argument("--width", type=float, default=24.0, metavar="EM", help="the room for a line of LaTeX (default: 24, a column of two)")
    parser.add_argument("--symbolic", action="store_true", help="letters in place of the parameters, and what they stand for")
    options.add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the formula of each target, under its name where there are several."""
    from lrdsl.escaping.quoting import markdown, remark

    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    for i, target in enumerate(targets):
        if len(targets) > 1:
            name = f"**{markdown(target.name)}**\n" if arguments.format == "markdown" else remark(arguments.format, target.name)
            terminal.say(*[""] * (i > 0), *name.split("\n"))
        _print(s, target, arguments)


def _print(s: Schedule, target: Target, arguments: argparse.Namespace) -> None:
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
    """The base for the formula."""
    if name is None:
        return None
    try:
        return float(name)
    except ValueError:
        return name

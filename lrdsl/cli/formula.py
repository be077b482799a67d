"""`lrdsl formula`: the closed form."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.backends import text
from lrdsl.cli import options
from lrdsl.plan import Target
from lrdsl.schedule import Schedule


def add(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("formula", help="the closed form, as LaTeX, SymPy, text or Markdown", description="Print the closed form.")
    options.add_schedule(parser)
    parser.add_argument("--base", metavar="X", help=r"the base: a number, or a symbol (default: eta_0, in LaTeX \eta_0)")
    parser.add_argument("--format", choices=("latex", "sympy", "text", "markdown"), default="latex", help="(default: latex)")
    options.add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the formula of each target, under its name where there are several."""
    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    for i, target in enumerate(targets):
        if len(targets) > 1:
            print(("\n" if i else "") + ("**" + target.name + "**\n" if arguments.format == "markdown" else f"# {target.name}"))
        _print(s, target, arguments)


def _print(s: Schedule, target: Target, arguments: argparse.Namespace) -> None:
    base, shown = _base(arguments.base)
    if arguments.format == "text":
        found = text.lines(s.written(target.name), "η₀" if arguments.base is None else shown)
        width = max(len(formula) for formula, _ in found)
        print("\n".join(f"{formula:{width}}   {where}".rstrip() for formula, where in found))
        print("".join(f"{note}\n" for note in text.notes(target.plan)), end="")
        return
    import sympy

    formula = s.formula(base, target=target.name)
    if arguments.format == "sympy":
        print(formula)
        print("".join(f"# {note}\n" for note in text.notes(target.plan)), end="")
        return
    latex = sympy.latex(formula, symbol_names={sympy.Symbol(str(base)): shown})
    print(f"$$\n{latex}\n$$" if arguments.format == "markdown" else latex)
    print("".join(f"{'- ' if arguments.format == 'markdown' else '% '}{note}\n" for note in text.notes(target.plan)), end="")


def _base(name: str | None) -> tuple[str | float, str]:
    """The base for the formula, and as LaTeX."""
    if name is None:
        return "eta_0", r"\eta_0"
    try:
        return float(name), name
    except ValueError:
        return name.lstrip("\\").replace("{", "").replace("}", ""), name

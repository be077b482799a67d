"""`lrdsl formula`: prints the closed form of a schedule, in LaTeX and other formats."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.cli import options, terminal
from lrdsl.schedule import Schedule
from lrdsl.targets import Target
from lrdsl.work import bounded

#: The formats of a sentence: in plain letters, and for a text in LaTeX.
_SENTENCES = ("sentence", "latex-sentence")


def add(verbs: Any) -> None:
    """Adds the command."""
    from lrdsl.clock import TIMES
    from lrdsl.formulas.documents import FORMATS, FORMS, NUMBERS, Style
    from lrdsl.formulas.style import WIDTHS

    parser = verbs.add_parser("formula", help="the closed form, for a paper, a page or a program", description="Print the closed form of a schedule.")
    options.add_schedule(parser)
    style = Style()
    parser.add_argument("--base", metavar="X", help="the base: a number, or a symbol, as eta_max (default: eta_0, or the letter of what is set)")
    parser.add_argument("--format", choices=(*FORMATS, "sympy", *_SENTENCES), default="latex", help="(default: latex)")
    parser.add_argument("--form", choices=FORMS, default=style.form, help=f"how LaTeX arranges the pieces (default: {style.form})")
    parser.add_argument("--numbers", choices=NUMBERS, default=style.numbers, help=f"write 0.1, or 1/10 (default: {style.numbers})")
    parser.add_argument("--time", choices=TIMES, default="ticks", help="the unit of t (default: ticks)")
    parser.add_argument("--first", type=int, choices=(0, 1), default=style.first, help=f"the number of the first tick (default: {style.first})")
    parser.add_argument("--label", default=style.label, metavar="NAME", help="the label of the equation, which LaTeX then numbers")
    help = f"the width of a line of LaTeX: in ems, with a unit, as 8cm, or {', '.join(WIDTHS)} (default: twocolumn, {style.width:g})"
    parser.add_argument("--width", default="twocolumn", metavar="W", help=help)
    parser.add_argument("--symbolic", action="store_true", help="write letters for the parameters, and say what they stand for")
    parser.add_argument("--where", action="store_true", default=None, help="say what t and the base are, also without --symbolic")
    parser.add_argument("--after-end", action="store_true", help="say what holds after the end too")
    parser.add_argument("--names", default="", metavar="A=B,...", help="letters in the place of others, as `T_w=N_warmup, eta_0=eta_max`")
    parser.add_argument("--macros", action="store_true", help="define a command of LaTeX for each letter, and use it")
    help = "the same, with commands that begin so (default: lr): formulas of one paper share the commands of their letters, unless the prefixes differ"
    parser.add_argument("--macros-prefix", dest="macros", metavar="NAME", help=help)
    parser.add_argument("--cite", action="store_true", help="then print the sources of the shapes and recipes, in BibTeX")
    options.add_target(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the formula of each target, with its name above it if there are several. Only the first has the label itself, and a letter is defined once."""
    from lrdsl.escaping.quoting import markdown, python_names, remark

    s = options.schedule(arguments)
    targets = options.targets(s, arguments)
    names = python_names([target.name for target in targets])
    defined: set[str] = set()
    for i, target in enumerate(targets):
        if len(targets) > 1:
            called = target.written if arguments.format not in ("python", "sympy", *_SENTENCES) else _called(s, target, arguments)
            name = f"**{markdown(called)}**\n" if arguments.format == "markdown" else remark(arguments.format.removesuffix("-sentence"), called)
            terminal.say(*[""] * (i > 0), *name.split("\n"))
        label = f"{arguments.label}-{names[target.name]}" if i and arguments.label else arguments.label
        _print(s, target, arguments, label, defined)
    if arguments.cite:
        _cite(s)


def _called(s: Schedule, target: Target, arguments: argparse.Namespace) -> str:
    """Returns the name under which a program or a sentence has a target: a family that has one formula has its own, else that of its first member."""
    from lrdsl.formulas.family import relation_of

    return target.name if arguments.format in _SENTENCES or relation_of(s.tree, target, arguments.symbolic) is None else target.written


def _cite(s: Schedule) -> None:
    """Prints the sources of the shapes, combinators and recipes of a schedule, each once, in BibTeX."""
    from lrdsl.check.prelude import sources_of, words_of
    from lrdsl.shapes.bibliography import papers_in

    for entry in dict.fromkeys(entry for word in words_of(s.tree) for entry in papers_in(sources_of(word))):
        terminal.say("", *entry.split("\n"))


def _print(s: Schedule, target: Target, arguments: argparse.Namespace, label: str, defined: set[str]) -> None:
    """Prints the formula of one target. `defined` has the lines that define commands, and gets those of this one."""
    from lrdsl.escaping.quoting import remark
    from lrdsl.formulas import text
    from lrdsl.formulas.sentence import in_latex

    base = _base(arguments.base)
    if arguments.format in _SENTENCES:
        words = s.sentence(base if isinstance(base, float) else None, target.name)
        return terminal.say(words if arguments.format == "sentence" else in_latex(words))
    if arguments.format == "sympy":
        letter = target.base_name if base is None else base
        formula, legend = (
            s.formula(letter, target=_called(s, target, arguments), symbolic=arguments.symbolic),
            s.legend(letter, target.name) if arguments.symbolic else {},
        )
        with bounded(s.text, counts=True):
            lines = [str(formula), *(remark("sympy", f"{name} = {value}") for name, value in legend.items())]
        terminal.say(*lines)
    else:
        settings = ("time", "symbolic", "form", "numbers", "first", "width", "where", "after_end", "macros", "names")
        style = {name: getattr(arguments, name) for name in settings}
        lines = s.typeset(arguments.format, base, target.name, label=label, **style).split("\n")
        terminal.say(*(line for line in lines if line not in defined))
        defined.update(line for line in lines if line.startswith(r"\providecommand"))
    for note in text.notes(target.plan) if arguments.format == "sympy" else ():
        terminal.say(remark(arguments.format, note))


def _base(name: str | None) -> str | float | None:
    """The base for the formula: a number, or else a symbol."""
    if name is None:
        return None
    try:
        return float(name)
    except ValueError:
        return name

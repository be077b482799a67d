"""`lrdsl explain` explains a code, a shape, a combinator or a recipe; `lrdsl rules` lists all lint rules."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrdsl.cli import terminal
from lrdsl.diagnostics import did_you_mean, refuse, shown

if TYPE_CHECKING:
    from lrdsl.check.combinators import Combinator
    from lrdsl.shapes.shape import Shape


def add(verbs: Any) -> None:
    """Adds both commands."""
    parser = verbs.add_parser(
        "explain", help="what a code means, or a shape", description="Explain the code of a problem, or a shape, a combinator or a recipe."
    )
    parser.add_argument("code", metavar="CODE|SHAPE", help="a code, as LR203, or a name, as cosine, restarts or wsd")
    parser.set_defaults(run=run)
    list_parser = verbs.add_parser("rules", help="a list of all lint rules", description="List the rules of `lrdsl check`.")
    list_parser.set_defaults(run=rules)


def run(arguments: argparse.Namespace) -> None:
    """Prints what a code means, why it matters, and a bad and a good example; or what a shape is, and its source."""
    from lrdsl.check.combinators import COMBINATORS
    from lrdsl.check.prelude import is_recipe, recipe_names
    from lrdsl.linting.codes import all_codes
    from lrdsl.linting.reports import explained, name
    from lrdsl.rules.catalogue import RULES
    from lrdsl.shapes import SHAPES

    if arguments.code in SHAPES or arguments.code in COMBINATORS or is_recipe(arguments.code):
        return _declared(arguments.code)
    code = arguments.code.upper()
    if code not in (codes := all_codes()):
        words = {name.lower(): name for name in (*codes, *SHAPES, *COMBINATORS, *recipe_names())}
        near = did_you_mean(code.lower(), words)
        help = f"did you mean `{words[near]}`?" if near else "`lrdsl rules` lists the rules"
        raise refuse("LR152", f"there is no code and no shape `{shown(arguments.code)}`", help)
    terminal.say(f"{code} {name(code)}", "", *explained(code).split("\n"))
    rule = RULES.get(code)
    if rule is not None:
        if rule.groups:
            bad, good = (", ".join(str(dict(group)) for group in groups) for groups in rule.groups)
            terminal.say(f"with the param groups {bad}" + f", and {good}" * (bad != good))
        terminal.say(*["`lrdsl.compile` warns of it too"] * rule.compiles)
        terminal.say("", *[f"repair: {rule.fix}"] * bool(rule.fix))


def _declared(word: str) -> None:
    """Prints what a shape, a combinator or a recipe does, its parameters, and its sources in BibTeX."""
    from lrdsl.check.combinators import COMBINATORS
    from lrdsl.check.prelude import definition_of, is_recipe, sources_of
    from lrdsl.shapes import SHAPES
    from lrdsl.shapes.bibliography import papers_in

    if is_recipe(word):
        remark, definition = definition_of(word)
        terminal.say(remark, "", *definition.split("\n"))
    else:
        declared: Sequence[Shape | Combinator] = SHAPES.get(word) or (COMBINATORS[word],)
        for i, one in enumerate(declared):
            width = max((len(p.name) for p in one.parameters), default=0)
            terminal.say(*[""] * (i > 0), one.signature, "", one.summary, *(f"  {p.name:{width}}  {p.doc}" for p in one.parameters))
            terminal.say(*[f"source: {one.source}"] * bool(one.source))
    for entry in papers_in(sources_of(word)):
        terminal.say("", *entry.split("\n"))


def rules(_: argparse.Namespace) -> None:
    """Prints all rules, by family."""
    from lrdsl.rules.catalogue import FAMILIES
    from lrdsl.training.catalogue import RUN_RULES

    for i, (family, family_rules) in enumerate(FAMILIES.items()):
        terminal.say(*[""] * (i > 0), family)
        for rule in family_rules:
            terminal.say(f"  {rule.code}  {rule.name:28} {rule.fix:7} {rule.finds}")
    terminal.say("", "training code")
    for run_rule in RUN_RULES.values():
        terminal.say(f"  {run_rule.code}  {run_rule.name:28} {'':7} {run_rule.finds}")

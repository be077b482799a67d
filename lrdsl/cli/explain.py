"""`lrdsl explain` explains a code; `lrdsl rules` lists all lint rules."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.cli import terminal
from lrdsl.diagnostics import did_you_mean, refuse, shown


def add(verbs: Any) -> None:
    """Adds both commands."""
    parser = verbs.add_parser("explain", help="what a code means, and what to do", description="Explain the code of a problem.")
    parser.add_argument("code", metavar="CODE", help="a code, as LR203")
    parser.set_defaults(run=run)
    list_parser = verbs.add_parser("rules", help="a list of all lint rules", description="List the rules of `lrdsl check`.")
    list_parser.set_defaults(run=rules)


def run(arguments: argparse.Namespace) -> None:
    """Prints what a code means, why it matters, and a bad and a good example."""
    from lrdsl.linting.codes import all_codes
    from lrdsl.linting.reports import explained, name
    from lrdsl.rules.catalogue import RULES

    code = arguments.code.upper()
    if code not in (codes := all_codes()):
        near = did_you_mean(code.lower(), map(str.lower, codes))
        raise refuse("LR152", f"there is no code `{shown(arguments.code)}`", f"did you mean `{near.upper()}`?" if near else "`lrdsl rules` lists the rules")
    terminal.say(f"{code} {name(code)}", "", *explained(code).split("\n"))
    rule = RULES.get(code)
    if rule is not None:
        if rule.groups:
            bad, good = (", ".join(str(dict(group)) for group in groups) for groups in rule.groups)
            terminal.say(f"with the param groups {bad}" + f", and {good}" * (bad != good))
        terminal.say(*["`lrdsl.compile` warns of it too"] * rule.compiles)
        terminal.say("", *[f"repair: {rule.fix}"] * bool(rule.fix))


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

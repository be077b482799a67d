"""`lrdsl explain` and `lrdsl rules`: what a code means, and all that there are."""

from __future__ import annotations

import argparse
from typing import Any

from lrdsl.cli import terminal
from lrdsl.diagnostics import did_you_mean, refuse, shown


def add(verbs: Any) -> None:
    """Declare the verbs."""
    parser = verbs.add_parser("explain", help="what a code means, and what to do", description="Explain a code.")
    parser.add_argument("code", metavar="CODE", help="as LR203")
    parser.set_defaults(run=run)
    listed = verbs.add_parser("rules", help="all rules", description="List the rules of `lrdsl check`.")
    listed.set_defaults(run=rules)


def run(arguments: argparse.Namespace) -> None:
    """Print what a code means."""
    from lrdsl.diagnostics import CODES
    from lrdsl.linting.linter import ABOUT
    from lrdsl.linting.reports import explained, title
    from lrdsl.linting.rules import RULES

    code = arguments.code.upper()
    rule = RULES.get(code)
    if rule is not None:
        terminal.say(f"{code} {rule.name}", "", *explained(rule).split("\n"))
        if rule.clock:
            terminal.say(f"in a run with {', '.join(f'{name}={value}' for name, value in rule.clock.items())}")
        terminal.say("", *[f"repair: {rule.fix}"] * bool(rule.fix))
    elif code in CODES or code in ABOUT:
        terminal.say(f"{code}: {title(code)}")
    else:
        near = did_you_mean(code, [*CODES, *RULES])
        raise refuse("LR152", f"there is no code `{shown(arguments.code)}`", f"did you mean `{near}`?" if near else "`lrdsl rules` lists the rules")


def rules(_: argparse.Namespace) -> None:
    """Print all rules, by family."""
    from lrdsl.linting.rules import FAMILIES

    for i, (family, found) in enumerate(FAMILIES.items()):
        terminal.say(*[""] * (i > 0), family)
        for rule in found:
            terminal.say(f"  {rule.code}  {rule.name:28} {rule.fix:7} {rule.finds}")

"""The declaration of each code that is reported: a rule about texts, a rule about training code, or the explanation of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdsl.diagnostics import CODES
from lrdsl.linting.linter import ABOUT
from lrdsl.rules.catalogue import RULES

if TYPE_CHECKING:
    from lrdsl.linting.errors import Explanation
    from lrdsl.rules.rule import Rule
    from lrdsl.training.rule import RunRule


def rule_of(code: str) -> Rule | RunRule | None:
    """Returns the rule of a code; None for that of an error. Rules about training code are loaded when one is asked for.

    >>> rule_of("LR601").name, rule_of("LR101")
    ('length-in-another-unit', None)
    """
    if code in RULES or code in CODES or code in ABOUT:
        return RULES.get(code)
    from lrdsl.training.catalogue import RUN_RULES

    return RUN_RULES.get(code)


def declared(code: str) -> Rule | RunRule | Explanation:
    """Returns the declaration of a code."""
    rule = rule_of(code)
    if rule is not None:
        return rule
    from lrdsl.linting.errors import EXPLANATIONS  # few reports need them

    return EXPLANATIONS[code]


def all_codes() -> tuple[str, ...]:
    """Returns every code."""
    from lrdsl.training.catalogue import RUN_RULES

    return (*CODES, *RULES, *RUN_RULES, *ABOUT)

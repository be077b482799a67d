"""All rules: by family, and by code."""

from __future__ import annotations

from pathlib import Path

from lrdsl.pages import beside
from lrdsl.rules import bases, directions, ends, factors, idle, lengths, levels, plateaus, runs, structure, style, timing
from lrdsl.rules.rule import Rule


def _sorted(*rules: Rule) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: rule.code))


#: The rules of each family: LR2 is timing, LR3 levels, LR4 structure, LR5 style.
FAMILIES: dict[str, tuple[Rule, ...]] = {
    "timing": _sorted(*timing.RULES, *lengths.RULES, *runs.RULES, *ends.RULES, *plateaus.RULES),
    "levels": _sorted(*levels.RULES, *factors.RULES, *directions.RULES, *bases.RULES),
    "structure": _sorted(*structure.RULES, *idle.RULES),
    "style": style.RULES,
}
#: Every rule by its code.
RULES: dict[str, Rule] = {rule.code: rule for family in FAMILIES.values() for rule in family}


def page() -> Path:
    """Returns the path of the page about the rules."""
    return beside("grammar/rules.md")

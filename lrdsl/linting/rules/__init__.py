"""The lint rules: what a sound text surely does not mean. One module a family; each rule is one declaration."""

from __future__ import annotations

from lrdsl.linting.rules import levels, structure, style, timing
from lrdsl.linting.rules.rule import Facts, Finding, Rule

#: The families, with the rules of each.
FAMILIES: dict[str, tuple[Rule, ...]] = {"timing": timing.RULES, "levels": levels.RULES, "structure": structure.RULES, "style": style.RULES}
#: Every rule by its code.
RULES: dict[str, Rule] = {rule.code: rule for family in FAMILIES.values() for rule in family}


__all__ = ["FAMILIES", "RULES", "Facts", "Finding", "Rule"]

"""The lint rules, which find what a sound text does but surely should not. One module per family of rules; each rule is one declaration."""

from __future__ import annotations

from lrdsl.linting.rules import levels, plateaus, structure, style, timing
from lrdsl.linting.rules.rule import Facts, Finding, Rule

#: The rules of each family, by code: LR2 is timing, LR3 levels, LR4 structure, LR5 style.
FAMILIES: dict[str, tuple[Rule, ...]] = {
    "timing": tuple(sorted((*timing.RULES, *plateaus.RULES), key=lambda rule: rule.code)),
    "levels": levels.RULES,
    "structure": structure.RULES,
    "style": style.RULES,
}
#: Every rule by its code.
RULES: dict[str, Rule] = {rule.code: rule for family in FAMILIES.values() for rule in family}


__all__ = ["FAMILIES", "RULES", "Facts", "Finding", "Rule"]

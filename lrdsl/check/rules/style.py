"""Rules about style: one spelling for one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from lrdsl.check.rules.rule import Facts, Finding, Rule
from lrdsl.clock import CANONICAL_UNIT, UNITS
from lrdsl.diagnostics import Fix
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node

#: A number with so many significant digits that occurs so often wants a name.
_DIGITS, _TIMES = 4, 3


def _in_order(tree: Node) -> list[Node]:
    return sorted(nodes.walk(tree), key=lambda node: node.extent)


def _units(f: Facts) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for node in _in_order(f.tree):
        if not isinstance(node, nodes.Quantity) or node.unit in ("", "x"):
            continue
        unit = UNITS[node.unit]
        first = seen.setdefault(unit, node.unit)
        plural = {first, first + "s", first.rstrip("s")}
        if node.unit not in plural:
            yield Finding(
                node.unit_extent,
                f"`{node.unit}` here, and `{first}` before: one unit, two spellings",
                f"write `{CANONICAL_UNIT[unit]}`",
                Fix(*node.unit_extent, first),
            )


def _magic(f: Facts) -> Iterator[Finding]:
    found = [n for n in _in_order(f.tree) if isinstance(n, nodes.Number) and _significant(n.value) >= _DIGITS]
    counts = Counter(n.value for n in found)
    for value, times in counts.items():
        if times >= _TIMES:
            node = next(n for n in found if n.value == value)
            text = canonical(node)
            yield Finding(node.extent, f"`{text}` stands here {times} times", f"give it a name: `let steps = {text}`")


def _significant(value: Fraction) -> int:
    """How many digits a decimal has, zeros at its ends aside."""
    return len(f"{float(value):.15e}".partition("e")[0].replace(".", "").strip("0"))


RULES = (
    Rule(
        "LR501",
        "unit-spelled-two-ways",
        "One unit in two spellings.",
        "A reader wonders whether `ep` and `epochs` are the same; they are.",
        "warmup(5 epochs) then cosine(95ep)",
        "warmup(5ep) then cosine(95ep)",
        _units,
        "safe",
        {"steps_per_epoch": 100},
    ),
    Rule(
        "LR502",
        "number-without-a-name",
        "A number of four digits or more that occurs three times.",
        "A change of the one is easily forgotten in the others.",
        "warmup(5 * 1251) then hold(30 * 1251) then cosine(55 * 1251)",
        "let epoch = 1251; lr = warmup(5 * epoch) then hold(30 * epoch) then cosine(55 * epoch)",
        _magic,
    ),
)

"""Lint rules about style: units spelled in two ways, numbers without a name, cycles and stairs that are written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, takewhile

from lrdsl.clock import CANONICAL_UNIT, UNITS
from lrdsl.diagnostics import Fix
from lrdsl.expr import BASE, ENTRY, affine
from lrdsl.expr.exact import Exact
from lrdsl.rules.rule import Facts, Finding, Rule, value
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import decimal_text

#: A number with at least so many digits needs a name if it occurs at least so often.
_DIGITS, _TIMES = 4, 3


def _two_spellings(f: Facts) -> Iterator[Finding]:
    spellings: dict[str, str] = {}
    for node in f.parts:
        if not isinstance(node, nodes.Quantity) or node.unit in ("", "x"):
            continue
        unit = UNITS[node.unit]
        first = spellings.setdefault(unit, node.unit)
        plural = {first, first + "s", first.rstrip("s")}
        if node.unit not in plural:
            message = f"the unit is spelled `{node.unit}` here, and `{first}` before"
            yield Finding(node.unit_extent, message, f"write `{CANONICAL_UNIT[unit]}` in both places", Fix(*node.unit_extent, first))


def _repeated_numbers(f: Facts) -> Iterator[Finding]:
    numbers = [n for n in f.parts if isinstance(n, nodes.Number)]
    if len(numbers) < _TIMES:
        return
    numbers = [n for n in numbers if _significant_digits(n.value) >= _DIGITS]
    counts = Counter(n.value for n in numbers)
    for number, times in counts.items():
        if times >= _TIMES:
            node = next(n for n in numbers if n.value == number)
            text = canonical(node)
            yield Finding(node.extent, f"`{text}` occurs {times} times", f"give it a name: `let steps = {text}`")


def _significant_digits(value: Exact) -> int:
    """The number of digits of a decimal, without the zeros at its ends."""
    return len(f"{float(value):.15e}".partition("e")[0].replace(".", "").strip("0"))


def _cycles_by_hand(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        items = chain.items if chain is not None else ()
        if len(items) < _TIMES or not isinstance(items[0], nodes.Call):
            continue
        first = canonical(items[0])
        again = (isinstance(item, nodes.Restart) and canonical(item.body) == first for item in items[1:])
        cycles = 1 + sum(takewhile(bool, again))
        if cycles >= _TIMES:
            extent = items[0].extent[0], items[cycles - 1].extent[1]
            short = f"restarts({first}, times={cycles})"
            yield Finding(extent, f"{cycles} equal cycles are written out one by one", f"write `{short}`", Fix(*extent, short))


def _stairs_by_hand(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies:
        chain = f.whole(body)
        levels = [_multiple(f, item) for item in (chain.items if chain is not None else ())]
        stairs = [level for level in levels if level is not None]
        if chain is None or len(stairs) < max(_TIMES, len(levels)) or not 0 < stairs[1] < 1 or stairs != [stairs[1] ** k for k in range(len(stairs))]:
            continue
        ends = list(accumulate(n for n in chain.lengths[:-1] if n is not None))
        if len(ends) == len(stairs) - 1:
            short = f"multistep([{', '.join(decimal_text(at) for at in ends)}], {decimal_text(stairs[1])})"
            yield Finding(body.extent, "drops by the same factor are written out one by one", f"write `{short}`, in ticks")


def _multiple(f: Facts, item: Node) -> Exact | None:
    """The multiple of base that a phase holds, None if it holds no such level."""
    body = item.body if isinstance(item, nodes.Limited) else item
    use = f.notes.uses.get((body.extent, "hold"))
    if use is None:
        return None
    if "at" not in use.given:
        return 1 if use.arguments["at"] in (ENTRY, BASE) else None
    parts = affine(use.arguments["at"], BASE)
    shift, ratio = (None, None) if parts is None else map(value, parts)
    return ratio if shift == 0 else None


RULES = (
    Rule(
        "LR501",
        "unit-spelled-two-ways",
        "A unit that is spelled in two ways.",
        "A reader wonders whether `ep` and `epochs` are the same unit; they are.",
        "warmup(5 epochs) then cosine(95ep)",
        "warmup(5ep) then cosine(95ep)",
        _two_spellings,
        "safe",
        {"steps_per_epoch": 100},
        about=(nodes.Quantity,),
    ),
    Rule(
        "LR502",
        "number-without-a-name",
        "A number of four digits or more that occurs three times.",
        "Who changes it in one place easily forgets the others.",
        "warmup(5 * 1251) then hold(30 * 1251) then cosine(55 * 1251)",
        "let epoch = 1251; lr = warmup(5 * epoch) then hold(30 * epoch) then cosine(55 * epoch)",
        _repeated_numbers,
    ),
    Rule(
        "LR503",
        "cycles-by-hand",
        "Equal cycles that are written out one by one.",
        "In one `restarts` all cycles stay equal.",
        "cosine(30) then restart cosine(30) then restart cosine(30)",
        "restarts(cosine(30), times=3)",
        _cycles_by_hand,
        "safe",
        about=(nodes.Restart,),
    ),
    Rule(
        "LR504",
        "stairs-by-hand",
        "Drops by the same factor that are written out one by one.",
        "`multistep` has the milestones and the factor in one place, as papers give them.",
        "hold(30) then hold(30, at=0.1x) then hold(30, at=0.01x)",
        "multistep([30, 60], 0.1)",
        _stairs_by_hand,
        about=("hold",),
    ),
)

"""Lint rules about what goes the wrong way: bounds that are swapped, warmups that fall, decays that rise, cycles whose floor is above their peak."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from operator import gt

from lrdsl.check.combinators import COMBINATORS, parameters_of
from lrdsl.check.notes import Use
from lrdsl.diagnostics import Fix, shown
from lrdsl.expr import BASE, ENTRY, ZERO, Expr, Num, T, mentions, mul, power, substitute
from lrdsl.rules.rule import ANY_BASE, Facts, Finding, Rule, argument, arguments
from lrdsl.rules.runs import DECAYS
from lrdsl.rules.summary import CLOSE
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes

#: What has bounds.
_BOUNDED = tuple(name for name in (*SHAPES, *COMBINATORS) if {"low", "high"} <= set(parameters_of(name)))
#: The most cycles whose peaks are compared with their floor.
_CYCLES = 100
#: An exponential decay to this share of where it begins has a gamma in the place of a level.
_HARDLY = 0.9
#: One cycle falls for at least the rest of this share of its time.
_NO_FALL = Fraction(95, 100)


def _swapped_bounds(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        low, high = use.arguments.get("low"), use.arguments.get("high")
        if low is not None and low == high and not f.is_open(use.node):
            yield Finding(use.node.extent, "the two bounds are the same, so the level never changes", "give two bounds, or write `hold(at=...)`")
            continue
        if low is None or high is None or not f.always(gt, substitute(low, {ENTRY: BASE}), substitute(high, {ENTRY: BASE}), f.key_of(use.node)):
            continue
        parts = {name: a.value for name, a in arguments(use)}
        texts = {name: canonical(parts[name]) if name in parts else name for name in ("low", "high")}
        fix = _exchanged(f, parts["low"], parts["high"]) if {"low", "high"} <= set(parts) else None
        message = f"the lower bound, `{shown(texts['low'])}`, is above the upper one, `{shown(texts['high'])}`"
        yield Finding(use.node.extent, message, "swap the two", fix)


def _exchanged(f: Facts, one: nodes.Node, two: nodes.Node) -> Fix:
    """The repair that exchanges two arguments."""
    first, second = sorted((one.extent, two.extent))
    return Fix(first[0], second[1], f.text[slice(*second)] + f.text[first[1] : second[0]] + f.text[slice(*first)])


def _falling_warmups(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        div = argument(use, "div") if use.name == "onecycle" else None
        factor = use.arguments.get("div")
        if div is not None and isinstance(factor, Num) and factor.value <= 1 and not f.is_open(div.value):
            yield Finding(div.value.extent, "the cycle starts at its peak or above it, so it never rises", "give a number above 1, as `div=25`")
        end, last = argument(use, "final_div") if use.name == "onecycle" else None, use.arguments.get("final_div")
        if end is not None and isinstance(last, Num) and last.value < 1 and not f.is_open(end.value):
            help = "it is the level at the start over the one at the end: give a number above 1, as `final_div=1e4`"
            yield Finding(end.value.extent, "the cycle ends above the level that it starts at", help)
        share, rise = argument(use, "pct") if use.name == "onecycle" else None, use.arguments.get("pct")
        if share is not None and isinstance(rise, Num) and rise.value >= _NO_FALL and not f.is_open(share.value):
            yield Finding(share.value.extent, "the cycle rises nearly to its end, so it has no time to fall", "give a lower share, as `pct=0.3`")
    for use in [use for use in f.uses if use.name == "warmup" and "from" in use.given]:
        entry, written = f.entry(use), argument(use, "from")
        if written is None or entry is None or use.arguments["n"] == ZERO:
            continue
        start = substitute(use.arguments["from_"], {ENTRY: entry})
        key = f.key_of(use.node)
        if f.always(_not_below, start, entry, key):
            falls = f.always(gt, start, entry, key)
            what = "is above the level that the warmup rises to, so it falls" if falls else "is the level that the warmup rises to, so nothing changes"
            help = "give a level below it, as `from=0.1x`; to fall, write `linear(n, to=...)`"
            yield Finding(written.value.extent, f"`{shown(canonical(written.value))}` {what}", help)


def _not_below(one: float, two: float) -> bool:
    return one >= two - CLOSE * abs(two)


def _hardly_below(one: float, two: float) -> bool:
    return one >= two * _HARDLY


def _rising_decays(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        if use.name not in DECAYS or "to" not in use.given or f.key_of(use.node) not in ("lr", ""):
            continue
        end = use.arguments["to"]
        entry = f.entry(use)
        falls = not f.always(_hardly_below, end, BASE) and (entry is None or entry is BASE or not f.always(_not_below, end, entry))
        if not mentions(end, ENTRY) and "from" not in use.given and falls:
            continue  # most decays fall
        if "from" in use.given:
            if use.arguments["from_"] == end and not f.is_open(use.node):
                yield Finding(use.node.extent, "this ends at the level that it starts from, so nothing changes", "give two levels, or write `hold(at=...)`")
            continue
        if entry is None or mentions(end, T) or use.arguments.get("n") == ZERO:
            continue
        end = substitute(end, {ENTRY: entry})
        if f.is_open(use.node):
            continue
        if not f.always(_not_below, end, entry):
            if use.name == "exp" and mentions(end, BASE) and f.always(_hardly_below, end, entry):
                level, n = argument(use, "to"), argument(use, "n")
                at = use.node.extent if level is None else level.value.extent
                times = "" if n is None else f", per={canonical(n.value)}"
                help = f"a gamma is `exp(0.95)` for each tick, or `exp(0.95{times})`; a level to fall to is `to=0.01x`"
                yield Finding(at, "this level is hardly below the one that it begins at", help)
            continue
        same = not f.always(gt, end, entry) and mentions(end, BASE) == mentions(entry, BASE)
        if not f.always(_not_below, entry, BASE) and not f.always(gt, end, BASE) and not same:
            continue  # a rise back to the base is one of a cycle
        written = argument(use, "to")
        at = use.node.extent if written is None else written.value.extent
        to = "its end" if written is None else f"`{shown(canonical(written.value))}`"
        if f.bases is not ANY_BASE and not mentions(end, BASE) and f.always(gt, end, entry):
            continue  # LR301 is about an absolute level above a base
        if not f.always(gt, end, entry):
            yield Finding(at, f"{to} is the level that it begins at, so nothing changes", "give the level that it falls to, as `to=0.1x`, or write `hold`")
        elif use.name == "exp" and len(use.node.arguments) == 2 and not any(a.name for a in use.node.arguments):
            ticks = canonical(use.node.arguments[0].value)
            help = f"a gamma and its ticks are `exp({ticks}, per={canonical(use.node.arguments[1].value)})`; a level to fall to is `to=0.01x`"
            yield Finding(use.node.extent, f"this goes to the level {to} within {ticks} ticks, which is above the one before", help)
        else:
            help = "give a level to fall to, as `to=0.1x`; for a rise that you mean, give the level that it starts from: `from=0.1x`"
            yield Finding(at, f"{to} is above the level that it begins at, so this rises", help)


def _sunken_peaks(f: Facts) -> Iterator[Finding]:
    for use in f.uses:
        decay, times = (use.arguments.get(name) for name in ("decay", "times")) if use.name == "restarts" else (None, None)
        if not isinstance(decay, Num) or not 0 < decay.value < 1 or use.arguments["floor"] != "fixed":
            continue
        k = _sunken(f, use, decay, _CYCLES if not isinstance(times, Num) else min(int(times.value), _CYCLES))
        if k is not None:
            written = next(a for name, a in arguments(use) if name == "decay")
            message = f"from cycle {k + 1} on, the peak has decayed below the level that the cycle falls to, so the cycles rise"
            yield Finding(written.extent, message, "give a lower level to fall to, or let it decay too: `floor=decays`")


def _sunken(f: Facts, use: Use, decay: Num, cycles: int) -> int | None:
    """The number of the first cycle, counted from 0, that begins below its end, though the first does not; None if there is none."""
    cycle = use.arguments["phase"]
    length, start = cycle.length, substitute(cycle.at(0, ENTRY), {ENTRY: BASE})
    if f.total is not None:
        cycles = min(cycles, int(f.total / length) + 1)

    def sinks(k: int) -> bool:
        entry: Expr = mul(power(decay, Num(k, k)), BASE) if k else BASE
        first, last = (substitute(substitute(cycle.at(tick, ENTRY), {ENTRY: entry}), {ENTRY: BASE}) for tick in (0, length))
        return f.always(gt, last, first)

    if length is None or mentions(start, T) or sinks(0) or not sinks(max(cycles - 1, 0)):
        return None
    return next(k for k in range(cycles) if sinks(k))


RULES = (
    Rule(
        "LR315",
        "bounds-swapped",
        "A lower bound that is above the upper one.",
        "Every level is then that of one of the bounds, whatever the schedule does.",
        "clip(cosine(100), 1x, 0.1x)",
        "clip(cosine(100), 0.1x, 1x)",
        _swapped_bounds,
        "unsafe",
        about=_BOUNDED,
    ),
    Rule(
        "LR316",
        "warmup-from-the-peak",
        "A warmup that starts at the level it rises to, or above it; one cycle that does not rise, or not fall.",
        "A warmup is there so that a run begins with small steps.",
        "warmup(100, from=1x) then cosine(900)",
        "warmup(100, from=0.1x) then cosine(900)",
        _falling_warmups,
        about=("warmup", "onecycle"),
    ),
    Rule(
        "LR317",
        "decay-that-rises",
        "A decay from the base to a level that is not below it, without a `from`.",
        "The level then rises above the base, or does not change at all.",
        "warmup(100) then linear(900, to=2x)",
        "warmup(100) then linear(900, to=0.2x)",
        _rising_decays,
    ),
    Rule(
        "LR318",
        "peak-under-the-floor",
        "Warm restarts whose decayed peak comes to lie below the level that each cycle falls to.",
        "The later cycles then rise where the first ones fall.",
        "restarts(cosine(10, to=0.5x), times=5, decay=0.5)",
        "restarts(cosine(10, to=0.01x), times=5, decay=0.5)",
        _sunken_peaks,
        about=("restarts",),
    ),
)

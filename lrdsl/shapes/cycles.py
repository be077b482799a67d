"""Shapes that rise and fall: onecycle and cyclic."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from lrdsl.expr import ENTRY, ONE, Expr, Num, call, floor, mod, number, select
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Complaint, SameAs, choice, duration, level, ratio
from lrdsl.phrases import Goes, Part, Phrase, Ticks
from lrdsl.shapes.shape import Shape, between, blend, done, falling, hav, left, rising


def _turns(n: Expr, pct: Expr, three_phase: str) -> tuple[Exact, ...]:
    """Returns the ticks at which onecycle turns: its peak; with three phases, the end of the fall to its first level; and its end."""
    assert isinstance(n, Num)
    assert isinstance(pct, Num)
    peak = pct.value * n.value - 1
    return (peak, 2 * peak, n.value - 1) if three_phase == "yes" else (peak, n.value - 1)


def _stops(peak: Expr, div: Expr, final_div: Expr, three_phase: str) -> list[Expr]:
    """Returns the level at the start of onecycle and at each of its turns."""
    start = peak / div
    return [start, peak, start, start / final_div] if three_phase == "yes" else [start, peak, start / final_div]


def _legs(n: Expr, pct: Expr, three_phase: str) -> list[tuple[int, Exact, Exact]]:
    """Returns the parts of onecycle that take time and end after tick 0: which one, and its two turns.

    In a short run, and with pct=0, the rise ends before tick 0; with pct=1, the policy ends at its peak. Both are as in torch.
    """
    turns = (0, *_turns(n, pct, three_phase))
    return [(i, begin, end) for i, (begin, end) in enumerate(pairwise(turns)) if end > max(begin, 0)]


def _onecycle(u: Expr, v: Expr, n: Expr, peak: Expr, div: Expr, final_div: Expr, pct: Expr, anneal: str, three_phase: str) -> Expr:
    stops = _stops(peak, div, final_div, three_phase)
    weight = hav if anneal == "cos" else (lambda share: share)
    pieces: list[tuple[Exact, Expr]] = []
    stop: Exact = 0
    last = stops[-1]
    for i, begin, stop in _legs(n, pct, three_phase):
        last = stops[i + 1]
        since, length = u - begin, number(stop - begin)
        pieces.append((max(begin, 0), blend(stops[i], stops[i + 1], weight(left(since, length)), weight(done(since, length)))))
    return select(u, [*pieces, (stop, last)])


def _onecycle_paper(u: Expr, v: Expr, n: Expr, peak: Expr, div: Expr, final_div: Expr, pct: Expr, anneal: str, three_phase: str) -> Expr:
    stops = _stops(peak, div, final_div, three_phase)
    pieces: list[tuple[Exact, Expr]] = []
    stop: Exact = 0
    last = stops[-1]
    for i, begin, stop in _legs(n, pct, three_phase):
        last = stops[i + 1]
        share = done(u - begin, number(stop - begin))
        if i == 0:
            level = between(stops[1], stops[0], rising(share) if anneal == "cos" else share)
        else:
            level = between(stops[i], stops[i + 1], falling(share) if anneal == "cos" else left(u - begin, number(stop - begin)))
        pieces.append((max(begin, 0), level))
    return select(u, [*pieces, (stop, last)])


def _onecycle_phrase(n: Expr, peak: Expr, div: Expr, final_div: Expr, pct: Expr, anneal: str, three_phase: str) -> Phrase:
    stops = _stops(peak, div, final_div, three_phase)
    curve = " along a half cosine" if anneal == "cos" else " linearly"
    parts: list[Part] = []
    legs = _legs(n, pct, three_phase)
    for i, begin, end in legs:
        if parts:
            parts.append(", then ")
        since: list[Part] = [] if parts else [" from ", stops[i]]
        parts += [Goes(stops[i], stops[i + 1]), curve, *since, " to ", stops[i + 1], " over ", Ticks((end - begin,))]
        if begin < 0:
            parts += [", of which the first ", Ticks((-begin,)), " are over at the start"]
    return Phrase(tuple(parts) if parts else ("stays at ", stops[-1], " for ", Ticks((n.value,) if isinstance(n, Num) else ())), several=len(legs) > 1)


def _onecycle_fits(n: Expr, pct: Expr, three_phase: str, **_: object) -> Complaint | None:
    peak, *_others, last = _turns(n, pct, three_phase)
    if three_phase == "no" or peak <= 0 or 2 * peak < last:
        return None
    return "LR131", "pct", "the three phases do not fit into n", "with three phases, pct must be below 1/2"


onecycle = Shape(
    name="onecycle",
    summary="Rises to a peak and falls far below its start: the one-cycle policy, with torch's end points.",
    source="Smith & Topin 2019; torch OneCycleLR",
    parameters=(
        duration("n", "the ticks of the whole policy", letter="T_c"),
        level("peak", "the highest level, reached at tick pct*n - 1; a run of fewer than 1/pct ticks has no rise", ENTRY, letter="eta_peak"),
        ratio("div", "it starts at peak/div", 25, letter="d", open_low=True),
        ratio("final_div", "it ends at peak/div/final_div, at tick n - 1", 1e4, letter="d_f", open_low=True),
        ratio("pct", "the share of n in which it rises", 0.3, letter="rho", high=1, exact=True),
        choice("anneal", "the curve between two turns", "cos", "cos", "linear"),
        choice("three_phase", "whether it first falls back to its start, in the time of the rise, and then to its end", "no", "no", "yes"),
    ),
    length="n",
    level=_onecycle,
    paper=_onecycle_paper,
    own_rule=True,
    complain=_onecycle_fits,
    says=_onecycle_phrase,
    known_as=("one_cycle", "1cycle", "superconvergence"),
    example="onecycle(100, peak=10x)",
)


def _cyclic(u: Expr, v: Expr, low: Expr, high: Expr, up: Expr, down: Expr, mode: str, gamma: Expr) -> Expr:
    assert isinstance(up, Num)
    assert isinstance(down, Num)
    period = up.value + down.value
    w = mod(u, period)
    damping = {"triangular": ONE, "triangular2": number(Fraction(1, 2)) ** floor(u / period), "exp_range": gamma**u}[mode]
    faded = 1 - damping
    if mode == "exp_range" and isinstance(gamma, Num) and gamma.value > 0:
        faded = -call("expm1", u * call("log", gamma))
    risen, fallen = done(w, up), (number(period) - w) / down
    unrisen, unfallen = left(w, up), (w - up) / down
    if damping == ONE:
        return select(w, [(0, blend(low, high, unrisen, risen)), (up.value, blend(low, high, unfallen, fallen))])
    halves = ((0, risen, unrisen), (up.value, fallen, unfallen))
    return select(w, [(at, blend(low, high, remaining + share * faded, share * damping)) for at, share, remaining in halves])


def _cyclic_paper(u: Expr, v: Expr, low: Expr, high: Expr, up: Expr, down: Expr, mode: str, gamma: Expr) -> Expr:
    assert isinstance(up, Num)
    assert isinstance(down, Num)
    period = up.value + down.value
    w = mod(u, period)
    damping = {"triangular": ONE, "triangular2": number(Fraction(1, 2)) ** floor(u / period), "exp_range": gamma**u}[mode]
    return select(w, [(at, between(high, low, share * damping)) for at, share in ((0, done(w, up)), (up.value, (number(period) - w) / down))])


_SHRINKS = {
    "triangular": "",
    "triangular2": ", with half the height in each next cycle",
    "exp_range": ", with the height above the low end multiplied by {gamma} {every tick}",
}

cyclic = Shape(
    name="cyclic",
    summary="Goes up and down between two levels, without end; the height may shrink.",
    source="Smith 2017; torch CyclicLR",
    parameters=(
        level("low", "the level at the ends of a cycle", letter="eta_low"),
        level("high", "the level in its middle", letter="eta_high"),
        duration("up", "the ticks of the rise", letter="T_up", repeats=True),
        duration("down", "the ticks of the fall; by default those of the rise", SameAs("up"), letter="T_down", repeats=True),
        choice(
            "mode",
            "how the height shrinks: not, by half each cycle, or by gamma each tick",
            "triangular",
            "triangular",
            "triangular2",
            "exp_range",
        ),
        ratio("gamma", "the factor of one tick in exp_range", 1, letter="gamma", high=1),
    ),
    length=lambda **_: None,
    level=_cyclic,
    paper=_cyclic_paper,
    says=lambda mode, **_: "cycles linearly between {low} and {high} without end, {up} up and {down} down" + _SHRINKS[mode],
    cycles=True,
    unfelt={
        "gamma": lambda arguments: arguments["mode"] != "exp_range",
        "mode": lambda arguments: arguments["mode"] == "exp_range" and arguments["gamma"] == ONE,
    },
    known_as=("cyclical", "triangular", "clr"),
    example="cyclic(0.1x, 1x, 2000)",
)

SHAPES = (onecycle, cyclic)

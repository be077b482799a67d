"""Lint rules about a schedule and the length of its run. `lrdsl.compile` looks for them too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from lrdsl.diagnostics import Fix
from lrdsl.expr import BASE, ENTRY, ZERO, T, mentions
from lrdsl.expr.exact import Exact, quotient
from lrdsl.plan import Phase, Piece, Plan
from lrdsl.rules.rule import Driven, Facts, Finding, Rule, argument, ticks, value
from lrdsl.rules.shares import end_of_shares, shares_of
from lrdsl.rules.summary import Summary, is_plain, level_at, operations
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes

#: The shapes that reach a level `to` after n ticks.
DECAYS = tuple(name for name, forms in SHAPES.items() for form in forms if form.length == "n" and any(p.name == "to" for p in form.parameters))
#: A schedule is over long before its run if its level stays as it is for more than this share of the run.
SOON = 10
#: After a decay to next to nothing, it is if the level stays as it is for more than two sevenths of the run. That is a level of less than this share of
#: the peak, or, where no base is known, one of less than the second number.
_AFTER, _LITTLE, _LOW = Fraction(7, 5), 0.02, 2e-5
#: After a decay that `for` cuts, if it stays for more than a tenth.
_CUT = Fraction(10, 9)
#: A rate is 0 for a good part of the run if it is for more than one in so many ticks, and for one in so many where a last `hold` says that it stays. The last
#: tick of a decay may be at 0.
_IDLE, _HELD, _TWO = 50, 4, 2
#: A length of more than this share of the run's epochs may be one of epochs.
_MOST_EPOCHS = Fraction(9, 10)
#: A rise is cut off if the run gets to less than this share of its peak.
_NEARLY = 0.99


def _longer(f: Facts) -> bool:
    """Whether a plan ends after the run."""
    return f.total is not None and any(d.target.plan.length is not None and d.target.plan.length > f.total for d in f.driven)


def _over(f: Facts, plan: Plan) -> Piece | None:
    """The piece that a plan ends with, if it is over before the run; else None."""
    return _last_piece(f, plan) if f.total is not None and plan.length is not None and plan.length < f.total else None


def _too_long(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies if _longer(f) and not ends_in_a_rise(f) else ():
        chain = f.whole(body)
        if f.total is None or chain is None or any(n is None for n in chain.lengths):
            continue
        over = sum(chain.lengths) - f.total
        shares = max(sum(q.value for item in chain.items for q in shares_of(item)), end_of_shares(chain) or 0)  # LR205 is about them
        last = chain.items[-1]
        if isinstance(last, nodes.Call) and last.name in ("multistep", "step"):  # LR208 and LR222 are about their drops
            continue
        if over <= 1 and isinstance(body, nodes.Call) and "." in body.name:  # a recipe counts ticks as its system does
            continue
        if over > 0 and shares <= 100 and not _is_whole_run(f, chain.items[-1], chain.lengths):
            help = "make a phase shorter, or let the last phase take the `rest`"
            yield Finding(chain.items[-1].extent, f"the schedule is {ticks(over)} longer than the run, so its end is never reached", help)


def _is_whole_run(f: Facts, item: nodes.Node, lengths: tuple[Exact, ...]) -> bool:
    """Whether the last of several phases is a decay as long as the whole run."""
    return len(lengths) > 1 and isinstance(item, nodes.Call) and item.name in DECAYS and lengths[-1] == f.total


def _whole_run(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies if _longer(f) else ():
        chain = f.whole(body)
        if f.total is None or chain is None or any(n is None for n in chain.lengths) or not _is_whole_run(f, chain.items[-1], chain.lengths):
            continue
        item = chain.items[-1]
        assert isinstance(item, nodes.Call)
        use = f.notes.uses.get((item.extent, item.name))
        length = None if use is None else argument(use, "n")
        fix = None if length is None else Fix(*length.value.extent, "rest")
        start = sum(chain.lengths[:-1])
        message = f"`{item.name}` is as long as the whole run, but starts after {ticks(start)}"
        yield Finding(item.extent, message, "let it take the `rest`", fix)


def _too_short(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan = d.target.plan
        if d.target.key != "lr" or f.waits(plan) or not _may_be_zero(f, d) or _settled_soon(f, d) is not None:
            continue
        s = f.summary(plan, f.base_of(d))
        run = f.total if f.total is not None else plan.length or s.last[0] + 1
        high = s.highest[1]
        for start, end in s.zeros if not fades(f, plan) else ():
            idle, phase = end + 1 - start, plan.phases[plan.phase_at(float(end))]
            phases = plan.phases[plan.phase_at(float(start)) : plan.phase_at(float(end)) + 1]
            if idle * (_HELD if _stays_on_purpose(plan, phase) else _IDLE) <= run or any(_is_said(f, p) for p in phases):
                continue
            if _is_cut_short(plan) or (high == 0 and (not _may_move(phase.node) or _is_times_zero(phase.node))):
                continue  # the text says so, or LR219 or LR403 is about it
            if f.total is None and phase.length is None and high and not _cycles_in(phase.node):
                end = (phase.start or 0) + _longest_factor(f, phase.node) - 1
                if 2 * start > end + (phase.start or 0):
                    continue  # the last phase has come to its end, and nothing says that the run goes on
            call = (phase.extent, getattr(phase.node, "name", ""))
            if idle < _TWO or (call in f.notes.uses and f.entries.get(phase.extent) == ZERO and start >= (phase.start or 0)):
                continue  # LR402 is about a phase that begins at 0
            start = first_under(f, plan, 0.0, max((tick for tick, _ in s.levels if tick < start), default=start - 1), start, f.base_of(d))
            idle = end + 1 - start
            always, last = high == 0, end + 1 >= run and f.total is not None
            message = (
                "the rate is 0 all the time"
                if always
                else f"the rate is 0 for the last {f.time(idle).removesuffix(' of the run')} of the run"
                if last
                else f"the rate is 0 from tick {start} on, for {f.time(idle)}"
            )
            yield Finding(phase.extent, message, repair_of_epochs(f, plan) if last and not always else repair_of_zeros(phase.node, always))
            break


def _longest_factor(f: Facts, node: nodes.Node) -> Exact:
    """How long the longest factor of a product is that has an end; 0 if none has, or the node is no product."""
    ends: list[Exact] = [0]
    for side in (node.left, node.right) if isinstance(node, nodes.Binary) and node.op == "*" else ():
        chain, use = f.notes.chains.get(side.extent), f.notes.uses.get((side.extent, getattr(side, "name", "")))
        lengths = chain.lengths if chain is not None else (value(use.arguments.get("n")),) if use is not None else ()
        ends += [sum(n for n in lengths if n is not None)] if None not in lengths else []
    return max(ends)


def first_under(f: Facts, plan: Plan, level: float, above: Exact, under: Exact, base: float) -> int:
    """The first tick at which a falling rate is under a level, between one at which it is above and one at which it is under."""
    low, high = math.floor(above), math.ceil(under)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if f.level_of(plan, middle, base) <= level else (middle, high)
    return high


def _may_be_zero(f: Facts, d: Driven) -> bool:
    """Whether a rate may be 0 for more than a tick of the run: a piece of its formula is, or has cycles, factors or bounds that may make it so."""
    plan = d.target.plan
    end = f.total if f.total is not None else plan.length or None
    for piece in f.pieces(plan):
        if end is not None and piece.start >= end and piece.start > 0:
            return False
        if not is_plain(piece.level) if mentions(piece.level, T) else level_at(piece.level, piece.start, f.base_of(d)) == 0:
            return True
    return False


def fades(f: Facts, plan: Plan) -> bool:
    """Whether a level is 0 only because no double is so small: it falls by a factor again and again, which LR223 is about."""
    end = f.total if f.total is not None else plan.length
    last = next(piece for piece in reversed(f.pieces(plan)) if end is None or piece.start < end or not piece.start)
    return mentions(last.level, T) and not operations(last.level).isdisjoint(("pow", "exp"))


def _cycles_in(node: nodes.Node) -> bool:
    """Whether a phase goes through others again and again."""
    return any(isinstance(part, nodes.Call) and part.name in ("repeat", "restarts", "bounce") for part in nodes.walk(node))


def _stays_on_purpose(plan: Plan, phase: Phase) -> bool:
    """Whether a phase is a `hold` at the end, which says that the level is to stay."""
    node = phase.node.body if isinstance(phase.node, nodes.Limited) else phase.node
    return phase is plan.phases[-1] and len(plan.phases) > 1 and _is_hold(node)


def _is_hold(node: nodes.Node) -> bool:
    return getattr(node, "name", getattr(node, "id", "")) == "hold"


def _is_said(f: Facts, phase: Phase) -> bool:
    """Whether a text says that a phase is at 0."""
    start, end = phase.extent
    if isinstance(phase.node, nodes.Binary) or _cycles_in(phase.node):
        return False
    uses = [use for use in f.uses if start <= use.node.extent[0] < end]
    return any(use.name == "hold" and use.arguments["at"] == ZERO and "at" in use.given for use in uses)


def _may_move(node: nodes.Node) -> bool:
    """Whether a phase is made of shapes that rise or fall."""
    return any(isinstance(part, nodes.Call) and part.name != "hold" for part in nodes.walk(node))


def _is_cut_short(plan: Plan) -> bool:
    """Whether a plan has phases of less than a tick, whose length LR219 is about."""
    return any(phase.length is not None and 0 < phase.length < 1 for phase in plan.phases)


def _is_times_zero(node: nodes.Node) -> bool:
    """Whether a phase is multiplied by the number 0."""
    products = (part for part in nodes.walk(node) if isinstance(part, nodes.Binary) and part.op == "*")
    return any(isinstance(side, nodes.Number) and side.value == 0 for part in products for side in (part.left, part.right))


def repair_of_zeros(node: nodes.Node, always: bool) -> str:
    """What to write where a rate has come to 0."""
    if any(isinstance(part, nodes.Call) and part.name == "repeat" for part in nodes.walk(node)):
        return "`repeat` goes on from the level that it has come to: for cycles that begin again at their entry level, write `restarts`"
    return "write `hold(at=0)` if you mean it" if always else "let the last phase take the `rest`, or end it above 0"


def repair_of_epochs(f: Facts, plan: Plan) -> str:
    """What to write where a schedule ends before the run: a unit, if its length, written without one, comes to the number of the run's epochs."""
    per, node = f.clock.steps_per_epoch if f.clock.tick == "step" else None, plan.phases[-1].node
    epochs = None if per is None or f.total is None else quotient(f.total, per)
    if epochs is None or not f.bare_lengths or not epochs * _MOST_EPOCHS <= (plan.length or 0) <= epochs + 1:
        return repair_of_zeros(node, False)
    return f"the run has {float(epochs):g} epochs: write `{float(plan.phases[-1].length or epochs):g}ep`; or `set tick = epoch`, if each epoch is one tick"


def _is_onecycle(plan: Plan) -> bool:
    """Whether a plan is one cycle and nothing else."""
    node = plan.phases[-1].node
    return len(plan.phases) == 1 and isinstance(node, nodes.Call) and node.name == "onecycle"


def _short_onecycle(f: Facts) -> Iterator[Finding]:
    for _, body in f.bodies if any(_is_onecycle(d.target.plan) and _over(f, d.target.plan) for d in f.driven) else ():
        chain = f.whole(body)
        use = f.notes.uses.get((chain.items[0].extent, "onecycle")) if chain is not None and len(chain.items) == 1 else None
        n = None if use is None else value(use.arguments["n"])
        if use is not None and n is not None and f.total is not None and n < f.total:
            length = argument(use, "n")
            fix = None if length is None else Fix(*length.value.extent, "total")
            yield Finding(use.node.extent, f"the cycle ends {f.time(f.total - n)} before the run", "let it take the whole run: `onecycle(total)`", fix)


def _last_piece(f: Facts, plan: Plan) -> Piece | None:
    """The piece of a plan in which the run ends; None if the length of the run is unknown, or if a metric decides."""
    total = f.total
    return None if total is None or f.waits(plan) else [piece for piece in f.pieces(plan) if piece.start < total][-1]


def _cut_rise(f: Facts, d: Driven) -> tuple[Exact, float] | None:
    """When the level would come to its peak, and what share of it the run gets to, if the run ends while the level rises; else None."""
    plan, base = d.target.plan, f.base_of(d)
    piece = _last_piece(f, plan)
    if piece is None or f.total is None or piece.end is None or piece.end < f.total:
        return None
    if piece.end == f.total and not any(mentions(later.level, T) for later in f.pieces(plan) if later.start >= piece.end):
        return None  # nothing was to come after the rise
    peak, levels = level_at(piece.level, piece.end, base), f.summary(plan, base).levels
    reached, before = levels[-1][1] if levels else math.nan, level_at(piece.level, piece.start, base)
    whole = piece.end == f.total
    return (piece.end, reached / peak) if before < reached == max(level for _, level in levels) and (whole or reached < _NEARLY * peak) else None


def ends_in_a_rise(f: Facts) -> bool:
    """Whether the run ends before a rate has risen to its peak."""
    return any(_cut_rise(f, d) is not None for d in f.driven if d.target.key == "lr")


def _unfinished_rise(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        rise = _cut_rise(f, d) if d.target.key == "lr" else None
        if rise is not None and f.total is not None:
            phase = d.target.plan.phases[d.target.plan.phase_at(math.ceil(f.total) - 1)]
            message = f"{f.ending} and the rate rises until tick {float(rise[0]):g}: it gets to {rise[1]:.0%} of its peak"
            yield Finding(phase.extent, message, "make the rise shorter, as `warmup(5%)`, or the run longer")


def _over_long_before(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        settled = _settled_soon(f, d)
        if settled is not None and f.total is not None:
            message = f"the schedule is over after {ticks(settled)}, and the rate stays the same for the other {ticks(f.total - settled)} of the run"
            help = "if its times are epochs, write `90ep`, or `set tick = epoch`; a share of the run is `90%`; to stay on purpose, end with `then hold`"
            yield Finding(d.target.plan.phases[-1].extent, message, help)


def _settled_soon(f: Facts, d: Driven) -> Exact | None:
    """The tick from which on a rate stays the same, below its peak, if that is soon; else None.

    That is in the first tenth of the run, and at next to nothing if no time may be in another unit; in five sevenths of it if the last phase is a decay to
    next to nothing, and in nine tenths if `for` cuts that decay.
    """
    plan = d.target.plan
    last, piece = plan.phases[-1], _over(f, plan) or (_last_piece(f, plan) if _is_hold(plan.phases[-1].node) else None)
    decays = isinstance(last.node, nodes.Call) and last.node.name in DECAYS
    soon = _CUT if _is_cut_decay(f, plan) else _AFTER if decays and piece is not None and _is_next_to_nothing(f, d, piece) else SOON
    if d.target.key != "lr" or f.total is None or piece is None or piece.start * soon >= f.total or mentions(piece.level, T):
        return None
    s = f.summary(plan, f.base_of(d))
    if _is_onecycle(plan) or (_is_hold(last.node) and not _counts_epochs(f, s)):
        return None  # a `hold` at the end says that the level is to stay, and LR212 is about one cycle
    if decays and s.last[1] == 0:
        return None  # LR204 is about a decay to 0
    if soon is SOON and _says_units(f) and not _is_next_to_nothing(f, d, piece):
        return None
    return s.settled if s.settled is not None and 0 < s.settled * soon < f.total and s.last[1] < s.highest[1] else None


def _says_units(f: Facts) -> bool:
    """Whether no time of a text may be one in another unit: each has its own, or a tick is an epoch."""
    return f.clock.tick == "epoch" or not (f.bare_lengths or f.bare_passed)


def _counts_epochs(f: Facts, s: Summary) -> bool:
    """Whether a text of bare lengths is over within half an epoch, after as many ticks as a good part of the run has epochs."""
    per = f.clock.steps_per_epoch if f.clock.tick == "step" else None
    if per is None or s.settled is None or f.total is None or s.settled * 2 > per:
        return False
    return s.settled <= f.total / per <= 3 * s.settled and len(f.bare_lengths) > 1


def _is_cut_decay(f: Facts, plan: Plan) -> bool:
    """Whether a plan ends with a decay that `for` ends before its own length."""
    last = plan.phases[-1]
    body = last.node.body if isinstance(last.node, nodes.Limited) else None
    use = f.notes.uses.get((body.extent, body.name)) if isinstance(body, nodes.Call) and body.name in DECAYS else None
    n = value(use.arguments["n"]) if use is not None and "n" in use.arguments else None
    return n is not None and last.length is not None and last.length < n


def _is_next_to_nothing(f: Facts, d: Driven, piece: Piece) -> bool:
    """Whether the level of a last piece is so low that a run hardly learns anything more."""
    base = f.base_of(d)
    relative = d.bases or mentions(piece.level, BASE) or mentions(piece.level, ENTRY)
    return level_at(piece.level, piece.start, base) <= (_LITTLE * f.summary(d.target.plan, base).highest[1] if relative else _LOW)


RULES = (
    Rule(
        "LR202",
        "longer-than-the-run",
        "A schedule that is longer than the run.",
        "The run never reaches its last part, nor its final level.",
        "warmup(100) then cosine(1000)",
        "warmup(100) then cosine(800)",
        _too_long,
        clock={"total_steps": 900},
        run=True,
        compiles=True,
    ),
    Rule(
        "LR203",
        "length-of-the-whole-run",
        "A decay after other phases that is as long as the whole run.",
        "A warmup of w steps and a cosine of the whole run are w steps too long: the run ends before the cosine does.",
        "warmup(100) then cosine(1000)",
        "warmup(100) then cosine(rest)",
        _whole_run,
        "unsafe",
        {"total_steps": 1000},
        run=True,
        compiles=True,
    ),
    Rule(
        "LR204",
        "idle-at-zero",
        "A rate that is 0 for a good part of the run.",
        "While it is 0, the run goes on without learning anything.",
        "warmup(100) then cosine(500)",
        "warmup(100) then cosine(rest)",
        _too_short,
        clock={"total_steps": 1000},
        compiles=True,
    ),
    Rule(
        "LR212",
        "cycle-shorter-than-the-run",
        "A one-cycle policy that ends before the run.",
        "The rest of the run then has its last level, thousands of times below the peak.",
        "onecycle(500)",
        "onecycle(total)",
        _short_onecycle,
        "unsafe",
        {"total_steps": 1000},
        run=True,
        compiles=True,
        about=("onecycle",),
    ),
    Rule(
        "LR216",
        "run-ends-in-the-warmup",
        "A run that ends while the rate still rises to its peak.",
        "The schedule is that of a longer run: this one never has the rate that the text is about.",
        "warmup(2000) then cosine(8000)",
        "warmup(5%) then cosine(rest)",
        _unfinished_rise,
        clock={"total_steps": 1000},
        run=True,
        compiles=True,
    ),
    Rule(
        "LR217",
        "over-long-before-the-run",
        "A schedule that is over within the first tenth of the run, or which falls to next to nothing long before its end.",
        "Usually its times are in another unit, as epochs where a tick is a step.",
        "multistep([30, 60, 80])",
        "multistep([30ep, 60ep, 80ep])",
        _over_long_before,
        clock={"steps_per_epoch": 1251, "total_epochs": 90},
        run=True,
        compiles=True,
    ),
)

"""Lint rules about the end of the run: within a cycle, a tick before the end of a decay, before the first drop, long after the rate has vanished.

`lrdsl.compile` looks for some of them too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lrdsl.check.combinators import COMBINATORS, declarations
from lrdsl.check.notes import Use
from lrdsl.check.prelude import recipe
from lrdsl.expr import STAIRS, Num
from lrdsl.expr.exact import Exact, quotient
from lrdsl.metrics import Plateau
from lrdsl.plan import Piece, Plan
from lrdsl.rules.rule import Facts, Finding, Rule, argument, ticks, value
from lrdsl.rules.runs import DECAYS, ends_in_a_rise, fades, first_under, repair_of_zeros
from lrdsl.rules.shares import leaves_no_rest
from lrdsl.rules.summary import level_at, turns
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes

#: What makes cycles.
_CYCLES = tuple(name for name in (*SHAPES, *COMBINATORS) if any(declaration.cycles for declaration in declarations(name)))
#: What changes the level once in an interval, and the parameter that is the interval.
_STAIRS = {name: declaration.stairs for name in (*SHAPES, *COMBINATORS) for declaration in declarations(name) if declaration.stairs}
#: A run may end this share of a cycle after its start, and at this share of the way from its lowest level to its highest.
_EARLY, _HIGH = 0.05, 0.1
#: How many ticks of a cycle are looked at.
_LOOKS = 8
#: A decay over more ticks than this misses little of its way at the end: a straight one or half a cosine, and any other.
_SHORT, _LONG = 20, 400
#: A run of fewer epochs is one that reports more than once in an epoch.
_EPOCHS = 10
#: A rate has vanished below this share of its peak; among cycles that go on from where the last one ended, below the second, if each
#: falls below the third share of where it began.
_NOTHING, _FAINT, _LEFT = 1e-8, 1e-4, 1e-3
#: It has too soon if it does in the first of so many parts of the time from its peak to the end of the run.
_PARTS = 8


def _within_cycle(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan, total = d.target.plan, f.total
        if d.target.key != "lr" or total is None or plan.watches or not _may_cycle(f, plan):
            continue
        cycle = _last_cycle(f, plan)
        if cycle is None:
            continue
        start, end, piece = cycle
        share = float(quotient(total - start, end - start))
        if share >= 1 - _EARLY / 2:
            continue
        levels = [level_at(piece.level, math.ceil(start + quotient((end - start) * k, _LOOKS)), f.base_of(d)) for k in range(_LOOKS + 1)]
        low, high = min(levels[:-1]), max(levels)
        last = level_at(piece.level, math.ceil(total) - 1, f.base_of(d))
        peak = max(level for _, level in f.summary(plan, f.base_of(d)).levels)
        begins = levels[0] >= high * (1 - _EARLY) and share <= _EARLY
        phase = plan.phases[plan.phase_at(math.ceil(total) - 1)]
        if start <= (phase.start or 0):  # in the first cycle: LR202 is about schedules that have an end
            if plan.length is not None:
                continue
            begins = False
        if not begins and last - low > _HIGH * max(high - low, 0) and last > _HIGH * peak:
            help = "let the run end where a cycle does: change the length of the cycles, or let the last phase take the `rest`"
            message = f"the run ends {share * 100:.0f} % into a cycle, while the rate is still high: at {last / peak:.0%} of the peak"
            yield Finding(phase.extent, message, help)


def _may_cycle(f: Facts, plan: Plan) -> bool:
    """Whether a plan may have cycles: its formula has some, or the text does."""
    return bool(plan.level.holds & STAIRS) or not f.called.isdisjoint(_CYCLES) or any(_repeats(part) for part in f.scheduled)


def _last_cycle(f: Facts, plan: Plan) -> tuple[Exact, Exact, Piece] | None:
    """The cycle that the run ends in: its start, its end, and its formula; None if the run does not end in a cycle."""
    total = f.total
    if total is None:
        return None
    piece = [part for part in f.pieces(plan) if part.start < total][-1]
    periods = [(length, start) for length, start in turns(piece.level) if length > 2]
    if periods:
        length, start = max(periods)
        begin = start + (math.ceil(quotient(total - start, length)) - 1) * length
        return begin, begin + length, piece
    node = plan.phases[plan.phase_at(math.ceil(total) - 1)].node
    grown = any(_repeats(part) for part in nodes.walk(node))
    return (piece.start, piece.end, piece) if grown and piece.end is not None and piece.end > total else None


def _repeats(part: nodes.Node) -> bool:
    """Whether a part of a text is a call that makes cycles, or that of a recipe which does."""
    made = recipe(part.name) if isinstance(part, nodes.Call) else None
    return isinstance(part, nodes.Call) and (
        part.name in ("restarts", "repeat") or (made is not None and any(_repeats(inner) for inner in nodes.walk(made.function.body)))
    )


def _one_tick_short(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan, n = d.target.plan, f.total
        last = plan.phases[-1]
        if n is None or n < 2 or plan.length != n or not 1 <= (last.length or 0) <= _LONG or plan.watches:
            continue
        node = last.node
        if not isinstance(node, nodes.Call) or node.name not in DECAYS or (node.name in ("linear", "cosine") and (last.length or 0) > _SHORT):
            continue
        base = f.base_of(d)
        piece = [part for part in f.pieces(plan) if part.start < n][-1]
        after = [part for part in f.pieces(plan) if part.start <= n][-1]
        last_level, end_level = level_at(piece.level, math.ceil(n) - 1, base), level_at(after.level, n, base)
        if last_level - end_level > base / 20:  # a rise, as in a test of many rates, may well end before its last level
            message = f"the run ends one tick before this decay: its last level is {last_level:.4g}, not {end_level:.4g}"
            change = "one tick shorter, as `rest - 1`" if (last.length or 0) >= 2 else "longer"
            help = f"ticks count from 0, so the last one is {float(n - 1):g}: make the decay {change}"
            yield Finding(last.extent, message, help)


def _past_the_run(f: Facts) -> Iterator[Finding]:
    if f.total is None or not any(_reaches(f, d.target.plan, f.total) for d in f.driven):
        return
    for use in f.uses:
        if use.name == "multistep":
            milestones = argument(use, "milestones")
            items = milestones.value.items if milestones is not None and isinstance(milestones.value, nodes.List) else ()
            late = [node for node, at in zip(items, use.arguments["milestones"], strict=False) if (value(at) or 0) >= f.total]
            for node in late:
                yield Finding(node.extent, f"{f.ending} before this milestone", "remove it, or move it into the run")
    for _, body in f.bodies if not ends_in_a_rise(f) else ():  # LR216 is about a rise
        chain = f.whole(body)
        start = 0
        for i, n in enumerate(chain.lengths if chain is not None else ()):
            if chain is not None and i and start >= f.total:
                if (start == f.total and _stays(f, chain.items[i - 1], chain.items[i])) or leaves_no_rest(chain) is chain.items[i]:
                    break  # LR205 is about shares that leave no rest
                message = f"{f.ending} before this phase begins"
                yield Finding(chain.items[i].extent, message, "remove it, or make the phases before it shorter")
                break
            if n is None:
                break
            start += n


def _stays(f: Facts, before: nodes.Node, item: nodes.Node) -> bool:
    """Whether a phase is an endless `hold` at the level that the one before it ends at: it says what would follow the run."""
    if isinstance(item, nodes.Name) and item.id == "hold":
        return True
    use, last = (f.notes.uses.get((node.extent, getattr(node, "name", ""))) for node in (item, before))
    if use is None or use.name != "hold" or use.arguments["n"] is not None:
        return False
    return "at" not in use.given or (last is not None and last.arguments.get("to") == use.arguments["at"])


def _reaches(f: Facts, plan: Plan, total: Exact) -> bool:
    """Whether a plan has a phase or a milestone at the end of the run or after it."""
    if len(plan.phases) > 1 and any(phase.start is None or phase.start >= total for phase in plan.phases):
        return True
    return "multistep" in f.called and (plan.length is None or plan.length >= total)


def _no_drop(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan, total = d.target.plan, f.total
        if total is None or plan.watches or f.called.isdisjoint(_STAIRS):
            continue
        phase = plan.phases[plan.phase_at(math.ceil(total) - 1)]
        levels = {level for _, level in f.summary(plan, f.base_of(d)).between(phase.start or 0, total)}
        for use in f.uses_in(d.target.key):
            interval = use.arguments[_STAIRS[use.name]] if use.name in _STAIRS and phase.extent[0] <= use.node.extent[0] < phase.extent[1] else None
            if isinstance(interval, Num) and (phase.start or 0) + interval.value >= total and len(levels) == 1 and levels != {0}:
                what, more = ("drops", "") if use.name in SHAPES else ("changes", ", ...")
                message = f"{f.ending} before this {what} for the first time"
                yield Finding(use.node.extent, message, f"give a shorter interval, as `{use.name}(30{more})`, or write `hold`")


def _long_patience(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        for watch in d.target.plan.watches:
            monitor, start = watch.monitor, watch.start
            end = watch.end if watch.end is not None else f.total
            if not isinstance(monitor, Plateau) or start is None or end is None:
                continue
            window = end - start
            epochs = _epochs(f, window)
            if window <= monitor.patience or (epochs is not None and _EPOCHS <= epochs <= monitor.patience):
                phase = d.target.plan.phases[d.target.plan.phase_at(float(start))]
                time = ticks(window) if window <= monitor.patience or epochs is None else f"{float(epochs):g} epochs"
                message = f"a patience of {monitor.patience} reports cannot run out within {time}"
                yield Finding(phase.extent, message, "write a smaller `patience`, or make the phase longer")
            elif window <= monitor.cooldown:
                phase = d.target.plan.phases[d.target.plan.phase_at(float(start))]
                message = f"a cooldown of {monitor.cooldown} reports cannot end within {ticks(window)}, so the rate is reduced at most once"
                yield Finding(phase.extent, message, "write a smaller `cooldown`, or make the phase longer")


def _epochs(f: Facts, window: Exact) -> Exact | None:
    """How many epochs a time of the run has; None if an epoch is a tick, or of unknown length."""
    per = f.clock.steps_per_epoch
    if per is None and f.clock.total_steps is not None and f.clock.total_epochs is not None:
        per = quotient(f.clock.total_steps, f.clock.total_epochs)
    return None if per is None or f.clock.tick == "epoch" else quotient(window, per)


def _vanishes(f: Facts) -> Iterator[Finding]:
    for d in f.driven:
        plan, again = d.target.plan, "repeat" in f.called and any(_falls_far(use) for use in f.uses)
        known = f.total is not None or (plan.length is not None and isinstance(plan.phases[-1].node, nodes.Limited))
        if d.target.key != "lr" or plan.watches or not (again or (known and fades(f, plan))):
            continue
        s = f.summary(plan, f.base_of(d))
        run = f.total if f.total is not None else plan.length or s.last[0] + 1
        share = _FAINT if again else _NOTHING
        tick = s.under(share * s.highest[1])
        if tick is None or 2 * tick > run or (s.last[1] == 0 and not fades(f, plan)):
            continue
        tick = first_under(f, plan, share * s.highest[1], s.highest[0], tick, f.base_of(d))
        if not again and (_PARTS * (tick - s.highest[0]) > run - s.highest[0] or any(0 < n < 1 for _, n in f.bare_lengths)):
            continue  # LR219 is about lengths below a tick
        phase = plan.phases[plan.phase_at(float(tick))]
        unit = "if its times are epochs, write `30ep`, or `per=1ep`; else give a gamma nearer to 1, or a floor, as `max(A, 0.01x)`"
        help = repair_of_zeros(phase.node, False) if again else unit
        yield Finding(phase.extent, f"by tick {tick} of {float(run):g} the rate has fallen to less than {share:g} of its peak", help)


def _falls_far(use: Use) -> bool:
    """Whether each cycle of a `repeat` ends so far below its entry level that hardly anything is left for the next one."""
    if use.name != "repeat" or not use.arguments["phase"].length:
        return False
    return level_at(use.arguments["phase"].at(use.arguments["phase"].length), 0, 1.0) < _LEFT


RULES = (
    Rule(
        "LR208",
        "past-the-end-of-the-run",
        "A milestone or a phase after the end of the run.",
        "It never takes effect. Often the milestones are those of a longer run.",
        "multistep([30, 60, 90])",
        "multistep([30, 60, 80])",
        _past_the_run,
        clock={"total_steps": 90},
        run=True,
    ),
    Rule(
        "LR209",
        "patience-over-the-phase",
        "A plateau whose patience cannot run out before its phase or the run ends.",
        "The rate is then never reduced.",
        "plateau(patience=10) for 5 then linear(5)",
        "plateau(patience=2) for 5 then linear(5)",
        _long_patience,
        compiles=True,
    ),
    Rule(
        "LR211",
        "ends-within-a-cycle",
        "Cycles in a run that ends within one, while the rate is high.",
        "Models are at their best at the end of a cycle, where the rate is low.",
        "restarts(cosine(10), stretch=2)",
        "restarts(cosine(20))",
        _within_cycle,
        clock={"total_steps": 100},
        run=True,
    ),
    Rule(
        "LR214",
        "a-tick-short",
        "A last decay that misses more than a twentieth of the base, because the run ends one tick before it.",
        "A run of n ticks has the ticks 0 to n - 1, and a decay over n ticks ends at tick n. A short decay, in epochs, misses much of its way.",
        "set tick = epoch; lr = hold(85) then linear(5)",
        "set tick = epoch; lr = hold(85) then linear(rest - 1)",
        _one_tick_short,
        clock={"total_epochs": 90},
        run=True,
        compiles=True,
    ),
    Rule(
        "LR222",
        "ends-before-a-drop",
        "A `step` whose first drop does not come within the run.",
        "The rate then stays at its first level to the end.",
        "step(100)",
        "step(30)",
        _no_drop,
        clock={"total_steps": 100},
        run=True,
        about=tuple(_STAIRS),
    ),
    Rule(
        "LR223",
        "vanishes",
        "A rate that falls to next to nothing of its peak in the first eighth of the run, or of the time that `for` gives it, counted from its peak.",
        "Usually its gamma is one of epochs, while a tick is a step.",
        "exp(0.95)",
        "exp(0.95, per=1ep)",
        _vanishes,
        clock={"steps_per_epoch": 1251, "total_epochs": 90},
        run=True,
        compiles=True,
    ),
)

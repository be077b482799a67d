"""Conditions on metrics: the ending of `A until val_loss < 0.3 or 20ep`, and the watches that the plan keeps for a phase."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs

from lrdsl.check.arguments import bind_arguments, quoted_name
from lrdsl.check.curves import Curve, limit, until
from lrdsl.check.names import is_phase, uses_rest
from lrdsl.check.scope import WORDS, Run, Scope
from lrdsl.check.values import exact_number, near_value, value_of
from lrdsl.diagnostics import shown
from lrdsl.expr import Event, Num
from lrdsl.expr.exact import Exact, plain
from lrdsl.kinds import Kind, with_defaults
from lrdsl.metrics import Crossing, Monitor
from lrdsl.plan import Watch
from lrdsl.shapes import plateau
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Extent, Node

#: The comparison with its sides exchanged.
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: The help line for something that is not a condition.
_CONDITIONS = "a condition is a comparison such as `val_loss < 0.3`, `plateau(patience=5)`, a time of the run such as `80%`, or a length such as `for 20ep`"


@attrs.frozen
class Ending:
    """When a phase ends: at the `event`, or after `most` ticks if that is earlier. Either may be None.

    `came` is the tick of the phase at which the event came, None if it has not. `condition` says in words what the metric has to do.
    """

    event: Event | None
    most: Exact | None
    came: Exact | None
    condition: str = ""

    @property
    def length(self) -> Exact | None:
        """The length of the phase, as far as it is known."""
        return self.most if self.came is None else self.came

    def applied(self, body: Curve) -> Curve:
        """Returns the curve of a phase with this ending."""
        if self.came is not None or self.event is None:
            assert self.length is not None
            return limit(body, self.length)
        return until(body, self.event, self.most)


def ending_of(node: nodes.Until, scope: Scope) -> Ending | None:
    """Returns the ending of `A until ...`; None after its problems were reported."""
    monitors: list[Monitor] = []
    durations: list[Exact] = []
    for condition in node.conditions:
        meaning = _condition(condition, scope)
        if meaning is None:
            return None
        if isinstance(meaning, int | Fraction):
            durations.append(meaning)
        else:
            monitors.append(meaning)
    most = min(durations, default=None)
    if not monitors:
        return Ending(None, most, None)
    inner = attrs.evolve(scope, run=scope.run.cut(most))
    event = start_watch(monitors, inner, node.extent, most)
    if event is None:
        return None
    return Ending(event, most, _came(event, scope.run), " or ".join(monitor.sentence for monitor in monitors))


def _came(event: Event, run: Run) -> Exact | None:
    """Returns the tick of its phase at which an event came that ends the phase; None if it has not."""
    times = run.times.pop(event, ())
    if not times and event.most is not None:
        run.times[event] = (event.most,)
    return times[0] if times else None


def start_watch(monitors: list[Monitor], scope: Scope, extent: Extent, most: Exact | None = None, ends: bool = True) -> Event | None:
    """Adds a watch for each monitor of a phase to the run. Returns their event; None after a problem was reported.

    `most` is the longest time that the phase waits, in ticks. `ends` says that the event ends the phase.
    """
    run = scope.run
    if run.refused:
        what = f"a phase that follows a metric is not allowed {run.refused}"
        scope.problems.error("LR147", extent, what, "put it in a sequence: `A then plateau(patience=3)`")
        return None
    event = Event(len(run.watches) + 1, run.origin, run.offset, most)
    _add(event, [Watch(event, monitor, run.start, run.end, ends) for monitor in monitors], run)
    return event


def _add(event: Event, watches: Sequence[Watch], run: Run) -> None:
    """Adds the watches of an event to the run, and when it came."""
    ticks = sorted(tick for w in watches if w.key is not None for tick in run.history.get(w.key, ()) if w.end is None or tick <= w.end)
    if ticks and run.start is not None:
        run.times[event] = tuple(tick - run.start for tick in ticks)
        watches = [attrs.evolve(w, end=ticks[0]) if w.ends else w for w in watches]
    run.watches.extend(watches)


def again(curve: Curve, watches: tuple[Watch, ...], run: Run) -> Curve | None:
    """Returns the curve of a phase that follows a metric, from the one that it had before other events came, if it begins at the same tick.

    Returns None, and adds no watch, where it must be read again.
    """
    events = {watch.event for watch in watches}
    if len(events) != 1 or run.start is None or any(watch.start != run.start for watch in watches):
        return None
    (event,) = events
    ends = watches[0].ends
    if ends and curve.body is None:
        return None
    _add(event, watches, run)
    came = _came(event, run) if ends else None
    return curve if came is None or curve.body is None else limit(curve.body, came)


def _condition(node: Node, scope: Scope) -> Monitor | Exact | None:
    """Returns the monitor of a condition, or its duration in ticks; None after a problem was reported."""
    match node:
        case nodes.Comparison():
            return _comparison(node, scope)
        case nodes.Call() if node.name == "plateau":
            arguments = bind_arguments(node, plateau.WATCHED, scope, lambda _n, _s: None)
            return None if arguments is None else plateau.monitor(**with_defaults(plateau.WATCHED, arguments))
        case nodes.Name() if node.id == "plateau":
            return plateau.monitor(**with_defaults(plateau.WATCHED, {}))
        case _ if is_phase(node, scope):
            scope.problems.error("LR118", node.extent, f"`{shown(canonical(node))}` is not a condition", _CONDITIONS)
            return None
        case nodes.Name() if _metric_of(node, scope) is not None and near_value(node.id, scope) is None:
            text = shown(node.id)
            help = (
                f"for a metric, compare it with a number: `{text} < 0.3`; for a time of the run, give it a value: `names={{{text!r}: 10}}` (`--set {text}=10`)"
            )
            scope.problems.error("LR118", node.extent, f"`{text}` is not a condition", help)
            return None
        case nodes.Lasting():
            length = value_of(node.length, Kind.DURATION, scope)
            if isinstance(length, Num) and length.value < 0:
                scope.problems.error("LR131", node.length.extent, f"a phase cannot last `{shown(canonical(node.length))}`", "a length is 0 ticks or more")
                return None
            lettered = None if length is None else scope.lettered(length, "T_f", node.length, True)
            return lettered.value if isinstance(lettered, Num) else None
    return _ticks_until(node, scope)


def _ticks_until(node: Node, scope: Scope) -> Exact | None:
    """Returns the ticks from the start of a phase to a time of the run; None after a problem was reported."""
    text = shown(canonical(node))
    if uses_rest(node, scope):
        scope.problems.error("LR122", node.extent, f"`{text}` is a length, but `until` needs a time of the run", "write `A for rest`, or `A until 80%`")
        return None
    if scope.run.timeless:
        what = f"`until {text}` is a time of the run, which has no meaning {scope.run.timeless}"
        scope.problems.error("LR119", node.extent, what, f"for a length, write `for {text}`")
        return None
    time = value_of(node, Kind.DURATION, scope.from_run_start())
    time = None if time is None else scope.lettered(time, "T_u", node, True)
    if not isinstance(time, Num):
        return None
    if scope.run.finish is not None:
        what = f"how long a phase lasts `until {text}` depends on where it begins, which `rest` before it leaves open"
        scope.problems.error("LR122", node.extent, what, f"for a length, write `for {text}`; or end the phase before it at a time, as in `hold until 80%`")
        return None
    start = scope.run.first_tick
    if time.value <= start and not scope.run.history and not (time.value == start == 0):
        when = "" if scope.run.start is None else f", at tick {plain(start)}"
        what = f"the time `{text}` has passed when this phase begins{when}"
        scope.problems.error("LR119", node.extent, what, f"`until` is a time of the run; for a length, write `for {text}`")
        return None
    return max(time.value - start, 0)  # a time that has passed when an event comes ends the phase at once


def _comparison(node: nodes.Comparison, scope: Scope) -> Crossing | None:
    """Returns the monitor of a comparison; None after a problem was reported."""
    left, right = _metric_of(node.left, scope), _metric_of(node.right, scope)
    text = shown(canonical(node))
    if (left is None) == (right is None):
        what = "compares no metric" if left is None else "compares two metrics"
        spelled = next((part for part in (node.left, node.right) if left is None and quoted_name(part) is not None), None)
        if spelled is not None and (name := quoted_name(spelled)) is not None:
            scope.problems.error("LR118", spelled.extent, f"`{text}` {what}", f"write the name of the metric in quotes: `{shown(name)}`", name)
            return None
        scope.problems.error("LR118", node.extent, f"`{text}` {what}", "compare the name of a metric with a number: `val_loss < 0.3`")
        return None
    if node.op not in _FLIPPED:
        help = f"write `<`, `<=`, `>` or `>=`, as in `{text.replace(node.op, '<')}`"
        scope.problems.error("LR118", node.extent, f"`{text}` waits for an exact value, which a metric hardly ever has", help)
        return None
    number = node.right if right is None else node.left
    value = value_of(number, Kind.NUMBER, scope)
    bound = None if value is None else exact_number(value, number, scope)
    return None if bound is None else Crossing(left or right or "", node.op if right is None else _FLIPPED[node.op], bound.value)


def _metric_of(node: Node, scope: Scope) -> str | None:
    """Returns the metric that a node names: a text in quotes, or a word without another meaning; None for other nodes."""
    if isinstance(node, nodes.Text):
        return node.value
    free = isinstance(node, nodes.Name) and not (node.id in scope.bound or node.id in scope.names or node.id in WORDS)
    return node.id if isinstance(node, nodes.Name) and free else None

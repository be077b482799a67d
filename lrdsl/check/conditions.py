"""What a phase waits for: `until val_loss < 0.3 or 20ep`, and the watch of a `plateau`."""

from __future__ import annotations

from fractions import Fraction

import attrs

from lrdsl.check.arguments import bind
from lrdsl.check.curves import Curve, limit, until
from lrdsl.check.names import is_phase
from lrdsl.check.scope import WORDS, Scope
from lrdsl.check.values import value_of
from lrdsl.diagnostics import shown
from lrdsl.expr import Event, Num
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind, resolved
from lrdsl.metrics import Crossing, Monitor
from lrdsl.plan import Watch
from lrdsl.shapes import plateau
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Extent, Node

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WAYS = "a comparison as `val_loss < 0.3`, `plateau(patience=5)`, or a duration, joined by `or`"


@attrs.frozen
class Ending:
    """When a phase ends: at the `event`, and after `most` ticks at the latest, if that is given. `came` is when it did, in the ticks of the phase;
    `condition` is what the metric has to do, in words.
    """

    event: Event | None
    most: Exact | None
    came: Exact | None
    condition: str = ""

    @property
    def length(self) -> Exact | None:
        """The length of the phase as far as that is known."""
        return self.most if self.came is None else self.came

    def of(self, body: Curve) -> Curve:
        """A phase that ends so."""
        if self.came is not None or self.event is None:
            assert self.length is not None
            return limit(body, self.length)
        return until(body, self.event, self.most)


def ending(node: nodes.Until, scope: Scope) -> Ending | None:
    """When `A until ...` ends, or None after its problems were reported."""
    monitors: list[Monitor] = []
    caps: list[Exact] = []
    for condition in node.conditions:
        found = _condition(condition, scope)
        if found is None:
            return None
        if isinstance(found, int | Fraction):
            caps.append(found)
        else:
            monitors.append(found)
    most = min(caps, default=None)
    if not monitors:
        return Ending(None, most, None)
    within = attrs.evolve(scope, run=scope.run.until(most))
    event = watch(monitors, within, node.extent, most)
    if event is None:
        return None
    times = scope.run.times.pop(event, ())
    if not times and most is not None:
        scope.run.times[event] = (most,)
    return Ending(event, most, times[0] if times else None, " or ".join(monitor.sentence for monitor in monitors))


def watch(monitors: list[Monitor], scope: Scope, extent: Extent, most: Exact | None = None, ends: bool = True) -> Event | None:
    """The event of a phase that begins here and waits `most` ticks, after its monitors were noted; None after a problem was reported."""
    run = scope.run
    if run.refused:
        what = "a phase that follows a metric has no place"
        scope.problems.error("LR147", extent, f"{what} {run.refused}", "put it into a sequence of its own: `A then plateau(patience=3)`")
        return None
    event = Event(len(run.watches) + 1, run.origin, run.offset, most)
    watches = [Watch(event, monitor, run.start, run.end, ends) for monitor in monitors]
    ticks = sorted(tick for w in watches if w.key is not None for tick in run.happened.get(w.key, ()) if w.end is None or tick <= w.end)
    if ticks and run.start is not None:
        run.times[event] = tuple(tick - run.start for tick in ticks)
        watches = [attrs.evolve(w, end=ticks[0]) for w in watches] if ends else watches
    run.watches.extend(watches)
    return event


def _condition(node: Node, scope: Scope) -> Monitor | Exact | None:
    match node:
        case nodes.Comparison():
            return _comparison(node, scope)
        case nodes.Call() if node.name == "plateau":
            given = bind(node, plateau.WATCHED, scope, lambda _n, _s: None)
            return None if given is None else plateau.monitor(**resolved(plateau.WATCHED, given))
        case nodes.Name() if node.id == "plateau":
            return plateau.monitor(**resolved(plateau.WATCHED, {}))
        case _ if is_phase(node, scope):
            scope.problems.error("LR118", node.extent, f"`{shown(canonical(node))}` is no condition", f"a phase ends at {_WAYS}")
            return None
    length = value_of(node, Kind.DURATION, scope)
    if not isinstance(length, Num):
        return None
    if length.value < 0:
        scope.problems.error("LR131", node.extent, f"a length of `{shown(canonical(node))}`", "a phase lasts 0 ticks or more")
        return None
    return length.value


def _comparison(node: nodes.Comparison, scope: Scope) -> Crossing | None:
    left, right = metric_of(node.left, scope), metric_of(node.right, scope)
    text = shown(canonical(node))
    if (left is None) == (right is None):
        what = "compares no metric" if left is None else "compares two metrics"
        scope.problems.error("LR118", node.extent, f"`{text}` {what}", "compare the name of a metric with a number: `val_loss < 0.3`")
        return None
    if node.op not in _FLIPPED:
        help = f"write `<`, `<=`, `>` or `>=`, as `{text.replace(node.op, '<')}`"
        scope.problems.error("LR118", node.extent, f"`{text}`: a metric is hardly ever just so", help)
        return None
    value = value_of(node.right if right is None else node.left, Kind.NUMBER, scope)
    if not isinstance(value, Num):
        return None
    return Crossing(left or right or "", node.op if right is None else _FLIPPED[node.op], value.value)


def metric_of(node: Node, scope: Scope) -> str | None:
    """The metric that a node names: text in quotes, or a word without another meaning."""
    if isinstance(node, nodes.Text):
        return node.value
    free = isinstance(node, nodes.Name) and not (node.id in scope.bound or node.id in scope.names or node.id in WORDS)
    return node.id if isinstance(node, nodes.Name) and free else None

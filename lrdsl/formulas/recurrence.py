"""The recurrence of a plateau as equations: the best value, the bad reports in a row, the pause, and what the reports decide."""

from __future__ import annotations

from lrdsl.expr.exact import Exact
from lrdsl.formulas.notation.composing import TIME
from lrdsl.formulas.notation.tree import Apply, Cases, Condition, Name, Negative, Node, Number, Sum, Words, product_of, sum_of
from lrdsl.metrics import Plateau, quoted

#: The letters of the report, of the best one, of the bad reports in a row, and of the reports left in a pause.
METRIC, BEST, BAD, PAUSE = LETTERS = "m", "b", "n", "c"
#: An equation: its left side and its right side.
Equation = tuple[Node, Node]
_NEXT, _BEFORE, _ALWAYS = Sum((TIME, Number(1))), Sum((TIME, Negative(Number(1)))), Condition(None, TIME, None)


def recurrence(monitor: Plateau, counter: Name, ends: bool, number: str = "") -> list[Equation]:
    """Returns the equations of a plateau, for the report of tick t. `counter` counts its events, unless the first one `ends` the phase.

    The letters have a `number` if several plateaus are followed. Before the first report, the best one is infinite, and the others are 0.
    """

    def at(word: str, time: Node) -> Apply:
        return Apply(Name(word, number), (time,))

    value, best, last_best = at(METRIC, TIME), at(BEST, TIME), at(BEST, _BEFORE)
    bad, last_bad, pause, last_pause = at(BAD, TIME), at(BAD, _BEFORE), at(PAUSE, TIME), at(PAUSE, _BEFORE)
    most, rest = Number(monitor.patience), Number(monitor.cooldown)
    reference = last_best if monitor.compare == "best" else at(METRIC, _BEFORE)
    better = _beats(monitor, value, reference)
    waits = [(Number(0), Condition(None, Number(0), last_pause))] if monitor.cooldown else []
    equations: list[Equation] = [(best, Cases(((value, better), (last_best, _ALWAYS))))] if monitor.compare == "best" else []
    after = [] if monitor.cooldown or ends else [(Number(1), Condition(None, most, last_bad))]  # a reduction begins a new count; a pause does that too
    equations.append((bad, Cases(((Number(0), better), *waits, *after, (sum_of(last_bad, Number(1)), _ALWAYS)))))
    too_many = Condition(None, most, bad)
    if monitor.cooldown and not ends:
        left = Apply("max", (sum_of(last_pause, Negative(Number(1))), Number(0)))
        equations.append((pause, Cases(((rest, too_many), (left, _ALWAYS)))))
    if not ends:
        count = Apply(counter, (TIME,))
        equations.append((Apply(counter, (_NEXT,)), Cases(((sum_of(count, Number(1)), too_many), (count, _ALWAYS)))))
    return equations


def _beats(monitor: Plateau, value: Node, reference: Node) -> Condition:
    """Returns the condition that a report is better."""
    sign: Exact = 1 if monitor.mode == "max" else -1
    goal: Node
    if monitor.threshold_mode == "rel":
        goal = product_of([Number(1 + sign * monitor.threshold), reference]) if monitor.threshold else reference
    else:
        amount = Number(monitor.threshold)
        goal = reference if not monitor.threshold else sum_of(reference, amount if sign > 0 else Negative(amount))
    return Condition(None, goal, value) if sign > 0 else Condition(None, value, goal)


def remarks(monitor: Plateau, counter: Name, ends: bool, number: str = "") -> list[Words]:
    """Returns the recurrence as remarks: what is reported, the equations, and where they begin."""
    value, best = Apply(Name(METRIC, number), (TIME,)), Name(BEST, number)
    name = "the metric" if monitor.metric == "metric" else quoted(monitor.metric)
    begins = Words(("at first, any report is better, and the others are 0",))
    if monitor.compare == "best":
        begins = Words(("at first, ", best, f" is {'infinity' if monitor.mode == 'min' else 'minus infinity'}, and the others are 0"))
    equations = [Words((left, " = ", right)) for left, right in recurrence(monitor, counter, ends, number)]
    return [Words((value, f" is the report of {name} in tick ", TIME)), *equations, begins]

"""Remarks on the letters of a formula that have no value: what `t` counts, what the base is, and the events that only the run decides."""

from __future__ import annotations

from lrdsl.expr import ZERO, Call, number, walk
from lrdsl.expr.exact import Exact
from lrdsl.formulas import recurrence
from lrdsl.formulas.notation.composing import TIME, Composer, tick_of
from lrdsl.formulas.notation.tree import Apply, Name, Node, Number, Times, Words
from lrdsl.metrics import Plateau
from lrdsl.plan import Plan
from lrdsl.targets import Target

_BASES = {"lr": "the base learning rate", "momentum": "the base momentum", "weight_decay": "the base weight decay"}


def time_note(time: str, first: int) -> Words:
    """Returns the remark on what the time counts."""
    return Words((TIME, " is the share of the run, in percent" if time == "percent" else f" counts {time} from {first}"))


def base_note(base: Node, target: Target, value: Exact | None) -> Words:
    """Returns the remark on what the base is. `value` is the base learning rate, if it is known."""
    whose = "" if target.group is None else " of these groups"
    known = (" of ", Number(value)) if value is not None and target.key == "lr" and target.group is None else ()
    return Words((base, "".join([f" is {_BASES.get(target.key, f'the base value of {target.quantity}')}{whose}", *known[:1]]), *known[1:]))


def event_notes(plan: Plan, composer: Composer) -> list[Words]:
    """Returns a remark for each event and each count of reductions in a formula: it says when the event comes, or what is counted."""
    reductions = {x.args[1].args[0]: x for x in walk(plan.law) if isinstance(x, Call) and x.op == "reduce" and isinstance(x.args[1], Call)}
    remarks: list[Words] = []
    plateaus = [watch for watch in plan.watches if isinstance(watch.monitor, Plateau)]
    taken = any(name.letter in recurrence.LETTERS and not name.sub for name in composer.legend.names.values())
    for event, letter in composer.events.items():
        watches = [watch for watch in plan.watches if watch.event is event]
        condition = " or ".join(watch.monitor.sentence for watch in watches)
        if event in reductions:
            _, _, factor, least, eps = reductions[event].args
            level = Name("eta")
            lower: Node = Times((composer.of(factor), level))
            lower = lower if least == ZERO else Apply("max", (lower, composer.of(least)))
            skipped = () if eps == ZERO or least == ZERO else (" (unless that is a step of ", composer.of(eps), " or less)")
            counted = (Apply(letter, (TIME,)), " counts the reductions up to ", TIME, ", each from ", level, " to ", lower)
            remarks.append(Words((*counted, *skipped, f", when {condition}")))
        else:
            most = () if event.most is None else (", at the latest ", composer.of(tick_of(event, number(event.most))))
            remarks.append(Words((letter, f" is the tick after the report by which {condition}", *most)))
        for watch in watches:
            if isinstance(watch.monitor, Plateau) and isinstance(letter, Name):
                place = str(plateaus.index(watch) + 1) if len(plateaus) > 1 or taken else ""
                remarks += recurrence.remarks(watch.monitor, letter, watch.ends, place)
    return remarks

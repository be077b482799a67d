"""How often a scheduler of a Python file is stepped, from the loops around its `step()` and around the optimizer's; and how long these loops run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import attrs

from lrdsl.dialects.code.names import word_of
from lrdsl.training.holders import OPTIMIZER, Followed
from lrdsl.training.units import EPOCH, PER_EPOCH, STEP, Unit, Units, unit_of_name
from lrdsl.training.walking import Loop, Place, Program, Test

_NEUTRAL = re.compile(r"sched|scaler|is_main|rank|master|was_run|skip|nan|finite|grad_norm", re.IGNORECASE)
#: Names of the number of batches whose gradients are added.
ACCUMULATION = re.compile(r"accum|grad_acc|virtual|sub_?div|iter_?size|update_?(freq|every|interval)|backward_passes")
_MICRO = re.compile(r"accum|micro|grad_acc|n_?critic|critic|d_?steps|inner|sub_?iter")


@attrs.frozen
class Steps:
    """Where a scheduler is stepped: `kind`, "step" or "epoch"; its place; the loops around it; and the number of batches in a step, where it is not one.

    `is_early` says that it is stepped before the parameters are first updated, so that the first level is that of tick 1.
    """

    kind: str
    place: Place
    loops: tuple[Loop, ...]
    every: ast.expr | None = None
    by_argument: bool = False
    is_early: bool = False


def updates_of(program: Program, followed: Followed, optimizer: ast.expr | None) -> list[Place]:
    """Returns the calls that update the parameters: `optimizer.step()`, that of the scheduler's own optimizer if it is seen, or else `loss.backward()`."""
    own = ast.dump(optimizer) if isinstance(optimizer, ast.Name | ast.Attribute) else ""
    steps, backwards, exact = [], [], []
    for place in program.calls:
        call = place.node
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        receiver = call.func.value
        if call.func.attr == "step" and not followed.holds(receiver, place):
            word = word_of(receiver).lower()
            if own and (ast.dump(receiver) == own or any(ast.dump(a) == own for a in call.args)):
                exact.append(place)
            if OPTIMIZER.search(word) or ("scaler" in word and call.args):
                steps.append(place)
        elif call.func.attr in ("backward", "manual_backward"):
            backwards.append(place)
    return exact or steps or backwards


#: What is known of a scheduler if each call that steps it stands under a condition that excludes it.
NEVER: Final = "never"


def steps_of(followed: Followed, updates: Sequence[Place], units: Units, made: Place | None, name: str) -> Steps | Literal["never"] | None:
    """Returns where a scheduler is stepped; `NEVER`; None if that is not known, or differs from case to case.

    Parameters: `updates`, the calls that update parameters; `made`, where the scheduler is made; `name`, what it is.
    """
    program = followed.program
    conditions = made.within if made is not None else ()
    passed_over = 0
    ways_of_updates = [way for place in updates for way in program.ways(place)]
    places: list[Steps] = []
    for place in followed.steps:
        assert isinstance(place.node, ast.Call)
        if _is_resuming(place, followed):
            continue
        for way in program.ways(place):
            own = [test for test in way if isinstance(test, Test)]
            if any(_agrees(test, conditions, followed, place, name) is False for test in own):
                passed_over += 1
                continue
            beside = [one for one in updates if one.function is place.function and (not place.loops or place.loops[-1] in one.loops)]
            steps = _by_argument(place, way, units, beside) or _by_loops(place, way, ways_of_updates, conditions, followed, units, name, beside)
            if steps is None:
                return None
            places.append(steps)
    if not places and passed_over:
        return NEVER
    if not places or len({(one.kind, one.by_argument) for one in places}) > 1:
        return None
    return places[0]


def _is_resuming(place: Place, followed: Followed) -> bool:
    """Whether a loop does nothing but step: a run that goes on winds its scheduler forward. A loop over several schedulers is none."""
    loops = place.loops
    return bool(loops) and loops[-1] not in followed.loops and len(loops[-1].body) == 1 and isinstance(loops[-1].body[0], ast.Expr)


def _by_argument(place: Place, way: tuple[Loop | Test, ...], units: Units, beside: Sequence[Place]) -> Steps | None:
    """What `step(epoch)` and `step(epoch + i / n)` count."""
    call = place.node
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    argument = next(iter([*call.args, *(k.value for k in call.keywords if k.arg in ("epoch", "num_updates"))]), None)
    if argument is None:
        return None
    loops = tuple(one for one in way if not isinstance(one, Test))
    words = {word_of(part) for part in ast.walk(argument)}
    unit = units.of(argument) or next((u for u in map(unit_of_name, words) if u == EPOCH), None)
    if unit == EPOCH or any(word in ("epoch", "ep", "epoch_idx", "cur_epoch", "current_epoch") for word in words):
        return Steps("epoch", place, loops, by_argument=True, is_early=bool(beside) and all(_is_later(one, place) for one in beside))
    if unit == STEP or call.func.attr == "step_update":
        return Steps("step", place, loops, by_argument=True)
    return None


def _by_loops(
    place: Place,
    way: tuple[Loop | Test, ...],
    updates: list[tuple[Loop | Test, ...]],
    conditions: Iterable[object],
    followed: Followed,
    units: Units,
    name: str,
    beside: Sequence[Place],
) -> Steps | None:
    way = tuple(one for one in way if one not in followed.loops)
    loops = tuple(one for one in way if not isinstance(one, Test))
    if not loops:
        return None
    kinds: dict[str, ast.expr | None] = {}
    for update in updates:
        others = tuple(one for one in update if not isinstance(one, Test))
        if loops[0] not in others:
            continue
        kind = _kind(loops, others, units)
        tests = {ast.dump(one.expression): one for one in update if isinstance(one, Test)}
        free = [test for test in _after(way, loops[-1]) if ast.dump(test.expression) not in tests]
        if kind == "" or any(not _is_neutral(test, conditions, followed, place, name) for test in free):
            return None
        shared = [test for test in _after(way, loops[-1]) if ast.dump(test.expression) in tests]
        kinds[kind] = next((every for test in shared if (every := _every(test.expression)) is not None), None)
    if len(kinds) == 1:
        ((kind, every),) = kinds.items()
        return Steps(kind, place, loops, every, is_early=kind == "epoch" and bool(beside) and all(_is_later(one, place) for one in beside))
    if kinds or any(not _is_neutral(test, conditions, followed, place, name) for test in _after(way, loops[-1])):
        return None
    # No update is seen in these loops: it stands in another file.
    looks = looks_like(loops[-1], units)
    inner = [one for one in ast.walk(loops[-1]) if isinstance(one, ast.For | ast.While) and one is not loops[-1]]
    if looks == "epoch" and not any(looks_like(one, units) == "epoch" for one in inner):
        return Steps("epoch", place, loops)
    return Steps("step", place, loops) if looks == "data" and len(loops) > 1 and looks_like(loops[-2], units) == "epoch" else None


def _is_later(one: Place, place: Place) -> bool:
    """Whether a place stands after another one in the file."""
    return int(getattr(one.node, "lineno", 0)) > int(getattr(place.node, "lineno", 0))


def _kind(loops: tuple[Loop, ...], others: tuple[Loop, ...], units: Units) -> str:
    """Returns "step" if a scheduler is stepped in the loop of the updates, "epoch" if in the loop around it, else ""."""
    if loops == others:  # a loop over epochs without one over batches has one update an epoch
        return "epoch" if looks_like(loops[-1], units) == "epoch" else "step"
    if others[: len(loops)] != loops or len(others) != len(loops) + 1:
        return ""
    outer, inner = looks_like(loops[-1], units), looks_like(others[-1], units)
    if inner == "micro":
        return "step"
    if outer == "epoch" or (inner == "data" and outer in ("", "range")):
        return "epoch"
    return ""


def looks_like(loop: Loop, units: Units) -> str:
    """Returns what a loop goes over: "epoch", "data", "micro" for the parts of one batch, "range" for other numbers, and "" for what is not known."""
    if isinstance(loop, ast.While):
        counted = {unit_of_name(word_of(part)) for part in ast.walk(loop.test) if word_of(part)}
        return "" if STEP in counted or _takes_a_batch(loop) else "epoch" if EPOCH in counted else ""
    target = {word_of(part).lower() for part in ast.walk(loop.target)}
    count = count_of(loop)
    if any("epoch" in word for word in target) or target & {"ep"}:
        return "epoch"
    if any("micro" in word for word in target):
        return "micro"
    if count is None:
        return "data"
    unit = units.of(count)
    if unit == EPOCH:
        return "epoch"
    if unit == PER_EPOCH:
        return "data"
    return "micro" if any(_MICRO.search(word_of(part).lower()) for part in ast.walk(count) if word_of(part)) else "range"


def _takes_a_batch(loop: ast.While) -> bool:
    """Whether each pass of a loop takes one batch from an iterator, which inner loops do not."""
    statements = [one for one in loop.body if not isinstance(one, ast.For | ast.While)]
    return any(isinstance(part, ast.Call) and word_of(part.func) == "next" for one in statements for part in ast.walk(one))


def count_of(loop: Loop) -> ast.expr | None:
    """Returns how often a loop over numbers is passed: `n` of `range(n)`, `tqdm(range(n))` and `trange(n)`; None for other loops, and for another start."""
    if isinstance(loop, ast.While):
        test = loop.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Lt | ast.LtE):
            return test.comparators[0]
        return None
    node = loop.iter
    while isinstance(node, ast.Call):
        word = word_of(node.func)
        if word in ("range", "trange") and node.args:
            return _count(node.args)
        if not node.args:
            return None
        node = node.args[0]
    return None


def _count(arguments: list[ast.expr]) -> ast.expr:
    if len(arguments) == 1:
        return arguments[0]
    start, end = arguments[:2]
    if isinstance(start, ast.Constant) and start.value == 1:
        match end:
            case ast.BinOp(left, ast.Add(), ast.Constant(1)):
                return left
            case ast.BinOp(ast.Constant(1), ast.Add(), right):
                return right
            case ast.Constant(int() as n):
                return ast.copy_location(ast.Constant(n - 1), end)
            case _:
                return ast.copy_location(ast.BinOp(end, ast.Sub(), start), end)
    return end  # from 0, or from where an earlier run ended


def _after(way: tuple[Loop | Test, ...], loop: Loop) -> list[Test]:
    """The conditions inside of a loop."""
    return [one for one in way[way.index(loop) + 1 :] if isinstance(one, Test)]


def _is_neutral(test: Test, conditions: Iterable[object], followed: Followed, place: Place, name: str) -> bool:
    """Whether a condition says nothing about how often the scheduler is stepped."""
    if _agrees(test, conditions, followed, place, name):
        return True
    words = [word_of(part) for part in ast.walk(test.expression) if word_of(part)]
    has_number = any(
        isinstance(part, ast.Mod) or (isinstance(part, ast.Constant) and isinstance(part.value, int | str) and part.value not in (0, True, False))
        for part in ast.walk(test.expression)
    )
    return not has_number and any(_NEUTRAL.search(word) for word in words) and not any(unit_of_name(word) in (EPOCH, STEP, PER_EPOCH) for word in words)


def _agrees(test: Test, conditions: Iterable[object], followed: Followed, place: Place, name: str) -> bool | None:
    """Whether a condition holds for this scheduler, as it is made: None if that is not known."""
    node, holds = test.expression, test.holds
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, holds = node.operand, not holds
    match node:
        case ast.BoolOp(ast.And(), parts) if holds:
            verdicts = [_agrees(Test(part, True), conditions, followed, place, name) for part in parts]
            return False if False in verdicts else True if all(verdicts) else None
        case ast.Call(ast.Name("isinstance"), [value, kinds]) if followed.holds(value, place):
            words = {word_of(part) for part in ast.walk(kinds)} - {""}
            return (name in words or bool(words & {"LRScheduler", "_LRScheduler"})) is holds
        case ast.Compare(value, [(ast.IsNot() | ast.Is()) as identity], [ast.Constant(None)]) if followed.holds(value, place):
            return isinstance(identity, ast.IsNot) is holds
        case ast.Name() | ast.Attribute() if followed.holds(node, place):
            return holds
        case _:
            pass
    text = ast.dump(node)
    for one in conditions:
        if not isinstance(one, Test):
            continue
        if ast.dump(one.expression) == text:
            return one.holds is holds
        match node, one.expression:
            case (ast.Compare(a, [ast.Eq() | ast.NotEq() as operator], [ast.Constant(x)]), ast.Compare(b, [ast.Eq()], [ast.Constant(y)])) if (
                ast.dump(a) == ast.dump(b) and one.holds
            ):
                return ((x == y) is isinstance(operator, ast.Eq)) is holds
            case (
                ast.Compare(a, [(ast.In() | ast.NotIn()) as membership], [ast.List(items) | ast.Tuple(items)]),
                ast.Compare(b, [ast.Eq()], [ast.Constant(y)]),
            ) if ast.dump(a) == ast.dump(b) and one.holds:
                among = any(isinstance(item, ast.Constant) and item.value == y for item in items)
                return (among is isinstance(membership, ast.In)) is holds
            case _:
                pass
    return None


def _every(test: ast.expr) -> ast.expr | None:
    """The number of batches in an update, of a condition such as `(i + 1) % k == 0` or `accelerator.accumulate(model)`."""
    for part in ast.walk(test):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod):
            return part.right
        if isinstance(part, ast.Call) and word_of(part.func) == "accumulate":
            return part
    return None


def is_accumulation(node: ast.expr) -> bool:
    """Returns whether an expression is the number of batches whose gradients are added, by its name."""
    return any(ACCUMULATION.search(word_of(part).lower()) for part in ast.walk(node) if word_of(part))


def stated(program: Program) -> dict[str, Unit]:
    """Returns the units that loops give to expressions: the count of a loop over epochs counts epochs. Keras' `fit` says it of its arguments."""
    texts = {}
    for place in program.loops:
        loop = place.node
        if isinstance(loop, ast.For) and any("epoch" in word_of(part).lower() for part in ast.walk(loop.target)):
            count = count_of(loop)
            if count is not None and not isinstance(count, ast.Constant):
                texts[ast.dump(count)] = EPOCH
    for place in program.calls:
        if place.word == "fit" and isinstance(place.node, ast.Call):
            units = {"epochs": EPOCH, "steps_per_epoch": PER_EPOCH}
            texts |= {ast.dump(k.value): units[k.arg] for k in place.node.keywords if k.arg in units and not isinstance(k.value, ast.Constant)}
    return texts

"""Finds schedulers of another library that are the same function as a given schedule, with their arguments.

The text of a scheduler has holes for its arguments. It is laid over the text of the schedule, and what stands at a hole is a guess at the argument. A guess is
returned only if the text with it is the same function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import floor
from types import SimpleNamespace
from typing import Any

import attrs

from lrdsl.check.prelude import recipe
from lrdsl.diagnostics import ScheduleError
from lrdsl.dialects.code.values import is_number
from lrdsl.dialects.entry import REQUIRED, UNUSED, Entry, UnreadableError, Value, Written, node_of
from lrdsl.dialects.simplifying import declared, default_of, simplified
from lrdsl.expr.exact import Exact, exact, nearest_number, quotient
from lrdsl.schedule import Schedule, parse
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import flattened, folded, number_in, rebuilt, substituted
from lrdsl.work import bounded

_HERE = (0, 0)
_ONE = nodes.Number(1, _HERE)
_HOLE = "hole_"
#: How deep functions of a text are spelled out.
_MOST_CALLS = 20


@attrs.frozen
class Match:
    """The arguments of an entry, without those that are its defaults."""

    entry: Entry
    arguments: Mapping[str, Any]


def matches(schedule: Schedule, tree: Node, entries: tuple[Entry, ...], length: Exact | None = None) -> Iterator[Match]:
    """Yields the entries that are a schedule, with their arguments.

    `tree` is the tree of one target, spelled out. With a `length`, they are the same function up to this tick.
    """
    for entry in entries:
        numbers = [p.name for p in entry.parameters if is_number(p.default) and p.name not in UNUSED]
        tries = (
            (variant, tuple(name for name in free if name not in variant))
            for free in ((), *((name,) for name in numbers), tuple(numbers))
            for variant in entry.variants or ({},)
        )
        match = next((one for variant, free in tries if (one := _match(schedule, tree, entry, variant, free, length)) is not None), None)
        if match is not None:
            yield match


def _match(schedule: Schedule, tree: Node, entry: Entry, variant: Mapping[str, Any], free: tuple[str, ...], length: Exact | None) -> Match | None:
    """Returns the match of an entry, with one variant of its arguments. Of those that have a default, the `free` ones are sought too."""
    arguments: dict[str, Value] = {}
    holes = []
    for p in entry.parameters:
        fixed = variant.get(p.name, p.default)
        if p.name in UNUSED or (p.name not in variant and p.default is not REQUIRED and p.name not in free):
            arguments[p.name] = None if p.default is REQUIRED else p.default
        elif p.name in variant and fixed is not ...:
            arguments[p.name] = fixed
        else:
            arguments[p.name] = nodes.Name(_HOLE + p.name, _HERE)
            holes.append(p.name)
    try:
        with bounded(schedule.text):
            pattern = spelled(entry.written(arguments).schedule)
            values = _Overlay().lay(pattern, tree)
            if values is None:
                return None
            for name in holes:
                default = next(p.default for p in entry.parameters if p.name == name)
                if _HOLE + name in values:
                    arguments[name] = _value(values[_HOLE + name])
                elif default is REQUIRED:
                    return None
                else:
                    arguments[name] = default
            if entry.accepts is not None and not entry.accepts(SimpleNamespace(**arguments)):
                return None
            same = _same(schedule, entry.written(arguments), length)
    except (UnreadableError, ScheduleError):
        return None
    defaults = {p.name: p.default for p in entry.parameters}
    return Match(entry, {name: v for name, v in arguments.items() if name not in UNUSED and v != defaults[name]}) if same else None


def _same(schedule: Schedule, written: Written, length: Exact | None) -> bool:
    """Whether trees are the function of a schedule, up to a tick."""
    mine, theirs = str(schedule), canonical(written.schedule)
    if length is not None:
        mine, theirs = (f"({text}) for {canonical(node_of(length))}" for text in (mine, theirs))
        return parse(mine, names=dict(schedule.names), **schedule.clock.given()) == parse(theirs)
    return schedule == parse(theirs)


def _value(node: Node) -> Value:
    number = number_in(node)
    if number is not None:
        return number
    if isinstance(node, nodes.Name) and node.id in ("yes", "no"):
        return node.id == "yes"
    if isinstance(node, nodes.Name):
        return node.id
    if isinstance(node, nodes.List):
        return tuple(_value(item) for item in node.items)
    raise UnreadableError("no number")


def spelled_out(schedule: Schedule, target: str | None = None) -> Node | None:
    """Returns the tree of a target in which functions, names and units are spelled out; None for one that cannot be."""
    definitions: dict[str, Node] = {name: node_of(value) for name, value in schedule.names}
    functions: dict[str, nodes.Function] = {}
    body: Node | None = schedule.tree
    if isinstance(schedule.tree, nodes.File):
        body = None
        wanted = schedule.target(target).written
        for statement in schedule.tree.statements:
            match statement:
                case nodes.Binding(name, value):
                    definitions.setdefault(name, spelled(substituted(value, definitions), functions))
                case nodes.Function(name):
                    functions[name] = statement
                case nodes.Target(written, value) if canonical(written) == wanted:
                    body = value
                case nodes.Use():
                    return None
                case _:
                    pass
    return None if body is None else _in_ticks(spelled(substituted(body, definitions), functions), schedule)


def spelled(node: Node, functions: Mapping[str, nodes.Function] | None = None, depth: int = 0) -> Node:
    """Returns a tree with the body of each function and recipe in the place of its call, and with every argument under its name."""
    functions = functions or {}
    node = rebuilt(node, lambda part: spelled(part, functions, depth))
    if not isinstance(node, nodes.Call):
        return flattened(folded(_kept(node)))
    defined = functions.get(node.name) or (standard.function if (standard := recipe(node.name)) is not None else None)
    if defined is None:
        whole = named(node)
        numbers = {a.name: number_in(a.value) for a in whole.arguments}
        if whole.name == "restarts" and numbers.get("times") == 1:
            return whole.arguments[0].value
        return whole.arguments[1].value if whole.name == "skip" and numbers.get("n") == 0 else folded(whole)
    if depth > _MOST_CALLS:
        return node
    values: dict[str, Node] = {}
    for i, argument in enumerate(node.arguments):
        values[argument.name or defined.parameters[i].name] = argument.value
    for slot in defined.parameters:
        if slot.name not in values and slot.default is not None:
            values[slot.name] = substituted(slot.default, values)
    return spelled(substituted(defined.body, values), functions, depth + 1)


def _kept(node: Node) -> Node:
    """A phase without a limit that is its own length."""
    return simplified(node) if isinstance(node, nodes.Limited) else node


def named(call: nodes.Call) -> nodes.Call:
    """Returns a call with all its arguments under their names, those that are left out too."""
    one = declared(call)
    if one is None or getattr(one, "variadic", False):
        return call
    names = [p.name for p in one.parameters]
    values = {a.name or names[i]: a.value for i, a in enumerate(call.arguments) if a.name or i < len(names)}
    for name in names:
        default = values.get(name) or default_of(one, name)
        if default is not None:  # the default of a parameter may be another parameter
            values[name] = values.get(default.id, default) if isinstance(default, nodes.Name) and default.id in names else default
    filled = ((name, values.get(name)) for name in names)
    return attrs.evolve(call, arguments=tuple(nodes.Argument(name, v, _HERE, _HERE) for name, v in filled if v is not None))


def _in_ticks(node: Node, schedule: Schedule) -> Node:
    """Returns a tree with ticks in the place of lengths with a unit, and of `rest` at the end of a sequence."""
    facts = schedule.clock.given()

    def ticks(part: Node) -> Node:
        if (isinstance(part, nodes.Quantity) and part.unit != "x") or part == nodes.Name("total", _HERE):
            try:
                length = parse(f"hold({canonical(part)})", **facts).length
            except ScheduleError:
                return part
            return part if length is None else node_of(exact(length))
        return rebuilt(part, ticks)

    node = ticks(node)
    phases = [(phase.start, phase.length) for phase in schedule.plan.phases]
    items = node.items if isinstance(node, nodes.Sequence) else (node,)
    if len(items) != len(phases):
        return node

    def rest(part: Node, length: Exact | None) -> Node:
        if part == nodes.Name("rest", _HERE) and length is not None:
            return node_of(length)
        return rebuilt(part, lambda inner: rest(inner, length))

    changed = tuple(rest(item, length) for item, (_, length) in zip(items, phases, strict=True))
    return attrs.evolve(node, items=changed) if isinstance(node, nodes.Sequence) else changed[0]


@attrs.define
class _Overlay:
    """Lays a pattern with holes over a tree. `later` are equations with several holes that are open."""

    values: dict[str, Node] = attrs.Factory(dict)
    later: list[tuple[Node, Node]] = attrs.Factory(list)

    def lay(self, pattern: Node, tree: Node) -> dict[str, Node] | None:
        """Returns the value of each hole; None if the two do not fit."""
        if not self._fits(pattern, tree):
            return None
        for _ in range(len(self.later) + 1):
            waiting, self.later = self.later, []
            if not all(self._fits(substituted(a, self.values), b) for a, b in waiting):
                return None
        return None if self.later else self.values

    def _fits(self, pattern: Node, tree: Node) -> bool:
        if isinstance(pattern, nodes.Name) and pattern.id.startswith(_HOLE):
            return self.values.setdefault(pattern.id, tree) == tree
        if isinstance(pattern, nodes.Call) and pattern.name == "bounce" and not (isinstance(tree, nodes.Call) and tree.name == "bounce"):
            return self._fits(pattern.arguments[0].value, tree)
        if isinstance(pattern, nodes.Call) and pattern.name == "restarts" and not (isinstance(tree, nodes.Call) and tree.name == "restarts"):
            times = next((a.value for a in pattern.arguments if a.name == "times"), nodes.Number(0, _HERE))
            return self._fits(times, nodes.Number(1, _HERE)) and self._fits(pattern.arguments[0].value, tree)
        if isinstance(pattern, nodes.Call) and pattern.name == "skip" and not (isinstance(tree, nodes.Call) and tree.name == "skip"):
            return self._fits(pattern.arguments[1].value, tree)
        if isinstance(pattern, nodes.Limited) and not isinstance(tree, nodes.Limited):
            return self._fits(pattern.body, tree)
        if not _holes(pattern):
            return pattern == tree or _equal(pattern, tree)
        if isinstance(pattern, nodes.Binary) or (isinstance(pattern, nodes.Call) and pattern.name in ("min", "max", "floor") and number_in(tree) is not None):
            return self._solves(pattern, tree)
        if type(pattern) is not type(tree):
            return False
        if isinstance(pattern, nodes.Call) and isinstance(tree, nodes.Call) and (pattern.name, tree.name) == ("linear", "warmup"):
            tree = _as_line(tree)
        match pattern, tree:
            case nodes.Call(), nodes.Call():
                return pattern.name == tree.name and self._arguments(pattern, tree)
            case _:
                mine, theirs = nodes.children(pattern), nodes.children(tree)
                return len(mine) == len(theirs) and all(self._fits(a, b) for a, b in zip(mine, theirs, strict=True))

    def _arguments(self, pattern: nodes.Call, tree: nodes.Call) -> bool:
        one, other = ({a.name or str(i): a.value for i, a in enumerate(call.arguments)} for call in (pattern, tree))
        if "from" in one and "from" not in other and _equal(one["from"], nodes.Name("base", _HERE)):  # where a run begins, a phase enters at the base
            del one["from"]
        if pattern.name == "restarts" and number_in(other.get("stretch", _ONE)) == 1 and "cut" in one:  # one length is cut once
            one["cut"] = other.get("cut", one["cut"])
        return one.keys() == other.keys() and all(self._fits(one[name], other[name]) for name in one)

    def _solves(self, pattern: Node, tree: Node) -> bool:
        """Solves an equation for its hole, by undoing one operation after the other."""
        open_holes = _holes(pattern) - self.values.keys()
        if self.values.keys() & _holes(pattern):
            return self._fits(substituted(pattern, self.values), tree)
        match pattern:
            case nodes.Binary("*", nodes.Name() as hole, nodes.Name("base")) if isinstance(tree, nodes.Quantity) and tree.unit == "x":
                return self._fits(hole, node_of(tree.value))
            case nodes.Binary("*", nodes.Name() as hole, nodes.Name("base")) if number_in(tree) == 0:
                return self._fits(hole, node_of(0))
            case nodes.Binary("*", nodes.Name() as hole, nodes.Name("base")) if tree == nodes.Name("base", _HERE):
                return self._fits(hole, node_of(1))
            case nodes.Binary(op, left, right):
                if len(open_holes) > 1:
                    if isinstance(tree, nodes.Binary) and tree.op == op:
                        return self._fits(left, tree.left) and self._fits(right, tree.right)
                    self.later.append((pattern, tree))
                    return True
                wanted = number_in(tree)
                if wanted is None:
                    return isinstance(tree, nodes.Binary) and tree.op == op and self._fits(left, tree.left) and self._fits(right, tree.right)
                operand = _number(right if _holes(left) else left)
                undone = None if operand is None else _undone(op, wanted, operand, bool(_holes(left)))
                return undone is not None and self._fits(left if _holes(left) else right, node_of(undone))
            case nodes.Call(_, arguments):  # min, max, floor: the side with the hole is taken, and the result is tested in the end
                inner = [a.value for a in arguments if _holes(a.value)]
                return len(inner) == 1 and self._fits(inner[0], tree)
            case _:
                return False


def _number(node: Node) -> Exact | None:
    """The number that a tree is, which may be cut to a whole one."""
    if isinstance(node, nodes.Call) and node.name == "floor" and len(node.arguments) == 1:
        inner = _number(node.arguments[0].value)
        return None if inner is None else floor(inner)
    return number_in(node)


def _as_line(warmup: nodes.Call) -> nodes.Call:
    """Returns a linear warmup from the base on as a line to the base, which it is where a run begins."""
    values = {a.name: a for a in warmup.arguments}
    if "shape" in values and values["shape"].value != nodes.Name("linear", _HERE):
        return warmup
    base = nodes.Argument("to", nodes.Quantity(1, "", "x", _HERE, _HERE), _HERE, _HERE)
    kept = [values[name] for name in ("n", "from", "touches") if name in values]
    return attrs.evolve(warmup, name="linear", arguments=(kept[0], base, *kept[1:]))


def _undone(op: str, wanted: Exact, operand: Exact, left: bool) -> Exact | None:
    match op:
        case "+":
            return wanted - operand
        case "-":
            return wanted + operand if left else operand - wanted
        case "*":
            return quotient(wanted, operand) if operand else None
        case "/":
            return wanted * operand if left else quotient(operand, wanted) if wanted else None
        case _:
            return None


def _holes(node: Node) -> set[str]:
    return {part.id for part in nodes.walk(node) if isinstance(part, nodes.Name) and part.id.startswith(_HOLE)}


def _equal(a: Node, b: Node) -> bool:
    """Whether two levels or phases without holes are written in two ways: 1x is base."""
    base = nodes.Name("base", _HERE)
    one = nodes.Quantity(1, "", "x", _HERE, _HERE)
    return {canonical(a), canonical(b)} == {canonical(base), canonical(one)} or (isinstance(a, nodes.Name) and isinstance(b, nodes.Call) and b.name == a.id)


def python_value(v: Any) -> Any:
    """Returns a value as a value of Python."""
    if isinstance(v, tuple):
        return [python_value(item) for item in v]
    return nearest_number(v) if is_number(v) else v

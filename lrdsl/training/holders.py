"""Follows a scheduler through a file, by the names that hold it, to where it is stepped, returned or given away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeAlias

import attrs

from lrdsl.training.walking import Place, Program, parameters

#: A name in a function, or an attribute in a class: the `id` of the function or the class (0 for none), and the name.
_Key: TypeAlias = "tuple[str, int, str]"
#: The most rounds in which names are followed.
_MAX_ROUNDS = 8
#: The names of optimizers.
OPTIMIZER = re.compile(r"optim|^opts?$|^opt_|_opts?$")
#: Methods that step a scheduler.
_STEPS = ("step", "step_update", "step_epoch")


@attrs.define(eq=False)
class Followed:
    """A scheduler, followed through a file.

    `steps` are the calls that step it, `loops` those over several schedulers, `calls` other calls that take it, with the expression that stands for it, and
    `returns` the returns of functions. `is_prepared` says that Accelerate steps it.
    """

    program: Program
    node: ast.Call
    steps: list[Place] = attrs.Factory(list)
    loops: list[ast.AST] = attrs.Factory(list)
    calls: list[tuple[Place, ast.expr]] = attrs.Factory(list)
    returns: list[Place] = attrs.Factory(list)
    is_prepared: bool = False
    _keys: set[_Key] = attrs.Factory(set)
    _returned: dict[int, set[int | None]] = attrs.Factory(dict)

    def holds(self, node: ast.AST, place: Place) -> bool:
        """Returns whether an expression is the scheduler, or one of several that it is among."""
        match node:
            case ast.Call() if node is self.node:
                return True
            case ast.Name(name):
                return ("name", id(self.program.scope(name, place.function)), name) in self._keys
            case ast.Attribute(ast.Name("self"), name):
                return ("self", id(place.owner), name) in self._keys or (
                    not any(key[0] == "own" and key[1:] == (id(place.owner), name) for key in self._keys) and ("any", 0, name) in self._keys
                )
            case ast.Attribute(_, name):
                return ("any", 0, name) in self._keys
            case ast.Subscript(value, ast.Constant(str(key))) if OPTIMIZER.search(key):
                return False  # a dictionary may have both
            case ast.Subscript(value):
                return self.holds(value, place)
            case ast.Starred(value):
                return self.holds(value, place)
            case _:
                return False

    def among(self, node: ast.AST | None, place: Place) -> bool:
        """Returns whether the scheduler stands in an expression as itself, or in a list, a choice or a dictionary."""
        match node:
            case None:
                return False
            case ast.List(items) | ast.Tuple(items) | ast.Set(items) | ast.BoolOp(_, items):
                return any(self.among(item, place) for item in items)
            case ast.IfExp(_, body, orelse):
                return self.among(body, place) or self.among(orelse, place)
            case ast.ListComp(element) | ast.GeneratorExp(element):
                return self.among(element, place)
            case ast.Dict(_, values):
                return any(self.among(value, place) for value in values)
            case ast.DictComp(_, value):
                return self.among(value, place)
            case ast.Call(ast.Name("zip" | "enumerate" | "reversed" | "list" | "tuple" | "filter"), arguments):
                return any(self.among(argument, place) for argument in arguments)
            case ast.Call(ast.Attribute(value, "values" | "items")):
                return self.holds(value, place)
            case _:
                return self.holds(node, place)

    @property
    def is_kept(self) -> bool:
        """Whether an attribute, a list or a dictionary holds the scheduler, or no name does: other files may step it."""
        return not any(key[0] == "name" for key in self._keys) or any(key[0] in ("self", "any") for key in self._keys) or bool(self.loops)

    def _keep(self, target: ast.AST, place: Place) -> None:
        match target:
            case ast.Name(name):
                self._keys.add(("name", id(self.program.scope(name, place.function)), name))
            case ast.Attribute(ast.Name("self"), name):
                self._keys |= {("self", id(place.owner), name), ("any", 0, name)}
            case ast.Attribute(_, name):
                self._keys.add(("any", 0, name))
            case ast.Subscript(value):
                self._keep(value, place)
            case ast.Starred(value):
                self._keep(value, place)
            case ast.Tuple(items) | ast.List(items):
                for item in items:
                    self._keep(item, place)
            case _:
                pass

    def follow(self) -> None:
        """Follows the scheduler until no further name holds it."""
        for place in self.program.assignments:  # attributes that other things are put into, by class
            for target in _targets(place):
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                    self._keys.add(("own", id(place.owner), target.attr))
        before = -1
        rounds = 0
        while before != len(self._keys) + sum(map(len, self._returned.values())) and rounds < _MAX_ROUNDS:
            before, rounds = len(self._keys) + sum(map(len, self._returned.values())), rounds + 1
            self._round()
        for place in self.program.calls:
            self._used(place)
        if len(self.steps) > 1:
            self.steps = [place for place in self.steps if not self._is_of_another(place)] or self.steps

    def _is_of_another(self, place: Place) -> bool:
        """Whether a name that is stepped holds another scheduler by then: it is assigned again in between, or the loop stands before this one is made."""
        receiver = place.node.func.value if isinstance(place.node, ast.Call) and isinstance(place.node.func, ast.Attribute) else None
        if not isinstance(receiver, ast.Name):
            return False
        made = next((one for one in self.program.calls if one.node is self.node), None)
        if made is None or made.function is not place.function or set(made.loops) & set(place.loops):
            return False
        line = receiver.lineno
        if line < self.node.lineno:
            return True
        return any(
            self.node.lineno < getattr(one.node, "lineno", 0) <= line and set(one.within) <= set(place.within) and not self._mentions(one)
            for one in self.program.assignments
            if one.function is place.function and any(isinstance(target, ast.Name) and target.id == receiver.id for target in _targets(one))
        )

    def _mentions(self, place: Place) -> bool:
        """Whether the value of an assignment is made of the scheduler."""
        value = _value(place)
        return value is not None and any(self.holds(part, place) for part in ast.walk(value))

    def _round(self) -> None:
        for place in self.program.assignments:
            assert isinstance(place.node, ast.Assign | ast.AnnAssign)
            if place.node.value is not None:
                for target in _targets(place):
                    self._assign(target, place.node.value, place)
        for place in self.program.loops:
            loop = place.node
            if isinstance(loop, ast.For) and self.among(loop.iter, place):
                self._keep(loop.target, place)
                if loop not in self.loops:
                    self.loops.append(loop)
        for place in self.program.calls:
            match place.node:
                case ast.Call(ast.Attribute(several, "append" | "extend" | "insert"), arguments) if any(self.among(a, place) for a in arguments):
                    self._keep(several, place)
                case _:
                    pass
            for function, name, argument in self._passed(place):
                if self.among(argument, place):
                    self._keys.add(("name", id(function.node), name))
        for place in self.program.returns:
            assert isinstance(place.node, ast.Return)
            value = place.node.value
            if isinstance(value, ast.Tuple):
                positions: set[int | None] = {i for i, item in enumerate(value.elts) if self.among(item, place)}
            else:
                positions = {None} if self.among(value, place) else set()
            if positions:
                self._returned.setdefault(id(place.function), set()).update(positions)
                if place not in self.returns:
                    self.returns.append(place)

    def _assign(self, target: ast.expr, value: ast.expr, place: Place) -> None:
        several = target.elts if isinstance(target, ast.Tuple | ast.List) else None
        if isinstance(value, ast.Tuple | ast.List) and several is not None and len(several) == len(value.elts):
            for one, item in zip(several, value.elts, strict=True):
                self._assign(one, item, place)
            return
        if self.among(value, place):
            self._keep(target, place)
            return
        if not isinstance(value, ast.Call):
            return
        function = self.program.called(value, place)
        if function is not None:
            for position in self._returned.get(id(function.node), ()):
                if position is None or several is None:
                    self._keep(target, place)
                elif position < len(several):
                    self._keep(several[position], place)
        elif isinstance(value.func, ast.Attribute) and value.func.attr in ("prepare", "prepare_scheduler"):
            places = [i for i, argument in enumerate(value.args) if self.among(argument, place)]
            if places:
                self.is_prepared = True
                if several is None:
                    self._keep(target, place)
                elif len(several) == len(value.args):
                    for i in places:
                        self._keep(several[i], place)

    def _passed(self, place: Place) -> Iterator[tuple[Place, str, ast.expr]]:
        """The parameters of functions of the file that a call fills, each with its argument."""
        call = place.node
        assert isinstance(call, ast.Call)
        function = self.program.called(call, place) or self._constructor(call)
        if function is None:
            return
        assert isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef)
        names = [a.arg for a in parameters(function.node)]
        if function.owner is not None and names and names[0] in ("self", "cls"):
            names = names[1:]
        for name, argument in zip(names, call.args, strict=False):
            yield function, name, argument
        for keyword in call.keywords:
            if keyword.arg in names:
                yield function, keyword.arg, keyword.value

    def _constructor(self, call: ast.Call) -> Place | None:
        if not isinstance(call.func, ast.Name):
            return None
        places = [p for p in self.program.functions.get("__init__", ()) if p.owner is not None and p.owner.name == call.func.id]
        return places[0] if len(places) == 1 else None

    def _used(self, place: Place) -> None:
        call = place.node
        assert isinstance(call, ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _STEPS and self.holds(call.func.value, place):
            self.steps.append(place)
        elif call is not self.node:
            arguments = [*call.args, *(k.value for k in call.keywords)]
            self.calls.extend((place, argument) for argument in arguments if self.among(argument, place))


def followed(program: Program, call: ast.Call) -> Followed:
    """Returns a scheduler, the value of a call, followed through its file."""
    scheduler = Followed(program, call)
    scheduler.follow()
    return scheduler


def _value(place: Place) -> ast.expr | None:
    node = place.node
    return node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None


def _targets(place: Place) -> list[ast.expr]:
    node = place.node
    return node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []

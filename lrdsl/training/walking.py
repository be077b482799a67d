"""What a Python file does, and in which loops: `Program` has its functions, calls, assignments and returns, each with the statements that it stands in."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

import attrs

from lrdsl.dialects.code.names import word_of

#: A function of the file; None for the code outside of all functions.
Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None"
#: A loop.
Loop: TypeAlias = "ast.For | ast.AsyncFor | ast.While"
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
#: How far calls are followed upward, and how many ways there are to one place that are looked at.
_MAX_DEPTH, MAX_WAYS = 8, 12
#: The most nodes of a file.
_MAX_NODES = 400_000


@attrs.frozen
class Test:
    """A condition that a statement stands under: its expression, and whether it is to hold. `with accelerator.accumulate(model)` is one for what steps."""

    expression: ast.expr
    holds: bool


@attrs.frozen(eq=False)
class Place:
    """A node, and what it stands in: its function, its class, and the loops and conditions in the function, from the outside in."""

    node: ast.AST
    function: Function
    owner: ast.ClassDef | None
    within: tuple[Loop | Test, ...] = ()

    @property
    def word(self) -> str:
        """The last word of what is called, for the place of a call; "" for any other."""
        return word_of(self.node.func) if isinstance(self.node, ast.Call) else ""

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops alone."""
        return tuple(one for one in self.within if isinstance(one, _LOOPS))


@attrs.frozen(slots=False, eq=False)
class Program:
    """A file: the places of its calls, assignments and returns, and its functions by name, each with its place."""

    calls: tuple[Place, ...]
    assignments: tuple[Place, ...]
    returns: tuple[Place, ...]
    loops: tuple[Place, ...]
    functions: Mapping[str, tuple[Place, ...]]

    @cached_property
    def bound(self) -> Mapping[int, frozenset[str]]:
        """The names that each function binds, by the `id` of its node."""
        names: dict[int, set[str]] = {}
        for place in (*self.assignments, *self.loops):
            targets = place.node.targets if isinstance(place.node, ast.Assign) else [getattr(place.node, "target", None)]
            for target in targets:
                for part in ast.walk(target) if target is not None else ():
                    if isinstance(part, ast.Name):
                        names.setdefault(id(place.function), set()).add(part.id)
        for places in self.functions.values():
            for place in places:
                assert isinstance(place.node, ast.FunctionDef | ast.AsyncFunctionDef)
                names.setdefault(id(place.node), set()).update(a.arg for a in parameters(place.node))
        return {key: frozenset(words) for key, words in names.items()}

    @cached_property
    def _outer(self) -> Mapping[int, Place]:
        """The place of each function, by the `id` of its node."""
        return {id(place.node): place for places in self.functions.values() for place in places}

    def scope(self, name: str, function: Function) -> Function:
        """Returns the function whose name a name is, seen from within a function; None if the file's own code binds it, or nothing does."""
        while function is not None:
            if name in self.bound.get(id(function), ()):
                return function
            place = self._outer.get(id(function))
            function = place.function if place is not None else None
        return None

    def called(self, call: ast.Call, place: Place) -> Place | None:
        """Returns the function of the file that a call calls: by its name, as a method of `self`, or by a name that only one method has."""
        match call.func:
            case ast.Name(name):
                places = [p for p in self.functions.get(name, ()) if p.owner is None]
            case ast.Attribute(ast.Name("self" | "cls"), name):
                places = [p for p in self.functions.get(name, ()) if p.owner is place.owner] or [p for p in self.functions.get(name, ()) if p.owner is not None]
            case ast.Attribute(_, name) if name not in _COMMON:
                places = [p for p in self.functions.get(name, ()) if p.owner is not None]
            case _:
                return None
        return places[0] if len(places) == 1 else None

    @cached_property
    def _callers(self) -> Mapping[int, tuple[Place, ...]]:
        """The calls of each function, by the `id` of its node."""
        callers: dict[int, list[Place]] = {}
        for place in self.calls:
            assert isinstance(place.node, ast.Call)
            target = self.called(place.node, place)
            if target is not None:
                callers.setdefault(id(target.node), []).append(place)
        return {key: tuple(places) for key, places in callers.items()}

    def ways(self, place: Place) -> list[tuple[Loop | Test, ...]]:
        """Returns the loops and conditions that a place stands in, those around the calls of its function included: one list for each way that leads there."""
        return [within for within, _ in self._ways(place, (), 0)][:MAX_WAYS]

    def _ways(self, place: Place, seen: tuple[int, ...], depth: int) -> Iterator[tuple[tuple[Loop | Test, ...], int]]:
        callers = self._callers.get(id(place.function), ()) if place.function is not None else ()
        callers = tuple(caller for caller in callers if id(caller.function) not in seen and caller.function is not place.function)
        if not callers or depth >= _MAX_DEPTH:
            yield place.within, depth
            return
        for caller in callers[:MAX_WAYS]:
            for within, deep in self._ways(caller, (*seen, id(place.function)), depth + 1):
                yield (*within, *place.within), deep


#: Names of methods that everything has.
_COMMON = frozenset(
    ("step", "forward", "get", "items", "append", "update", "keys", "values", "to", "eval", "format", "join", "__init__", "add", "close", "run_step")
)


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """Returns the parameters of a function, in their order."""
    a = function.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *([a.vararg] if a.vararg else []), *([a.kwarg] if a.kwarg else [])]


def program_of(tree: ast.Module) -> Program:
    """Returns what a file does. Raises `RecursionError` for one that is nested too deeply."""
    walker = _Walker()
    walker.block(tree.body, Place(tree, None, None))
    functions: dict[str, list[Place]] = {}
    for place in walker.functions:
        assert isinstance(place.node, ast.FunctionDef | ast.AsyncFunctionDef)
        functions.setdefault(place.node.name, []).append(place)
    return Program(
        tuple(walker.calls), tuple(walker.assignments), tuple(walker.returns), tuple(walker.loops), {name: tuple(places) for name, places in functions.items()}
    )


@attrs.define
class _Walker:
    calls: list[Place] = attrs.Factory(list)
    assignments: list[Place] = attrs.Factory(list)
    returns: list[Place] = attrs.Factory(list)
    loops: list[Place] = attrs.Factory(list)
    functions: list[Place] = attrs.Factory(list)

    def block(self, statements: list[ast.stmt], place: Place) -> None:
        """Walks statements that stand in a place."""
        for i, statement in enumerate(statements):
            self.statement(statement, place)
            # What stands after `if test: continue` is under the opposite of the test.
            if isinstance(statement, ast.If) and not statement.orelse and statement.body and isinstance(statement.body[-1], ast.Continue):
                self.block(statements[i + 1 :], attrs.evolve(place, within=(*place.within, Test(statement.test, False))))
                return

    def statement(self, node: ast.stmt, place: Place) -> None:
        """Walks a statement."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in node.decorator_list:
                    self.expression(decorator, place)
                self.functions.append(attrs.evolve(place, node=node))
                self.block(node.body, Place(node, node, place.owner if place.function is None else None))
            case ast.ClassDef():
                self.block(node.body, Place(node, place.function, node))
            case ast.If(test, body, orelse):
                self.expression(test, place)
                self.block(body, attrs.evolve(place, within=(*place.within, Test(test, True))))
                self.block(orelse, attrs.evolve(place, within=(*place.within, Test(test, False))))
            case ast.For() | ast.AsyncFor() | ast.While():
                self.expression(node.test if isinstance(node, ast.While) else node.iter, place)
                self.loops.append(attrs.evolve(place, node=node))
                self.block(node.body, attrs.evolve(place, within=(*place.within, node)))
                self.block(node.orelse, place)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.expression(item.context_expr, place)
                    if (
                        isinstance(item.context_expr, ast.Call)
                        and isinstance(item.context_expr.func, ast.Attribute)
                        and item.context_expr.func.attr == "accumulate"
                    ):
                        place = attrs.evolve(place, within=(*place.within, Test(item.context_expr, True)))
                self.block(node.body, place)
            case ast.Try() | ast.Match():
                blocks = (
                    [case.body for case in node.cases]
                    if isinstance(node, ast.Match)
                    else [node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody]
                )
                for block in blocks:
                    self.block(block, place)
            case ast.Assign() | ast.AnnAssign():
                self.assignments.append(attrs.evolve(place, node=node))
                if node.value is not None:
                    self.expression(node.value, place)
            case ast.Return():
                self.returns.append(attrs.evolve(place, node=node))
                if node.value is not None:
                    self.expression(node.value, place)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.expression(child, place)

    def expression(self, node: ast.expr, place: Place) -> None:
        """Lists the calls in an expression."""
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                self.calls.append(attrs.evolve(place, node=part))

"""Which binding a name of a Python file means at a place: that of a function, of a class, of a comprehension, or of the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs

_Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@attrs.define
class Bindings:
    """The scopes of the `tree` of a file; `parents` has each node's parent, by its `id`."""

    tree: ast.Module
    parents: Mapping[int, ast.AST]
    bound: dict[int, dict[str, list[int]]] = attrs.Factory(dict)
    stored: dict[str, list[tuple[bool, int]]] | None = None

    def scope(self, name: str, node: ast.AST) -> ast.AST:
        """Returns the node in which a name that is used at a node is bound: a function, a class, a comprehension, or else the file."""
        child, in_function = node, False
        parent = self.parents.get(id(child))
        while parent is not None:
            if isinstance(parent, _FUNCTIONS) and _is_body(parent, child):
                in_function = True
                if name in _declared(parent, ast.Global):
                    return self.tree
                if name in self._bound(parent) and name not in _declared(parent, ast.Nonlocal):
                    return parent
            elif isinstance(parent, ast.ClassDef):
                if not in_function and child in parent.body and name in self._bound(parent):
                    return parent
            elif isinstance(parent, _COMPREHENSIONS) and name in _targets(parent):
                return parent
            child, parent = parent, self.parents.get(id(parent))
        return self.tree

    def function(self, node: ast.AST) -> ast.AST:
        """Returns the function that a node stands in; the file outside of all."""
        child, parent = node, self.parents.get(id(node))
        while parent is not None and not (isinstance(parent, _FUNCTIONS) and _is_body(parent, child)):
            child, parent = parent, self.parents.get(id(parent))
        return parent or self.tree

    def misfit(self, expression: ast.expr, place: ast.expr) -> str:
        """Returns why an expression of the file has another value where it is evaluated once, at a place, than where it stands; "" if it has the same."""
        later = self.function(expression) is not self.function(place)
        for part in ast.walk(expression):
            if isinstance(part, ast.Name):
                scope = self.scope(part.id, expression)
                if scope is not self.scope(part.id, place):
                    return f"`{part.id}` is another name, or none, where the scheduler is made"
                if later and any(line > (place.end_lineno or place.lineno) for line in self._bound(scope).get(part.id, ())):
                    return f"`{part.id}` changes later, and its function would see that"
            elif later and isinstance(part, ast.Attribute) and self._moves(part, place):
                return f"`{ast.unparse(part)}` changes later, and its function would see that"
        return ""

    def _moves(self, attribute: ast.Attribute, place: ast.expr) -> bool:
        """Whether an attribute is counted up anywhere, or assigned after a place."""
        if self.stored is None:
            self.stored = {}
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    self.stored.setdefault(ast.unparse(node), []).append((isinstance(self.parents.get(id(node)), ast.AugAssign), node.lineno))
        return any(counted or line > (place.end_lineno or place.lineno) for counted, line in self.stored.get(ast.unparse(attribute), ()))

    def _bound(self, scope: ast.AST) -> dict[str, list[int]]:
        """The lines of the bindings of each name in a scope."""
        if id(scope) not in self.bound:
            names: dict[str, list[int]] = {}
            for name, line in _bindings(scope):
                names.setdefault(name, []).append(line)
            self.bound[id(scope)] = names
        return self.bound[id(scope)]


def _targets(comprehension: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> set[str]:
    return {part.id for one in comprehension.generators for part in ast.walk(one.target) if isinstance(part, ast.Name)}


def _is_body(function: _Function, child: ast.AST) -> bool:
    """Whether a part of a function is evaluated when it is called; its defaults and decorators are not."""
    return child is function.body if isinstance(function, ast.Lambda) else child in function.body


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of scopes inside it."""
    body = scope.body if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) else []
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def _declared(function: _Function, kind: type[ast.Global] | type[ast.Nonlocal]) -> set[str]:
    return {name for node in _inside(function) if isinstance(node, kind) for name in node.names}


def _bindings(scope: ast.AST) -> Iterator[tuple[str, int]]:
    """The names that a scope binds, each with the line."""
    if isinstance(scope, _FUNCTIONS):
        a = scope.args
        for one in (*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x is not None)):
            yield one.arg, one.lineno
    for node in _inside(scope):
        match node:
            case ast.Name(name, ast.Store() | ast.Del()):
                yield name, node.lineno
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield name, node.lineno
            case ast.Import(aliases) | ast.ImportFrom(_, aliases):
                yield from ((alias.asname or alias.name.partition(".")[0], node.lineno) for alias in aliases)
            case ast.ExceptHandler(_, str() as name) | ast.MatchAs(_, str() as name) | ast.MatchStar(str() as name):
                yield name, node.lineno
            case _:
                pass

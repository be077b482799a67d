"""The faults: each a change of one place of a module's syntax tree, so that what comes of it compiles."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

import attrs

_COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}
#: Wording, types and what stops a program are not changed: the first is for people, the others say what must not be.
_LEFT = (ast.Assert, ast.JoinedStr, ast.Raise, ast.Import, ast.ImportFrom)
_LEFT_FIELDS = {"annotation", "returns", "decorator_list"}

#: A node of a tree, the innermost statement that it is in, what puts another node in its place, and what its parent calls it.
_Place: TypeAlias = "tuple[ast.AST, ast.stmt, Callable[[ast.AST], None], str]"


@attrs.frozen(eq=False)
class Mutant:
    """A module with one fault: its syntax tree, what the fault changes, and the lines of it and of the statement that it is in."""

    path: Path
    tree: ast.Module
    diff: str
    lines: tuple[int, int]


def faults(path: Path) -> list[tuple[Path, int]]:
    """All faults of a module, by number."""
    return [(path, number) for number, _ in enumerate(_faults(ast.parse(path.read_text("utf-8"))))]


def mutant(path: Path, number: int) -> Mutant:
    """A module with one of its faults."""
    tree = ast.parse(path.read_text("utf-8"))
    before = ast.unparse(tree).splitlines()
    (node, statement, put, _), fault = list(_faults(tree))[number]
    put(ast.copy_location(fault, node))
    ast.fix_missing_locations(tree)
    changed = _shortened(
        [line for line in difflib.unified_diff(before, ast.unparse(tree).splitlines(), n=0, lineterm="") if line[:2] not in ("--", "++", "@@")]
    )
    return Mutant(path, tree, "\n".join(changed), (getattr(node, "lineno", statement.lineno), statement.lineno))


def _shortened(lines: list[str]) -> list[str]:
    """The lines of a diff; of two long ones, what is near their difference."""
    if len(lines) != 2 or max(map(len, lines)) <= 200:
        return lines
    same = next(i for i, (a, b) in enumerate(zip(lines[0][1:], lines[1][1:], strict=False)) if a != b)
    start = max(same - 60, 0)
    return [f"{line[0]} ... {line[1 + start : same + 60]} ..." for line in lines]


def _faults(tree: ast.Module) -> Iterator[tuple[_Place, ast.AST]]:
    for place in _places(tree, None):
        node, _, _, field = place
        yield from ((place, fault) for fault in _replaced(node))
        if field in ("test", "ifs") and isinstance(node, ast.expr) and not isinstance(node, ast.Compare | ast.UnaryOp):
            yield place, ast.UnaryOp(ast.Not(), node)


def _places(parent: ast.AST, statement: ast.stmt | None) -> Iterator[_Place]:
    """Every node below one that may be changed."""
    for field, value in ast.iter_fields(parent):
        for i, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or isinstance(node, _LEFT) or field in _LEFT_FIELDS or _is_for_types(node):
                continue
            inside = node if isinstance(node, ast.stmt) else statement
            if inside is not None:
                yield node, inside, partial(setattr, parent, field) if i is None else partial(value.__setitem__, i), field
            yield from _places(node, inside)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _replaced(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a node."""
    match node:
        case ast.Compare(ops=[op, *others]) if type(op) in _COMPARISONS:
            yield ast.Compare(node.left, [_COMPARISONS[type(op)](), *others], node.comparators)
        case ast.BinOp() if type(node.op) in _OPERATORS:
            yield ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
            yield node.values[0] if len(node.values) == 2 else ast.BoolOp(node.op, node.values[:-1])
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS:
            yield ast.Call(ast.Name(_FUNCTIONS[name], ast.Load()), node.args, node.keywords)
        case ast.Call(args=[first, second, *others]) if not any(isinstance(a, ast.Starred) for a in node.args):
            yield ast.Call(node.func, [second, first, *others], node.keywords)
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Continue() | ast.Break():
            yield ast.Pass()

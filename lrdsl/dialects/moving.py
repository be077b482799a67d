"""Moves a Python file to lrdsl: puts `lrdsl.compile(...)` where it makes a scheduler of another library. The layout of the file is kept, by libcst."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping

import attrs
import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

from lrdsl.dialects.code.calls import Call, calls
from lrdsl.dialects.simplifying import text_of
from lrdsl.syntax.nodes import Extent


@attrs.frozen
class Left:
    """A scheduler that was left in place, and why."""

    call: Call
    reason: str


@attrs.frozen
class Moved:
    """A file after the move: its `text`, the calls that were `replaced`, and those that were `left`."""

    text: str
    replaced: tuple[Call, ...]
    left: tuple[Left, ...]


def moved(source: str) -> Moved:
    """Returns a file with lrdsl's schedulers in the place of those that could be read.

    >>> print(moved('''from torch.optim.lr_scheduler import StepLR
    ... scheduler = StepLR(optimizer, step_size=args.n)  # drops
    ... ''').text)
    import lrdsl
    <BLANKLINE>
    scheduler = lrdsl.compile("step(n)", optimizer, names={"n": args.n})  # drops
    <BLANKLINE>
    """
    made_calls = calls(source)
    tree = ast.parse(source) if made_calls else ast.Module([], [])
    reasons = {id(call): _reason(call, tree) for call in made_calls}
    replaced = tuple(call for call in made_calls if not reasons[id(call)])
    left = tuple(Left(call, reasons[id(call)]) for call in made_calls if reasons[id(call)])
    if not replaced:
        return Moved(source, (), left)
    gone = {_place(part) for call in replaced for part in call.parts if not _inside(part, call)}
    context = CodemodContext()
    mover = _Mover({_place(call.node): _expression(call) for call in replaced}, gone, source)
    module = MetadataWrapper(cst.parse_module(source)).visit(mover)
    for call in replaced:
        assert call.dialect.door is not None
        AddImportsVisitor.add_needed_import(context, call.dialect.door[0])
    for call in replaced:
        for node in (call.node, *call.parts):
            _drop_import(context, tree, node)
    module = _with_imports(context, module)
    text = RemoveImportsVisitor(context).transform_module(module).code
    return (
        Moved(text, replaced, left)
        if _is_python(text)
        else Moved(source, (), (*left, *(Left(call, "the file would not be Python any more") for call in replaced)))
    )


def _reason(call: Call, tree: ast.Module) -> str:
    """Returns why a call stays; empty for one that can be replaced."""
    if call.written is None or call.named is None:
        return call.problem
    if call.dialect.name == "timm":
        return "timm's `step(epoch)` and lrdsl's `step()` count otherwise: change the loop by hand"
    if call.dialect.door is None:
        return f"lrdsl has no function in the place of one of {call.dialect.title}"
    if call.named.beside and call.dialect.name in ("torch", "transformers") and call.optimizer is None:
        return "the optimizer is not known"
    if call.dialect.door[0] == "lrdsl" and call.optimizer is None:
        return "it has no argument `optimizer`"
    if call.written.notes and not call.written.beside and any("momentum" in note for note in call.written.notes):
        return "it changes the momentum too, and the file does not say which optimizer it has: add `cycle_momentum=False`, or write both targets by hand"
    epoch = next((k.value for k in call.node.keywords if k.arg == "last_epoch"), None)
    if epoch is not None and not (isinstance(epoch, ast.UnaryOp) and isinstance(epoch.operand, ast.Constant) and epoch.operand.value == 1):
        return "`last_epoch` is given: go on with `scheduler.seek(...)`, or load the state"
    for part in call.parts:
        if not _inside(part, call) and _uses(tree, part) != 1:
            return "a part of it is used elsewhere too"
    return ""


def _inside(part: ast.expr, call: Call) -> bool:
    """Whether a part stands within the call."""
    return _start(call.node) <= _start(part) and _end(part) <= _end(call.node)


def _start(node: ast.expr) -> Extent:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> Extent:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def _uses(tree: ast.Module, part: ast.Call) -> int:
    """Returns how often the name is used that a part is assigned to; 0 if it is no plain assignment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _place(node.value) == _place(part) and len(node.targets) == 1:
            target = ast.dump(node.targets[0]).replace("Store()", "Load()")
            return sum(isinstance(other, ast.Name | ast.Attribute) and ast.dump(other) == target for other in ast.walk(tree))
    return 0


def _place(node: ast.expr) -> tuple[int, int, int, int]:
    return (*_start(node), *_end(node))


def _expression(call: Call) -> str:
    """Returns the Python of lrdsl's scheduler."""
    assert call.named is not None
    assert call.dialect.door is not None
    module, function = call.dialect.door
    arguments = [json.dumps(text_of(call.named), ensure_ascii=False)]
    if module == "lrdsl" and call.optimizer is not None:
        arguments.append(ast.unparse(call.optimizer))
    if call.expressions:
        arguments.append("names={" + ", ".join(f'"{name}": {text}' for name, text in call.expressions.items()) + "}")
    return f"{module}.{function}({', '.join(arguments)})"


def _with_imports(context: CodemodContext, module: cst.Module) -> cst.Module:
    """Adds the imports that are needed behind the first ones of the file, before which a program may have things to do: commands of a notebook, say."""
    imports = [i for i, line in enumerate(module.body) if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Import | cst.ImportFrom)]
    first = imports[0] if imports else 0
    after = AddImportsVisitor(context).transform_module(module.with_changes(body=module.body[first:]))
    return after.with_changes(body=(*module.body[:first], *after.body))


def _drop_import(context: CodemodContext, tree: ast.Module, node: ast.Call) -> None:
    """Lets the import of a scheduler go, if nothing else uses it."""
    root = node.func
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return
    for statement in ast.walk(tree):
        if isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                if (alias.asname or alias.name) == root.id:
                    RemoveImportsVisitor.remove_unused_import(context, statement.module, alias.name, alias.asname)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Mover(cst.CSTTransformer):
    """Replaces calls by their places, and takes away the assignments of others."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, replaced: Mapping[tuple[int, int, int, int], str], gone: set[tuple[int, int, int, int]], source: str) -> None:
        super().__init__()
        self.replaced, self.gone = replaced, gone
        self.lines = source.splitlines()

    def _place(self, node: cst.CSTNode) -> tuple[int, int, int, int]:
        """The place of a node as `ast` counts it: columns in bytes."""
        where = self.get_metadata(PositionProvider, node)
        return (where.start.line, self._bytes(where.start), where.end.line, self._bytes(where.end))

    def _bytes(self, position: object) -> int:
        line, column = position.line, position.column  # type: ignore[attr-defined]
        return len(self.lines[line - 1][:column].encode()) if line <= len(self.lines) else column

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        expression = self.replaced.get(self._place(original_node))
        return updated_node if expression is None else cst.parse_expression(expression)

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.RemovalSentinel:
        for statement in original_node.body:
            if isinstance(statement, cst.Assign) and isinstance(statement.value, cst.Call) and self._place(statement.value) in self.gone:
                return cst.RemoveFromParent()
        return updated_node

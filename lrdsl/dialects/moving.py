"""Moves a Python file to lrdsl: puts `lrdsl.compile(...)` where it makes a scheduler of another library. The layout of the file is kept, by libcst."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

import attrs
import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

from lrdsl.dialects.code.bindings import Bindings
from lrdsl.dialects.code.calls import Call, calls
from lrdsl.dialects.code.counts import argument_of
from lrdsl.dialects.code.names import Names, names_of, word_of
from lrdsl.dialects.code.parsing import tree_of
from lrdsl.dialects.code.values import Scope
from lrdsl.dialects.entry import UnreadableError
from lrdsl.dialects.simplifying import text_of
from lrdsl.syntax import nodes
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
    tree = tree_of(source) or ast.Module([], [])
    made_calls = calls(source, tree=tree)
    if len(source) > MAX_SOURCE:
        return Moved(source, (), tuple(Left(call, f"the file has more than {MAX_SOURCE:,} characters: change it by hand") for call in made_calls))
    held, uses = names_of(tree), _Uses.in_tree(tree)
    reasons = {id(call): _reason(call, source, uses, held) for call in made_calls}
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


def _reason(call: Call, source: str, uses: _Uses, names: Names) -> str:
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
    epoch = argument_of(call.node, call.entry, "last_epoch")
    if epoch is not None and (_number(epoch, source, names) != -1 or not isinstance(epoch, ast.UnaryOp | ast.Name)):
        return "`last_epoch` is given: go on with `scheduler.seek(...)`, or load the state"
    if call.dialect.door[0] == "lrdsl" and (problem := _problem(call, uses)):
        return problem
    for expression in call.met:
        if problem := uses.bindings.misfit(expression, call.node):
            return problem
    if call.broken:
        return call.broken
    if call.dialect.name == "torch" and call.optimizer is not None and not {call.entry.name, *(entry.name for _, entry in call.inner)} <= _BY_STEP:
        line = _sets_the_rate(call.optimizer, uses)
        if line is not None:
            return f"line {line} sets the rate of `{ast.unparse(call.optimizer)}` itself, and torch goes on from there"
    for part in call.parts:
        if not _inside(part, call) and len(uses.of(part)) != 1:
            return "a part of it is used elsewhere too"
    return ""


#: The schedulers of torch that compute each rate from the base alone, whatever the rate is meanwhile.
_BY_STEP = frozenset(("LambdaLR", "CyclicLR", "OneCycleLR", "CosineAnnealingWarmRestarts"))


def _sets_the_rate(optimizer: ast.expr, uses: _Uses) -> int | None:
    """The line in which the file assigns the rate of the param groups of an optimizer; None if it does not."""
    wanted = ast.dump(ast.Attribute(optimizer, "param_groups", ast.Load()))
    for node in ast.walk(uses.bindings.tree):
        match node:
            case ast.Subscript(ast.Subscript(groups), ast.Constant("lr"), ast.Store()) if ast.dump(groups) == wanted:
                return node.lineno
            case ast.For(ast.Name(name), groups, body) if ast.dump(groups) == wanted:
                for part in (inner for statement in body for inner in ast.walk(statement)):
                    match part:
                        case ast.Subscript(ast.Name(group), ast.Constant("lr"), ast.Store()) if group == name:
                            return part.lineno
            case _:
                pass
    return None


def _inside(part: ast.expr, call: Call) -> bool:
    """Whether a part stands within the call."""
    return _start(call.node) <= _start(part) and _end(part) <= _end(call.node)


def _start(node: ast.expr) -> Extent:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> Extent:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def _number(node: ast.expr, source: str, names: Names) -> Any:
    """Returns the number that an expression is, by what the file says; None for an unknown one."""
    try:
        return Scope(names, source).value(node)
    except UnreadableError:
        return None


#: The longest file that is changed, in characters.
MAX_SOURCE = 300_000
#: What a scheduler of torch and one of lrdsl both have.
SHARED = frozenset(("base_lrs", "get_last_lr", "get_lr", "last_epoch", "load_state_dict", "optimizer", "state_dict", "step", "_last_lr", "_step_count"))
#: Words of metrics, which a step may be given, and that lrdsl leaves alone where the schedule follows none.
_METRIC = re.compile(r"loss|acc|metric|score|val|err|f1|auc|iou|dice|bleu|ppl|perplexity|best|wer|psnr", re.IGNORECASE)


def _problem(call: Call, uses: _Uses) -> str:
    """Returns what the file does with a scheduler that lrdsl's does not take; "" if it does nothing of the kind."""
    follows = call.named is not None and any(isinstance(node, nodes.Call) and node.name == "plateau" for node in nodes.walk(call.named.schedule))
    for use in uses.of(call.node):
        outer = uses.parents.get(id(use))
        match outer, uses.parents.get(id(outer)):
            case ast.Attribute(_, name), _ if name not in SHARED:
                return f"line {use.lineno} uses its `{name}`, which lrdsl's scheduler does not have"
            case ast.Attribute(_, "step"), ast.Call(function, arguments, keywords) if function is outer:
                given = [*arguments[1:], *(k.value for k in keywords if k.arg == "epoch")] if follows else [*arguments, *(k.value for k in keywords)]
                if any(follows or not _METRIC.search(ast.unparse(argument)) for argument in given):
                    return f"its `step({ast.unparse(given[0])})` in line {use.lineno} sets the tick outright: write `seek(...)` there"
            case ast.Call(ast.Name("isinstance"), [first, kinds]), _ if first is use and word_of(kinds) not in ("LRScheduler", "_LRScheduler"):
                return f"line {use.lineno} asks for its class"
            case _:
                pass
    return ""


@attrs.frozen
class _Uses:
    """The uses of the names of a file: the `targets` of its assignments of a call, by the call's place; the nodes of each name; parents; and bindings."""

    targets: Mapping[tuple[int, int, int, int], str]
    named: Mapping[str, list[ast.expr]]
    parents: Mapping[int, ast.AST]
    bindings: Bindings

    @classmethod
    def in_tree(cls, tree: ast.Module) -> _Uses:
        targets: dict[tuple[int, int, int, int], str] = {}
        named: dict[str, list[ast.expr]] = {}
        parents: dict[int, ast.AST] = {}
        for node in ast.walk(tree):
            parents.update((id(child), node) for child in ast.iter_child_nodes(node))
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
                targets.setdefault(_place(node.value), ast.dump(node.targets[0]).replace("Store()", "Load()"))
            if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)):
                named.setdefault(ast.dump(node), []).append(node)
        return cls(targets, named, parents, Bindings(tree, parents))

    def of(self, part: ast.Call) -> list[ast.expr]:
        """Returns the uses of the name that a call is assigned to; none if it is no plain assignment."""
        return self.named.get(self.targets.get(_place(part), ""), [])


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
    epoch = argument_of(call.node, call.entry, "last_epoch")
    if module == "lrdsl" and isinstance(epoch, ast.Name):  # a default of the file, which may be another number
        arguments.append(f"last_epoch={ast.unparse(epoch)}")
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

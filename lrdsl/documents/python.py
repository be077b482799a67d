"""Configs that are files of Python, as mmengine's: their assignments of literals and `dict(...)` calls, read by `ast`. Nothing is run or imported."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import attrs

from lrdsl.documents import MAX_DEPTH, Builder, Items, Opaque, Table, UnreadableError, documents, refuse_odd
from lrdsl.documents.beside import inside, text_inside

#: The most files that one config may build on, all together.
MAX_FILES = 50
#: The largest number that arithmetic here works on.
_LARGEST = 10**15
_LONGEST_LINE = 2000
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
#: How a config says that it replaces what it builds on, and what it builds on.
_DELETE, _BASE = "_delete_", "_base_"
#: The keys of YAML and JSON that name the files that a config builds on: mmengine's, and detectron2's.
BASES = (_BASE, "_BASE_")


def read(text: str) -> list[Any]:
    """Returns the one document of a text: its names and their values."""
    return [_Reader.of(text, {}).document]


def with_bases(text: str, name: PurePath, folder: Path | None, format: str = "python") -> list[Any]:
    """Returns the document of a config, merged into those that it builds on. They are read if they are inside `folder`."""
    refuse_odd(text)
    return [_whole(text, Path(name), folder, [MAX_FILES], format)]


def _whole(text: str, path: Path, folder: Path | None, left: list[int], format: str = "python") -> Any:
    key = _BASE
    if format != "python":
        raw = documents(text, format)
        document = raw[0] if raw and isinstance(raw[0], Table) else Table()
        key = next((key for key in BASES if key in document), _BASE)
        names = [document.get(key)]
    else:
        names = _bases(text)
    base, files = Table(), _strings(names)
    complete = True
    for name in files:
        wanted = inside(path, name, folder, (".py", ".yaml", ".yml", ".json"))
        if wanted is None or left[0] <= 0:
            complete = False
        else:
            left[0] -= 1
            try:
                content = text_inside(wanted)
                kind = {".py": "python", ".json": "json"}.get(wanted.suffix, "yaml")
                under = _whole(content, wanted, folder, left, kind)
            except (OSError, ValueError):
                complete = False
                continue
            complete = complete and (kind == "python" or not any(other in under for other in BASES))
            _merge(base, _without_places(under))
    own = _Reader.of(text, base).document if format == "python" else document
    _merge(base, own)
    if format != "python" and complete:  # nothing of it is elsewhere
        base.pop(key, None)
    return base


def _strings(values: Any) -> list[str]:
    """The names of files among values: texts, and lists of texts."""
    return [name for value in values for name in (value if isinstance(value, list | tuple) else [value]) if isinstance(name, str)][:MAX_FILES]


def _bases(text: str) -> list[Any]:
    """The files that a config builds on: `_base_ = ...`, and the modules that it imports under `with read_base():`."""
    names: list[Any] = []
    for statement in _parsed(text).body:
        if isinstance(statement, ast.Assign) and any(isinstance(t, ast.Name) and t.id == _BASE for t in statement.targets):
            nodes_ = statement.value.elts if isinstance(statement.value, ast.List | ast.Tuple) else [statement.value]
            names.extend(node.value for node in nodes_ if isinstance(node, ast.Constant))
        if isinstance(statement, ast.With) and any(isinstance(n, ast.Name) and n.id == "read_base" for item in statement.items for n in ast.walk(item)):
            for line in statement.body:
                if isinstance(line, ast.ImportFrom) and line.level and line.module:
                    names.append("../" * (line.level - 1) + line.module.replace(".", "/") + ".py")
    return names


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"this is not Python: {error}") from None


def _without_places(value: Any) -> Any:
    """Forgets the places of another file."""
    waiting = [value]
    while waiting:
        container = waiting.pop()
        if isinstance(container, Table | Items) and container.places:
            container.places.clear()
            waiting.extend(container.values() if isinstance(container, Table) else container)
    return value


def _merge(base: Table, own: Mapping[Any, Any]) -> None:
    """Puts a config into the one that it builds on: mappings are merged, other values replaced."""
    for key, value in own.items():
        old = base.get(key)
        if isinstance(value, Table) and isinstance(old, Table) and value.get(_DELETE) is not True:
            merged = Table()
            merged.update(old)
            merged.places.update(old.places)
            _merge(merged, value)
            base[key] = merged
        else:
            base[key] = value
        if isinstance(own, Table) and key in own.places:
            base.places[key] = own.places[key]


@attrs.define
class _Reader:
    """Reads the assignments of a file. `bases` has the values of the files that it builds on."""

    starts: list[int]
    lines: list[str]
    bases: Mapping[Any, Any]
    builder: Builder = attrs.Factory(Builder)
    values: dict[str, Any] = attrs.Factory(dict)
    document: Table = attrs.Factory(Table)

    @classmethod
    def of(cls, text: str, bases: Mapping[Any, Any]) -> _Reader:
        """Reads a text."""
        lines = text.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        reader = cls(starts, lines, bases)
        reader.builder.begin(reader.document, 0)
        for statement in _parsed(text).body:
            target, value = _assigned(statement)
            is_update = isinstance(statement, ast.Expr)  # of what another file has: it is merged into it
            if target is not None and value is not None and not (is_update and target.id in reader.document):
                reader.builder.scalar(target.id, *reader.extent(target))
                reader.emit(value, target.id, 0)
                reader.values[target.id] = reader.document[target.id]
        reader.builder.end(len(text))
        return reader

    def extent(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands, in characters; `ast` counts bytes."""
        start, end = (
            self.starts[line - 1] + _characters(self.lines[line - 1], column)
            for line, column in ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))  # type: ignore[attr-defined]
        )
        return start, end

    def emit(self, node: ast.expr, anchor: str | None, depth: int) -> None:
        """Gives the builder a value."""
        if depth > MAX_DEPTH:
            raise UnreadableError("this is nested too deep")
        start, end = self.extent(node)
        if isinstance(node, ast.Name) and node.id in self.values:
            self.builder.alias(node.id, start, end)
            if anchor is not None:
                self.builder.rename(node.id, anchor)
        elif isinstance(node, ast.List | ast.Tuple):
            self.builder.begin(Items(), start, anchor)
            for item in node.elts:
                self.emit(item, None, depth + 1)
            self.builder.end(end)
        elif isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args):
            self.builder.begin(Table(), start, anchor)
            pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ((k, k.value) for k in node.keywords)
            for key, value in pairs:
                if isinstance(key, ast.keyword) and key.arg is not None:
                    at = self.extent(key)[0]
                    self.builder.scalar(key.arg, at, at + len(key.arg))
                    self.emit(value, None, depth + 1)
                elif isinstance(key, ast.Constant):
                    self.builder.scalar(key.value, *self.extent(key))
                    self.emit(value, None, depth + 1)
            self.builder.end(end)
        else:
            self.builder.scalar(self.scalar(node, depth), start, end, anchor)

    def scalar(self, node: ast.expr, depth: int = 0) -> Any:
        """The value of an expression of numbers; `Opaque` for what is not known."""
        named = ast.unparse(node)[:60] if isinstance(node, ast.Name | ast.Attribute) else ""
        unknown = Opaque(named or type(node).__name__, named)
        if depth > MAX_DEPTH:
            return unknown
        match node:
            case ast.Constant(value=value) if isinstance(value, str | int | float | None):
                return value
            case ast.Name(id=name):
                value = self.values.get(name, self.bases.get(name, unknown))
                return value if isinstance(value, str | int | float | None) else unknown
            case ast.Attribute(value=ast.Name(id="_base_"), attr=name):
                return self.bases.get(name, unknown)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self.scalar(operand, depth + 1)
                return -number if _small(number) else unknown
            case ast.BinOp(op=operation, left=left, right=right) if type(operation) in _OPERATORS:
                a, b = self.scalar(left, depth + 1), self.scalar(right, depth + 1)
                if not _small(a) or not _small(b) or (isinstance(operation, ast.Div | ast.FloorDiv) and b == 0):
                    return unknown
                return _OPERATORS[type(operation)](a, b)
        return unknown


def _assigned(statement: ast.stmt) -> tuple[ast.Name | None, ast.expr | None]:
    """The name and the value of an assignment, or of `name.update(...)`; None for other statements."""
    match statement:
        case ast.Assign([ast.Name() as name], value) | ast.AnnAssign(ast.Name() as name, _, value):
            return name, value
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() as name, "update"), [ast.expr() as value], [])):
            return name, value
        case ast.Expr(ast.Call(ast.Attribute(ast.Name() as name, "update"), [], keywords) as call):
            return name, ast.copy_location(ast.Call(ast.copy_location(ast.Name("dict", ast.Load()), call), [], keywords), call)
        case _:
            return None, None


def _characters(line: str, column: int) -> int:
    """The number of characters in so many bytes of a line. In a long line that is not ASCII, it is an upper bound."""
    return column if line.isascii() or len(line) > _LONGEST_LINE else len(line.encode()[:column].decode(errors="ignore"))


def _small(number: Any) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < _LARGEST

"""Configs that a Python program makes: calls whose arguments are the keys of a config, as transformers' `TrainingArguments(...)`, and those of nested classes,
as torchtitan's `Trainer.Config(lr_scheduler=LRSchedulersContainer.Config(...), training=TrainingConfig(...))`. Nothing of it is run.

A layout names them in its `calls`: `TrainingArguments`, or `lr_scheduler=LRSchedulersContainer.Config` for a call that is an argument of another one. A name
that other packages have too stands with its package: `lr_cfg=xtuner.LRConfig` may come from any module of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import attrs

from lrdsl.diagnostics import shown
from lrdsl.dialects import configs
from lrdsl.dialects.code.kinds import nodes_of
from lrdsl.dialects.code.names import Names, key_of, names_of, word_of
from lrdsl.dialects.code.places import offsets, segment
from lrdsl.dialects.code.values import Scope, is_number
from lrdsl.dialects.config import Layout
from lrdsl.dialects.entry import UnreadableError
from lrdsl.dialects.reading import Reading
from lrdsl.documents import Opaque, Place, Table
from lrdsl.expr.exact import nearest_number

#: The most configs of one file that are read, how deep names and calls are followed, and the most values of one config.
MAX_CONFIGS, _MAX_DEPTH, _MOST_VALUES = 200, 8, 2000


def readings(source: str, tree: ast.Module | None) -> list[Reading]:
    """Returns the schedules of the configs that a program makes, in the order of the text."""
    reader = None if tree is None else _Reader(source, names_of(tree), tree)
    return [] if reader is None else sorted(reader.readings(), key=lambda reading: reading.extent)


@attrs.frozen
class _Wanted:
    """What a layout looks for: a call of a class, which stands under `keys` in the config."""

    dialect: str
    layout: Layout
    keys: tuple[str, ...]
    name: str

    @classmethod
    def of(cls, dialect: str, layout: Layout, text: str) -> _Wanted:
        path, _, name = text.rpartition("=")
        return cls(dialect, layout, tuple(path.split(".")) if path else (), name)


@attrs.define
class _Reader:
    """Reads the calls of one file. `parts` are the calls that were found in a config: they are no config of their own."""

    source: str
    names: Names
    tree: ast.Module
    parts: set[tuple[int, str]] = attrs.Factory(set)

    def readings(self) -> Iterator[Reading]:
        """The schedules of the configs, of whole ones first."""
        wanted = [_Wanted.of(name, layout, text) for name, layout in configs.layouts() for text in layout.calls if configs.called(text) in self.source]
        count = 0
        for missing in range(1 + max((len(one.keys) for one in wanted), default=-1)):
            for one in wanted:
                for call in nodes_of(self.tree, ast.Call) if missing <= len(one.keys) else ():
                    if count < MAX_CONFIGS and self.holds(call, one, one.keys[missing:]):
                        count += 1
                        yield from self.of_call(call, one, one.keys[:missing])

    def holds(self, call: ast.Call, wanted: _Wanted, keys: tuple[str, ...]) -> bool:
        """Whether a call has the call that is looked for under some keys, and is the first that has it, or has all keys."""
        node: ast.expr | None = call
        for key in keys:
            argument = next((k.value for k in node.keywords if k.arg == key), None) if isinstance(node, ast.Call) else None
            node = None if argument is None else self.definition(argument)
        if not isinstance(node, ast.Call) or not self.is_of(node, wanted.name):
            return False
        part = (id(node), wanted.dialect)
        is_new = part not in self.parts or len(keys) == len(wanted.keys) > 0
        self.parts.add(part)
        return is_new

    def is_of(self, call: ast.Call, name: str) -> bool:
        """Whether a call is of the class or function of a name."""
        path = self.names.path(call.func) or ""
        package, _, word = name.partition(".")
        if not package.islower():
            return f".{path}".endswith(f".{name}")
        return (path.endswith(f".{word}") and path.startswith(f"{package}.")) or (
            path == word and any(f"{one}.".startswith(f"{package}.") for one in self.names.stars)
        )

    def definition(self, node: ast.expr) -> ast.expr:
        """What a name that is assigned once stands for; any other expression as it is."""
        for _ in range(_MAX_DEPTH):
            value = self.names.values.get(key_of(node))
            if value is None:
                return node
            node = value
        return node

    def of_call(self, call: ast.Call, wanted: _Wanted, above: tuple[str, ...]) -> Iterator[Reading]:
        """The schedules of a call, which stands under the keys `above` in a config that the file does not have."""
        scope = Scope(self.names, self.source)
        config = _Config(self, wanted.layout, scope)
        table = config.table(call, ".".join(above), spared=0 if wanted.keys else 1)
        for key in reversed(above):
            outer = Table()
            outer[key], outer.is_open = table, True
            start, end = offsets(self.source, call)
            outer.places[key] = Place(start, start, end)
            table = outer
        assumed = {name: nearest_number(value) for name, value in scope.assumed.items() if is_number(value)}
        for reading in configs.readings_of_call(table, self.source, wanted.dialect, wanted.layout, bool(wanted.keys)):
            extent = reading.extent if reading.extent[1] else offsets(self.source, call)
            line = self.source.count("\n", 0, extent[0]) + 1
            yield attrs.evolve(reading, assumed={**reading.assumed, **assumed}, extent=extent, line=line)


@attrs.define
class _Config:
    """Makes the mapping of one config."""

    reader: _Reader
    layout: Layout
    scope: Scope
    left: int = _MOST_VALUES

    def table(self, call: ast.Call, path: str, spared: int = 0) -> Table:
        """The mapping that the arguments of a call are. It is open if not all of them are named and written out; the first `spared` are none of its keys."""
        table = Table()
        table.is_open = len(call.args) > spared or any(isinstance(a, ast.Starred) for a in call.args)
        for keyword in call.keywords:
            if keyword.arg is not None:
                name = ast.copy_location(ast.Name(keyword.arg, ast.Load()), keyword)
                self.put(table, keyword.arg, keyword.value, path, Place(offsets(self.reader.source, name)[0], *offsets(self.reader.source, keyword.value)))
            elif isinstance(spread := self.reader.definition(keyword.value), ast.Dict) and _is_literal(spread):
                self.fill(table, spread, path)
            else:
                table.is_open = True
        return table

    def fill(self, table: Table, node: ast.Dict, path: str) -> Table:
        """Puts the entries of a dictionary into a mapping."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.put(table, key.value, value, path, Place(offsets(self.reader.source, key)[0], *offsets(self.reader.source, value)))
            else:
                table.is_open = True
        return table

    def put(self, table: Table, key: str, value: ast.expr, path: str, place: Place) -> None:
        """Puts a value under its key."""
        table[key] = self.value(value, f"{path}.{key}" if path else key)
        table.places[key] = place

    def value(self, node: ast.expr, path: str) -> Any:
        """The value of an argument: a mapping for a call that has keys of the layout as arguments, `Opaque` for what is not known or not looked at."""
        spellings = [name for key in self.layout.keys for name in (key.name, *key.known_as)]
        is_section = any(name.startswith(f"{path}.") for name in spellings)
        self.left -= 1
        if self.left < 0 or path.count(".") > _MAX_DEPTH or not (is_section or path in spellings or path.rpartition(".")[0] in spellings):
            return Opaque(type(node).__name__)
        unknown = Opaque(shown(segment(self.reader.source, node), 60), ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else "")
        known = self.reader.definition(node)
        if isinstance(known, ast.Dict):
            return self.fill(Table(), known, path)
        if isinstance(known, ast.Call) and (is_section or self.reader.names.path(known.func) == "dict"):
            return self.table(known, path)
        if is_section:
            return unknown
        key = self.layout.by_name.get(path)
        if isinstance(known, ast.Attribute) and key is not None and key.role == "scheduler" and known.attr.isupper() and word_of(known.value)[:1].isupper():
            return known.attr.lower()  # a member of an enumeration of words
        try:
            value = self.scope.value(node)
        except UnreadableError:
            return unknown
        if is_number(value):
            return float(value) if isinstance(value, Fraction) else value
        if isinstance(value, tuple) and all(is_number(item) or isinstance(item, str) for item in value):
            return [float(item) if isinstance(item, Fraction) else item for item in value]
        return value if isinstance(value, bool | str) or value is None else unknown


def _is_literal(node: ast.Dict) -> bool:
    return all(isinstance(key, ast.Constant) for key in node.keys)

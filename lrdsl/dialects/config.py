"""The declaration of a config dialect: `Layout` has the signs of its documents, its table of `Key`s with roles and units, and how its schedule is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs

from lrdsl.arguments import exactly, quoted, written
from lrdsl.check.scope import ARITHMETIC, host_names
from lrdsl.diagnostics import Lines, ScheduleError
from lrdsl.dialects.entry import UnreadableError, Value, node_of, value
from lrdsl.documents import Opaque, Table, place
from lrdsl.expr.exact import Exact
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.syntax.substitution import substituted

#: The units of a key that has a time.
UNITS = ("step", "epoch", "iteration", "sample", "token", "share", "time")
#: Words that say that a value is computed or given elsewhere.
_ELSEWHERE = frozenset(("auto", "???", "MISSING", "REQUIRED"))
_NOTHING = frozenset(("None", "null", "none", "~", ""))
_REFERENCE = re.compile(r"\$\{([^${}]{1,200})\}")
_PATH = re.compile(r"(?:[a-z_.]+:)?[\w.]+")
_MOST_REFERENCES = 10
#: What reading raises for a config whose values are not of the kinds that its system takes: any value may stand anywhere.
ODD = (UnreadableError, ScheduleError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError)


@attrs.frozen
class Key:
    """A key of a config: its `name`, with dots between the keys that lead to it, and its default.

    `role` is what it is for: scheduler, base, length, batch, accumulation, warmup, decay, level, factor. `unit` is that of its time: one of `UNITS`, "" for
    a key without. `known_as` has other spellings. `ignored` returns why the framework ignores it in a config, "" if it does not.
    """

    name: str
    role: str = ""
    unit: str = ""
    default: Any = None
    known_as: tuple[str, ...] = ()
    ignored: Callable[[Settings], str] | None = None


@attrs.frozen
class Fact:
    """A key that stands in a config, with its value, its role and unit, why the framework ignores it, if it does, and where it stands."""

    name: str
    value: Value
    role: str
    unit: str
    ignored: str = ""
    line: int = 1
    extent: Extent = (0, 0)


@attrs.frozen
class Outcome:
    """A schedule that was read: its name there, its tree, those of further targets, the clock, the base, and notes. `at` is its container and key there.

    `reason` says why there is no tree.
    """

    source: str
    tree: Node | None = None
    beside: Mapping[str, Node] = attrs.Factory(dict)
    clock: Mapping[str, Any] = attrs.Factory(dict)
    base: Any = None
    problems: tuple[str, ...] = ()
    at: tuple[Any, Any] | None = None
    reason: str = ""


@attrs.frozen(slots=False)
class Layout:
    """How the configs of a system look.

    A text in which none of the `words` is found, which are patterns, is no such config. A mapping is one if it has all the keys of one of the `signs`, and if
    `sure` holds for it. `calls` are the classes and functions of Python whose arguments are the keys, "key=Class" for those of the mapping under a key, and
    "key=package.Class" for those of a package. `section` is the one whose keys programs assign, as in `cfg.SOLVER.STEPS = ...`. `read` returns its schedules.
    `formats` are those that its files have.
    """

    words: tuple[str, ...]
    keys: tuple[Key, ...]
    read: Callable[[Settings], Iterable[Outcome]]
    signs: tuple[tuple[str, ...], ...] = ()
    sure: Callable[[Mapping[Any, Any]], bool] | None = None
    formats: tuple[str, ...] = ("yaml", "json", "toml")
    calls: tuple[str, ...] = ()
    section: str = ""

    @cached_property
    def word(self) -> re.Pattern[str]:
        """Matches a text that may be such a config."""
        return re.compile("|".join(self.words))

    @cached_property
    def by_name(self) -> Mapping[str, Key]:
        """The keys, by their names."""
        return {key.name: key for key in self.keys}

    def recognizes(self, table: Any, is_named: bool = False) -> bool:
        """Returns whether a mapping is the root of a config of this system; `is_named` says that a class in it does for its signs."""
        if not isinstance(table, Mapping) or not (is_named or any(all(found(table, name) is not None for name in names) for names in self.signs)):
            return False
        try:
            return self.sure is None or self.sure(table)
        except (TypeError, AttributeError):  # a value is not of the kind that is looked for
            return False


def found(table: Any, path: str) -> tuple[Any, Any] | None:
    """Returns the container and the key of an entry, whose path has dots; None if it is not there."""
    inner = table
    while isinstance(inner, Mapping):
        if path in inner:
            return inner, path
        first, dot, path = path.partition(".")
        if not dot:
            return None
        inner = inner.get(first)
    return None


def text(template: str, **values: Any) -> Node:
    """Returns the tree of a text, with values in the place of names.

    >>> from lrdsl.syntax import canonical
    >>> canonical(text("warmup(w) then cosine(n - w)", w=10, n=100))
    'warmup(10) then cosine(90)'
    """
    return substituted(parse(template), {name: _tree(v) for name, v in values.items() if v is not None})


def _tree(v: Any) -> Node:
    """The tree of a value that stands in the place of a number, or of numbers."""
    if isinstance(v, str) or (isinstance(v, tuple) and any(isinstance(item, str) for item in v)):
        raise UnreadableError(f"a word stands where a number belongs: {quoted(v)}")
    return node_of(value(v))


def called(name: str, *positional: Any, **named: Any) -> Node:
    """Returns a call of a word or a recipe. Arguments by name that are None are left out.

    >>> from lrdsl.syntax import canonical
    >>> canonical(called("hf.cosine", 10, 100, num_cycles=None))
    'hf.cosine(10, 100)'
    """
    values = [("", v) for v in positional] + [(key, v) for key, v in named.items() if v is not None]
    return nodes.Call(name, tuple(nodes.Argument(key, _tree(v), (0, 0), (0, 0)) for key, v in values), (0, 0), (0, 0))


def lasting(time: Any, unit: str) -> Node:
    """Returns a number of a unit of the language: `lasting(5, "ep")` is `5ep`."""
    node = _tree(time)
    if unit == "":
        return node
    if isinstance(node, nodes.Number):
        return nodes.Quantity(node.value, "", unit, (0, 0), (0, 0))
    return nodes.Binary("*", node, nodes.Quantity(1, "", unit, (0, 0), (0, 0)), (0, 0))


def number(v: Any) -> Exact | None:
    """Returns a value as a number; None for a name, a word or nothing."""
    return None if isinstance(v, bool | str) else exactly(v)


def clock(**facts: Any) -> dict[str, Any]:
    """Returns the facts of a clock that are known."""
    return {name: fact for name, v in facts.items() if (fact := v if isinstance(v, str) else number(v)) is not None and fact != 0}


@attrs.define
class Settings:
    """A config while it is read: its root, the whole document, and what was not known."""

    layout: Layout
    table: Mapping[Any, Any]
    document: Any = None
    source: str = ""
    unknown: dict[str, None] = attrs.Factory(dict)

    def has(self, name: str) -> bool:
        """Returns whether a key stands there with a value."""
        where = self.find(name)
        return where is not None and not (isinstance(v := where[0][where[1]], str | None) and (v is None or v in _NOTHING))

    def find(self, name: str) -> tuple[Any, Any] | None:
        """Returns the container and the key of an entry, under any of its names."""
        key = self.layout.by_name.get(name)
        for spelling in (name, *(key.known_as if key is not None else ())):
            if (where := found(self.table, spelling)) is not None:
                return where
        return None

    def is_hidden(self, name: str) -> bool:
        """Returns whether a key that does not stand there may stand in what the file does not say: a section that is computed, or open."""
        inner: Any = self.table
        for part in name.split("."):
            if not isinstance(inner, Mapping):
                break
            if part not in inner:
                return isinstance(inner, Table) and inner.is_open
            inner = self._resolved(inner[part])
        return isinstance(inner, Opaque) or (isinstance(inner, str) and _REFERENCE.search(inner) is not None)

    def get(self, name: str, default: Any = None) -> Any:
        """Returns the value of a key: a number, a word, a list, or a name for what is not known; its default if it is not there."""
        key = self.layout.by_name.get(name, Key(name, "number"))
        fallback = value(key.default if default is None else default)
        if not self.has(name):
            return self.open(name) if self.is_hidden(name) else fallback
        container, last = self.find(name) or ({}, "")
        return self.read(container[last], key, str(last))

    def needed(self, name: str) -> Any:
        """Returns the value of a key; a name of what is not known if it is not there."""
        found_value = self.get(name)
        return self.open(name) if found_value is None else found_value

    def word(self, name: str, default: str | None = None) -> str | None:
        """Returns a word; None if it is not there. Raises `UnreadableError` if it is given elsewhere."""
        if not self.has(name):
            if self.is_hidden(name):
                raise UnreadableError(f"`{name}` may be in what is not in the file")
            key = self.layout.by_name.get(name)
            return default if default is not None or key is None else key.default
        container, last = self.find(name) or ({}, "")
        raw = self._resolved(container[last])
        if not isinstance(raw, str) or "${" in raw or raw in _ELSEWHERE:
            what = raw.text if isinstance(raw, Opaque) else raw
            raise UnreadableError(f"`{name}` is {'a value' if isinstance(what, str) else 'a thing'} that is not in the file: {quoted(what)}")
        return raw

    def read(self, raw: Any, key: Key, last: str) -> Any:
        """Returns a raw value of a document as a value."""
        raw = self._resolved(raw)
        if isinstance(raw, Opaque):
            return self.open(raw.name or last)
        if isinstance(raw, str):
            if (reference := _REFERENCE.search(raw)) is not None:
                return self.open(reference[1] if reference[0] == raw and _PATH.fullmatch(reference[1]) else last)
            if raw in _ELSEWHERE:
                return self.open(last)
            as_number = written(raw)
            return as_number if as_number is not None and (key.unit or key.role) else raw
        if isinstance(raw, list | tuple):
            return tuple(self.read(item, key, last) for item in raw)
        if isinstance(raw, Mapping):
            return {str(k): self.read(item, key, str(k)) for k, item in raw.items()}
        try:
            return value(raw)
        except UnreadableError:
            raise UnreadableError(f"`{key.name}` is no number that a text can hold: {quoted(raw)}") from None

    def _resolved(self, raw: Any) -> Any:
        """The value that a reference `${a.b}` names in the document, or the reference."""
        for _ in range(_MOST_REFERENCES):
            reference = _REFERENCE.fullmatch(raw.strip()) if isinstance(raw, str) else None
            where = found(self.document, reference[1].strip()) if reference is not None else None
            if where is None or isinstance(where[0][where[1]], Mapping | None):
                return raw
            raw = where[0][where[1]]
        return raw

    def open(self, name: str) -> Node:
        """Returns the name that stands for a value that is not known."""
        word = re.sub(r"\W+", "_", name.rpartition(":")[2].rpartition(".")[2], flags=re.ASCII).strip("_")
        if not word or word[0].isdigit():
            word = f"value_{word}".rstrip("_")
        word = word if _is_free(word) else f"{word}_"
        self.unknown[word] = None
        return nodes.Name(word, (0, 0))

    def facts(self) -> tuple[Fact, ...]:
        """Returns the keys of the table that stand in the config."""
        lines = Lines.of(self.source)
        facts = []
        for key in self.layout.keys:
            if not self.has(key.name):
                continue
            container, last = self.find(key.name) or ({}, "")
            where = place(container, last)
            try:
                held: Any = Settings(self.layout, self.table, self.document).get(key.name)
                why = key.ignored(self) if key.ignored is not None else ""
            except ODD:
                held, why = None, ""
            line = lines.position(where.key).line if where is not None else 1
            facts.append(Fact(key.name, held, key.role, key.unit, why, line, (where.key, where.end) if where is not None else (0, 0)))
        return tuple(facts)


def _is_free(word: str) -> bool:
    """Whether a word may be a name of a text, as it is none of the language's."""
    try:
        host_names({word: 1})
        call = parse(f"hold({word})")
    except ScheduleError:
        return False
    return word not in ARITHMETIC and isinstance(call, nodes.Call) and isinstance(call.arguments[0].value, nodes.Name)

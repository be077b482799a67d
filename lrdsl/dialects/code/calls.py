"""Finds the schedulers that a Python file makes, and what each comes to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import attrs

from lrdsl.dialects import DIALECTS, dialect
from lrdsl.dialects.code.counts import argument_of, broken
from lrdsl.dialects.code.functions import Program, function
from lrdsl.dialects.code.inlining import form_of_class, form_of_function
from lrdsl.dialects.code.kinds import nodes_of
from lrdsl.dialects.code.lengths import length_of
from lrdsl.dialects.code.names import Names, names_of, word_of
from lrdsl.dialects.code.parsing import parsed, tree_of
from lrdsl.dialects.code.places import offsets
from lrdsl.dialects.code.values import Scope, is_arithmetic, is_number
from lrdsl.dialects.entry import UNUSED, Dialect, Entry, UnreadableError, Value, Written
from lrdsl.dialects.signs import LIKE_A_SCHEDULER
from lrdsl.dialects.torch import check_part
from lrdsl.expr.exact import Exact
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node

#: The most schedulers of one file that are read, and of one scheduler.
MAX_CALLS, _MOST_PARTS = 500, 200


@attrs.frozen
class Call:
    """A scheduler that a file makes.

    `written` are its trees with what the file says put in the place of names, `named` with every name left, for which `expressions` has the Python; each is
    None where it could not be read, and `problem` says why. `met` their nodes.
    `opened` has the Python of each name that is not known, `assumed` the defaults that were taken,
    `form` is the call of a library that the call of an own class or function comes to, else the call itself,
    `optimizer` the expression of the optimizer, `optimizer_rate` that of its rate, and `base` the rate, if the file says it; `is_base_assumed` says that it is
    a default. `clock` has the length of the run that stands beside it. `parts` are the calls that it is made of, `inner` the same with their entries.
    `broken` says which count of it may be a fraction that the library never reaches.
    """

    dialect: Dialect
    entry: Entry
    node: ast.Call
    extent: Extent
    source: str
    form: ast.Call
    written: Written | None = None
    named: Written | None = None
    expressions: Mapping[str, str] = attrs.Factory(dict)
    unknown: tuple[str, ...] = ()
    assumed: Mapping[str, Value] = attrs.Factory(dict)
    problem: str = ""
    base: Exact | None = None
    is_base_assumed: bool = False
    clock: Mapping[str, Any] = attrs.Factory(dict)
    optimizer: ast.expr | None = None
    optimizer_rate: ast.expr | None = None
    parts: tuple[ast.Call, ...] = ()
    inner: tuple[tuple[ast.Call, Entry], ...] = ()
    opened: Mapping[str, str] = attrs.Factory(dict)
    met: tuple[ast.expr, ...] = ()
    broken: str = ""


@attrs.frozen
class Made:
    """A call with the values of its arguments; parts that are schedulers are `Made` too."""

    dialect: Dialect
    entry: Entry
    arguments: Mapping[str, Any]


def made(source: str, call: Call, supposed: Mapping[str, Value]) -> Made:
    """Returns a call of a file with values, where names that are not known have `supposed` ones. Raises `UnreadableError`."""
    tree = parsed(source)
    assert tree is not None, "it was read"
    reader = _Reader(source, names_of(tree), DIALECTS, lenient=True)

    def part(inner: ast.Call, scope: Scope) -> Made | None:
        match = reader.match(inner)
        return None if match is None else Made(*match, reader.bound(inner, *match, scope))

    scope = Scope(reader.names, source, function=Program, supposed=supposed)  # type: ignore[arg-type]
    scope.special = lambda inner: part(inner, scope)  # type: ignore[assignment,return-value]
    return Made(call.dialect, call.entry, reader.bound(call.node, call.dialect, call.entry, scope))


@cache
def _libraries(dialects: tuple[str, ...]) -> dict[str, list[Dialect]]:
    """The dialects that have an entry of a name, by the names, in their order."""
    libraries: dict[str, list[Dialect]] = {}
    for library in map(dialect, dialects):
        for word in library.by_name:
            libraries.setdefault(word, []).append(library)
    return libraries


@lru_cache(maxsize=4096)
def _is_like_one(word: str) -> bool:
    """Whether a name is like that of a scheduler."""
    return LIKE_A_SCHEDULER.search(f"{word}(") is not None


def calls(
    source: str, dialects: Iterable[str] = DIALECTS, lenient: bool = False, tree: ast.Module | None = None, names: Names | None = None, own: bool = False
) -> list[Call]:
    """Returns the schedulers that a file makes, in the order of the text, without those that are parts of others.

    `lenient`: names need not be imported, as in a line that somebody pastes. `tree` and `names` are those of the source, if they are there already. With `own`,
    classes and functions of the repository are read too.
    """
    tree = tree or tree_of(source)
    if tree is None:
        return []
    reader = _Reader(source, names or names_of(tree), tuple(dialects), lenient, own, tree=tree)
    found = [(node, match) for node in nodes_of(tree, ast.Call) if (match := reader.match(node)) is not None]
    found.sort(key=lambda one: (one[0].lineno, one[0].col_offset))
    made_calls = [reader.call(node, *match) for node, match in found[:MAX_CALLS]]
    for node, match in found[MAX_CALLS : MAX_CALLS + 1]:
        made_calls.append(reader.unread(node, *match, f"the file makes more than {MAX_CALLS} schedulers, and this one and those after it are not read"))
    parts = {id(part) for call in made_calls for part in call.parts}
    return sorted((call for call in made_calls if id(call.node) not in parts), key=lambda call: call.extent)


@attrs.define
class _Reader:
    """Reads the calls of one file."""

    source: str
    names: Names
    dialects: tuple[str, ...]
    lenient: bool
    own: bool = False
    forms: dict[int, ast.Call | None] = attrs.Factory(dict)
    tree: ast.Module | None = None
    functions: dict[int, ast.AST] | None = None
    stores: dict[int, dict[str, list[ast.expr | None]]] = attrs.Factory(dict)

    def form(self, node: ast.Call) -> ast.Call:
        """Returns the call of a library that the call of a class or a function of the repository comes to; any other call as it is."""
        if id(node) not in self.forms:
            self.forms[id(node)] = self._form(node)
        return self.forms[id(node)] or node

    def _form(self, node: ast.Call) -> ast.Call | None:
        path = self.names.path(node.func) or ""
        word = path.rpartition(".")[2]
        own = self.names.classes.get(path)
        if not self.own or (own is None and not _is_like_one(word)):
            return None
        definition, names = (own, self.names) if own is not None else self.names.find(path) or (None, self.names)
        if isinstance(definition, ast.ClassDef):
            optimizer = next((a for a in [*node.args, *(k.value for k in node.keywords if k.arg == "optimizer")]), None)
            base = self._optimizer(optimizer)[0]
            return form_of_class(node, definition, names, None if base is None else float(base))
        return form_of_function(node, definition, names) if isinstance(definition, ast.FunctionDef) else None

    def match(self, node: ast.Call) -> tuple[Dialect, Entry] | None:
        """Returns the entry of a call of a scheduler; None for any other call."""
        form = self.form(node)
        if form is not node:
            known = self.match(form)
            return known if known is None or isinstance(node.func, ast.Call) else (known[0], attrs.evolve(known[1], name=word_of(node.func)))
        path = self.names.path(node.func)
        if path is None:
            return None
        module, _, word = path.rpartition(".")
        for library in _libraries(self.dialects).get(word, ()):
            if self._is_of(library, module, node.func):
                return library, library.by_name[word]
        return None

    def _is_of(self, library: Dialect, module: str, function: ast.expr) -> bool:
        if any(module == one or module.startswith(f"{one}.") for one in library.modules):
            return True
        if not module and any(star in library.modules for star in self.names.stars):
            return True
        root = function
        while isinstance(root, ast.Attribute):
            root = root.value
        return self.lenient and not (isinstance(root, ast.Name) and root.id in self.names.modules) and not (module == "" and self.names.stars)

    def unread(self, node: ast.Call, library: Dialect, entry: Entry, problem: str = "") -> Call:
        """Returns a call that is not read."""
        extent = offsets(self.source, node)
        return Call(library, entry, node, extent, self.source[slice(*extent)], self.form(node), problem=problem)

    def call(self, node: ast.Call, library: Dialect, entry: Entry) -> Call:
        """Returns what a call comes to."""
        form = self.form(node)
        made = self.unread(node, library, entry)
        parts: list[ast.Call] = []
        try:
            written, scope = self._written(node, library, entry, False, parts)
        except UnreadableError as reason:
            return attrs.evolve(made, problem=str(reason), parts=tuple(parts))
        try:
            named, kept = self._written(node, library, entry, True, [])
        except UnreadableError as reason:  # a word, or a list, that a default gives
            named, kept, made = None, scope, attrs.evolve(made, problem=f"its text is that of the defaults: {reason}")
        length = length_of(library, self.names, self.source, self._inside(node), self.tree)
        if length is not None:
            written, named = length.put_into(written), None if named is None else length.put_into(named)
        optimizer = argument_of(form, entry, "optimizer")
        base, rate, key, is_base_assumed = self._optimizer(optimizer, node)
        written, named = _with_momentum(written, key), None if named is None else _with_momentum(named, key)
        unknown = tuple(sorted(name for name in scope.expressions if _uses(written, name)))
        expressions = {name: text for name, text in kept.expressions.items() if named is not None and _uses(named, name)}
        assumed = dict(scope.assumed)
        inner = tuple((self.form(part), match[1]) for part in parts if (match := self.match(part)) is not None)
        return attrs.evolve(
            made,
            written=written,
            named=named,
            expressions=expressions,
            unknown=unknown,
            assumed=assumed,
            base=base,
            is_base_assumed=is_base_assumed,
            clock={} if length is None else length.clock,
            optimizer=optimizer,
            optimizer_rate=rate,
            parts=tuple(parts),
            inner=inner,
            opened=dict(scope.expressions),
            met=tuple(kept.met),
            broken=broken([(form, entry), *inner], Scope(self.names, self.source)),
        )

    def _written(self, node: ast.Call, library: Dialect, entry: Entry, keep: bool, parts: list[ast.Call]) -> tuple[Written, Scope]:
        """Returns the trees of a call, and the scope with what was met on the way."""

        def special(inner: ast.Call) -> Value:
            match = self.match(inner)
            if match is None:
                return None
            parts.append(inner)
            if len(parts) > _MOST_PARTS:
                raise UnreadableError(f"it is made of more than {_MOST_PARTS} schedulers")
            if match[0].name == "torch":
                check_part(entry.name, match[1].name)
            return match[1].written(self.bound(inner, *match, scope)).schedule

        scope = Scope(self.names, self.source, keep=keep, special=special, function=function)
        return entry.written(self.bound(node, library, entry, scope)), scope

    def bound(self, node: ast.Call, library: Dialect, entry: Entry, scope: Scope) -> dict[str, Value]:
        """Returns the value of every parameter of a call."""
        node = self.form(node)
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            raise UnreadableError("its arguments are not written out")
        places = [p.name for p in entry.parameters if p.position is not None]
        unread = [p.name for p in entry.parameters if p.name in UNUSED and p.name != "name"]

        def value(name: str, argument: ast.expr) -> Value:
            """An argument; one that is computed from names has the name of its parameter, if names are kept, and so have milestones that a program lists."""
            if isinstance(argument, ast.ListComp) and name in library.times:
                return scope.supposed.get(name, nodes.Name(scope.own(name, argument), (0, 0)))
            read = None if name in unread else scope.value(argument)
            computed = scope.keep and is_arithmetic(read) and not isinstance(read, nodes.Name)
            return nodes.Name(scope.own(name, argument), (0, 0)) if computed else read

        positional = [value(places[i] if i < len(places) else "", a) for i, a in enumerate(node.args)]
        return entry.bound(positional, {k.arg: value(k.arg, k.value) for k in node.keywords if k.arg is not None})

    def _inside(self, call: ast.Call) -> ast.AST | None:
        """Returns the function that a call stands in; None outside of functions."""
        if self.functions is None:
            self.functions = {}
            for function in [] if self.tree is None else ast.walk(self.tree):  # the inner ones come after the outer ones
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    self.functions |= {id(part): function for part in ast.walk(function) if isinstance(part, ast.Call)}
        return self.functions.get(id(call))

    def _in_function(self, name: str, call: ast.Call) -> ast.expr | None:
        """Returns what the function that a call stands in assigns to a name, or the file outside of functions, if it does so once.

        What wraps it does not count: `optimizer = wrapped(optimizer)`.
        """
        inside = self._inside(call) or self.tree
        if inside is None:
            return None
        if id(inside) not in self.stores:
            self.stores[id(inside)] = _stores(inside)
        values = [value for value in self.stores[id(inside)].get(name, ()) if not _wraps(value, name)]
        return values[0] if len(values) == 1 else None

    def _optimizer(self, node: ast.expr | None, call: ast.Call | None = None) -> tuple[Exact | None, ast.expr | None, str | None, bool]:
        """Returns the rate of an optimizer that the file makes, the expression of it, the key of its momentum, and whether the rate is a default.

        `call` is the one that takes it.
        """
        key = node.id if isinstance(node, ast.Name) else f"self.{node.attr}" if isinstance(node, ast.Attribute) else ""
        made = node if isinstance(node, ast.Call) else self.names.values.get(key)
        if made is None and isinstance(node, ast.Name) and call is not None:
            made = self._in_function(node.id, call)
        if not isinstance(made, ast.Call):
            return None, None, None, False
        rate = next((k.value for k in made.keywords if k.arg == "lr"), None)
        if rate is None and len(made.args) > 1:
            rate = made.args[1]
        name = (self.names.path(made.func) or "").rpartition(".")[2].lower()
        momentum = "betas[0]" if "adam" in name or "lamb" in name else "momentum" if name in ("sgd", "rmsprop") else None
        if rate is None:
            return None, None, momentum, False
        scope = Scope(self.names, self.source)
        try:
            value = scope.value(rate)
        except UnreadableError:
            value = None
        return value if is_number(value) else None, rate, momentum, bool(scope.assumed)


def _stores(inside: ast.AST) -> dict[str, list[ast.expr | None]]:
    """The expression of each assignment of a name in a function, None for one that is no plain assignment; a tuple has the expression of all of it."""
    stores: dict[str, list[ast.expr | None]] = {}
    plain: set[int] = set()
    for part in ast.walk(inside):
        if isinstance(part, ast.Assign) and len(part.targets) == 1:
            (target,) = part.targets
            for item in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(item, ast.Name):
                    plain.add(id(item))
                    stores.setdefault(item.id, []).append(part.value)
    for part in ast.walk(inside):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and id(part) not in plain:
            stores.setdefault(part.id, []).append(None)
    return stores


def _wraps(value: ast.expr | None, name: str) -> bool:
    """Whether an expression is a call that takes a name, as one that is assigned to it again."""
    return isinstance(value, ast.Call) and any(isinstance(a, ast.Name) and a.id == name for a in (*value.args, *(k.value for k in value.keywords)))


def _with_momentum(written: Written, key: str | None) -> Written:
    if "momentum" not in written.beside:
        return written
    if key is None:
        return attrs.evolve(written, beside={}, notes=(*written.notes, "the momentum, or the first of the betas, changes too: `lrdsl dialects` has its text"))
    return attrs.evolve(written, beside={key: written.beside["momentum"]})


def _uses(written: Written, name: str) -> bool:
    return any(isinstance(node, nodes.Name) and node.id == name for node in _trees(written))


def _trees(written: Written) -> Iterator[Node]:
    for tree in (written.schedule, *written.beside.values()):
        yield from nodes.walk(tree)

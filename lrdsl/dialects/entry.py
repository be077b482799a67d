"""The declaration of a dialect: `Dialect` is a table of `Entry`s. An entry has a scheduler of another library, its parameters, and the text that it comes to.

Everything that lrdsl knows about another library's scheduler comes from its entry: reading it from code, from a live object or from a config, the table "coming
from", and the parity tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from lrdsl.arguments import exactly, quoted
from lrdsl.check.combinators import declarations, parameters_of
from lrdsl.check.prelude import recipe
from lrdsl.expr.exact import Exact
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import number_node, substituted

if TYPE_CHECKING:
    from lrdsl.dialects.config import Layout

#: A value of a parameter: a number, a word, a list; or a tree, for an expression of names that are not known, and for a schedule.
Value: TypeAlias = "Exact | bool | str | tuple[Any, ...] | dict[Any, Any] | Function | Node | None"
#: Parameters that change no level: they are taken and not looked at. Those of timm's noise do so only with a range, which has no text.
UNUSED: frozenset[str] = frozenset(("optimizer", "last_epoch", "verbose", "name", "dtype", "noise_pct", "noise_std", "noise_seed"))


#: An absolute level in the usual arguments of an entry.
_LEVEL = re.compile(r"\{([\d.]+)\}")


class UnreadableError(Exception):
    """Raised for a schedule of another library that cannot be read; has the reason."""


@attrs.frozen
class Function:
    """A function of the step: the `phase` that multiplies the entry level by it, and its `expression` in t, None where it is written in several cases."""

    phase: Node
    expression: Node | None = None


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()


@attrs.frozen
class Parameter:
    """A parameter of another library: its name and its default, `REQUIRED` if it has none. `position` is its place, None for one that goes by name only."""

    name: str
    default: Any
    position: int | None


@attrs.frozen
class Form:
    """One way to write a scheduler: a `text` in which the other library's parameters stand as names, for arguments for which `when` holds.

    `text` may be a function of the arguments that returns such a text; `shown` is then what a table shows. `beside` makes the
    texts of further targets, by their key.
    """

    text: str | Callable[[Any], str | Node]
    when: Callable[[Any], bool] | None = None
    note: str = ""
    beside: Mapping[str, Callable[[Any], str]] = attrs.Factory(dict)
    shown: str = ""


@attrs.frozen
class Written:
    """The trees that an entry comes to for some arguments: its schedule, and those of further targets; and notes for the reader."""

    schedule: Node
    beside: Mapping[str, Node] = attrs.Factory(dict)
    notes: tuple[str, ...] = ()


@attrs.frozen(slots=False)
class Entry:
    """A scheduler of another library.

    `signature` are its parameters as its own code declares them. Of the `forms`, the first whose condition holds for the arguments is taken. `reason` says why
    there is no text, for an entry without forms. `attributes` names the attributes of a live object, or makes the values of them, for parameters that are
    not attributes of the same name. `known_as` are other names of the same thing.
    `usual` are usual arguments, in Python, with absolute levels in braces. Two fields are for writing: the `variants` of arguments that are words, or that are
    not numbers by default, with `...` for a number; and `accepts`, whether the library takes the arguments.
    """

    name: str
    signature: str
    forms: tuple[Form, ...] = ()
    reason: str = ""
    attributes: Mapping[str, str | Callable[[Any], Any]] = attrs.Factory(dict)
    known_as: tuple[str, ...] = ()
    note: str = ""
    usual: str = ""
    variants: tuple[Mapping[str, Any], ...] = ()
    accepts: Callable[[Any], bool] | None = None
    #: The system that it is from, in a dialect of several.
    system: str = ""
    #: The parameters that the library compares with its count of ticks, which a fraction never equals: it has no text.
    whole: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the signature."""
        arguments = ast.parse(f"def f({self.signature}): ...").body[0].args  # type: ignore[attr-defined]
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = [REQUIRED] * (len(positional) - len(arguments.defaults)) + [ast.literal_eval(d) for d in arguments.defaults]
        named = [REQUIRED if d is None else ast.literal_eval(d) for d in arguments.kw_defaults]
        return (
            *(Parameter(a.arg, value(d), i) for i, (a, d) in enumerate(zip(positional, defaults, strict=True))),
            *(Parameter(a.arg, value(d), None) for a, d in zip(arguments.kwonlyargs, named, strict=True)),
        )

    @property
    def call(self) -> str:
        """The call with the parameters that its usual text has, and those that must be given; for a table."""
        words = set(re.findall(r"\w+", self.text))
        shown = (p.name for p in self.parameters if p.name not in UNUSED and (p.default is REQUIRED or p.name in words))
        return f"{self.name}({', '.join(shown)})"

    @property
    def text(self) -> str:
        """The text of the usual form, with the other library's parameters as names; empty for an entry without one."""
        if not self.forms:
            return ""
        form = self.forms[-1]
        return form.shown or (form.text if isinstance(form.text, str) else "")

    def usual_call(self, scale: float = 1) -> str:
        """Returns the call with usual arguments, whose absolute levels are multiplied by `scale`."""
        return f"{self.name}({_LEVEL.sub(lambda level: f'{float(level[1]) * scale:g}', self.usual)})"

    def bound(self, positional: Sequence[Value], named: Mapping[str, Value]) -> dict[str, Value]:
        """Returns the value of every parameter of a call. Raises `UnreadableError` for a call that does not fit the signature."""
        if not self.forms:
            raise UnreadableError(self.reason)
        places = {p.position: p for p in self.parameters if p.position is not None}
        if len(positional) > len(places):
            raise UnreadableError(f"`{self.name}` takes {len(places)} arguments, and there are {len(positional)}")
        values: dict[str, Value] = {places[i].name: argument for i, argument in enumerate(positional)}
        names = {p.name for p in self.parameters}
        for name, argument in named.items():
            if name not in names and name in UNUSED:  # older releases have it
                continue
            if name not in names:
                raise UnreadableError(f"`{self.name}` has no parameter `{name}`")
            if name in values:
                raise UnreadableError(f"`{self.name}` has two values for `{name}`")
            values[name] = argument
        for p in self.parameters:
            if p.name not in values:
                if p.default is REQUIRED and p.name not in UNUSED:
                    raise UnreadableError(f"`{self.name}` needs `{p.name}`, which is not there")
                values[p.name] = p.default
        return values

    def written(self, values: Mapping[str, Value]) -> Written:
        """Returns the trees for the value of every parameter. Raises `UnreadableError` if there is no text for them."""
        arguments = SimpleNamespace(**values)
        for name in self.whole:
            check_whole(name, values[name])
        for form in self.forms:
            if form.when is None or holds(form.when, arguments):
                try:
                    template = form.text if isinstance(form.text, str) else form.text(arguments)
                except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError):  # a name stands where the text needs a number or a list
                    raise UnreadableError(f"an argument of `{self.name}` is not written out") from None
                tree = _filled(template, values) if isinstance(template, str) else template
                beside = {key: _filled(text(arguments), values) for key, text in form.beside.items()}
                return Written(tree, beside, (form.note,) if form.note and form.when is not None else ())
        raise UnreadableError(self.reason or f"no text for these arguments of `{self.name}`")

    def read(self, *positional: Any, **named: Any) -> Written:
        """Returns the trees for Python values: numbers, words, lists."""
        return self.written(self.bound([value(v) for v in positional], {name: value(v) for name, v in named.items()}))


def check_whole(name: str, given: Value) -> None:
    """Raises `UnreadableError` for a count, or a list of counts, that is known and has a fraction."""
    for count in given if isinstance(given, tuple) else (given,):
        if isinstance(count, Fraction) and count.denominator != 1:
            raise UnreadableError(f"`{name}` is {float(count):g}, and the library takes it for a whole number of ticks: round it as you mean it")


def _filled(template: str, values: Mapping[str, Value]) -> Node:
    """Returns the tree of a text, with values in the place of the parameters in it."""
    tree = parse(template)
    names = {node.id for node in nodes.walk(tree) if isinstance(node, nodes.Name)} & set(values)
    for name in names:
        if isinstance(values[name], tuple) and not _takes_list(tree, name):
            raise UnreadableError(f"`{name}` is a list where a number belongs, as one for each param group")
        if _has_word(values[name]) and not any(_takes(node, name, values[name]) for node in nodes.walk(tree) if isinstance(node, nodes.Call)):
            raise UnreadableError(f"`{name}` is a word where a number belongs: {quoted(values[name])}")
    return substituted(tree, {name: node_of(values[name]) for name in names})


def _takes_list(tree: Node, name: str) -> bool:
    """Whether a list may stand in the place of a name in a tree, for every use of it."""
    calls = [node for node in nodes.walk(tree) if isinstance(node, nodes.Call)]
    places = [(call, i) for call in calls for i, a in enumerate(call.arguments) if isinstance(a.value, nodes.Name) and a.value.id == name]
    uses = sum(isinstance(node, nodes.Name) and node.id == name for node in nodes.walk(tree))
    return len(places) == uses and all(_is_listed(*place) for place in places)


def _is_listed(call: nodes.Call, place: int) -> bool:
    """Whether the argument of a call at a place may be a list."""
    key = call.arguments[place].name
    defined = recipe(call.name)
    if declarations(call.name) or defined is None:
        slots = [(i, p) for declaration in declarations(call.name) for i, p in enumerate(declaration.parameters)]
        return any(p.listed != "one" for i, p in slots if p.name == key or (not key and i == place))
    words = [slot.name for i, slot in enumerate(defined.function.parameters) if slot.name == key or (not key and i == place)]
    return any(_takes_list(defined.function.body, word) for word in words)


def _has_word(v: Value) -> bool:
    return isinstance(v, str) or (isinstance(v, tuple) and any(map(_has_word, v)))


def _takes(call: nodes.Call, name: str, word: Value) -> bool:
    """Whether a call takes a word for a parameter that stands in it: it is one of its options, or a recipe has a word there too."""
    slot = next((i for i, a in enumerate(call.arguments) if isinstance(a.value, nodes.Name) and a.value.id == name), None)
    if slot is None:
        return False
    key = call.arguments[slot].name
    if declarations(call.name):
        return any(word in p.options for p in parameters_of(call.name).values() if key in ("", p.name))
    defined = recipe(call.name)
    parameters = () if defined is None else defined.function.parameters
    return any(isinstance(p.default, nodes.Name) for i, p in enumerate(parameters) if p.name == key or (not key and i == slot))


def holds(condition: Callable[[Any], bool], arguments: Any) -> bool:
    """Returns whether a condition is known to hold. A comparison with what is not known does not."""
    try:
        return bool(condition(arguments))
    except TypeError:
        return False


def value(raw: Any) -> Any:
    """Returns a Python value as a `Value`. Raises `UnreadableError` for a value that no text can hold."""
    if raw is None or raw is REQUIRED or isinstance(raw, bool | str) or attrs.has(type(raw)):
        return raw
    if isinstance(raw, list | tuple):
        return tuple(value(item) for item in raw)
    if isinstance(raw, dict):
        return {key if isinstance(key, str) else value(key): value(item) for key, item in raw.items()}
    number = exactly(raw)
    if number is None:
        raise UnreadableError(f"a value of type {type(raw).__name__} has no text")
    return number


def node_of(v: Any) -> Node:
    """Returns the tree of a value."""
    if isinstance(v, bool):
        return nodes.Name("yes" if v else "no", (0, 0))
    if isinstance(v, str):
        return nodes.Name(v, (0, 0))
    if isinstance(v, Function):
        return v.phase
    if isinstance(v, tuple):
        return nodes.List(tuple(node_of(item) for item in v), (0, 0))
    if v is None or isinstance(v, dict):
        raise UnreadableError("a value that is no number stands in the place of one")
    return v if attrs.has(type(v)) else number_node(v)


def rounded(x: Node) -> Node:
    """Returns the tree of the nearest whole number, as Python's `round` has it: of two, the even one."""
    return substituted(parse("floor(x / 2 + 0.25) + ceil(x / 2 - 0.25)"), {"x": x})


@attrs.frozen
class Kind:
    """A schedule that a config names by a word: its `name` there, the `text` that it comes to, or the `reason` why it has none."""

    name: str
    text: str = ""
    reason: str = ""


@attrs.frozen(slots=False)
class Dialect:
    """Another library: its `name` here, its `title` for people, the `modules` its schedulers come from, its entries, and how it counts ticks.

    `layouts` are those of its configs, and `kinds` the schedules that these name, where they are no entries. `unwritten` says how an entry is written, if not
    as itself, or why not, by the name of the entry; "" is all others. `objects` says that its live schedulers are read. `door` is the module and the function
    of lrdsl that take the place of its schedulers in a program; None if nothing does. `times` are the parameters that are times in ticks, each with its role:
    "whole" for the length of the schedule with its warmup, "length" for that of a part, "warmup", "interval", "milestones", "end" for the end of a part, and
    "function" for a function of the step, which has times in it. A time may be the product of two. `lengths` are the calls, with the keyword that they are
    given to, by which a program says how long its run is, each with the fact of the clock, or "tokens". `by_update` says that a schedule is a function of
    the number of updates, and nothing else steps it.
    """

    name: str
    title: str
    entries: tuple[Entry, ...] = ()
    modules: tuple[str, ...] = ()
    counting: str = ""
    address: str = ""
    layouts: tuple[Layout, ...] = ()
    kinds: tuple[Kind, ...] = ()
    unwritten: Mapping[str, str] = attrs.Factory(dict)
    objects: bool = False
    door: tuple[str, str] | None = None
    times: Mapping[str, str] = attrs.Factory(dict)
    lengths: Mapping[str, str] = attrs.Factory(dict)
    by_update: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Entry]:
        """The entries, by each of their names."""
        return {name: entry for entry in self.entries for name in (*entry.known_as, entry.name)}

    def entry(self, name: str) -> Entry:
        """Returns the entry of a scheduler. Raises `UnreadableError` for an unknown one."""
        if name not in self.by_name:
            raise UnreadableError(f"`{name}` is no scheduler of {self.title} that lrdsl knows")
        return self.by_name[name]

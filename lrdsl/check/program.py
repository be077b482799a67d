"""Files: statements in order, each seen by those after it. Settings make the clock, definitions give names, targets get plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from lrdsl.check.assertions import assertion
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.legend import Legend
from lrdsl.check.names import defined, named
from lrdsl.check.notes import Notes
from lrdsl.check.prelude import known_to
from lrdsl.check.scope import ARITHMETIC, WORDS, Defined, Named, Run, Scope
from lrdsl.check.values import value_of
from lrdsl.clock import UNITS, Clock, MissingFactError
from lrdsl.diagnostics import Problems, ScheduleError, did_you_mean, shown
from lrdsl.expr import Num
from lrdsl.expr.exact import Exact
from lrdsl.kinds import Kind
from lrdsl.plan import Assertion, History, Plan, Program, Target
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node

MAX_STATEMENTS = 500
#: So many files are used at most, each counted as often as it is used, and so many characters of them are read.
MAX_USED, MAX_USED_TEXT = 100, 100_000
#: The settings of a file, and the fact of the clock that each states.
SETTINGS = {"base": "", "batch_size": "batch_size", "epoch": "steps_per_epoch", "tick": "tick", "tokens_per_step": "tokens_per_step", "total": "total_steps"}
#: Keys of param groups that hold several numbers: the first index picks one of them.
VECTORS = ("betas",)
_KEYS = 'left of `=` stands a key of the param groups: `lr`, `lr["backbone"]`, `lr[0]`, `betas[0]`, `betas[0]["backbone"]`'


class UnusableError(Exception):
    """A file that cannot be used: what is wrong, and what to do."""

    def __init__(self, message: str, help: str) -> None:
        self.message, self.help = message, help
        super().__init__(message)


class Library(Protocol):
    """Finds the files that a file uses."""

    def read(self, path: str) -> tuple[str, Library]:
        """The text of a file, and the library that is right for it. Raises `UnusableError`."""
        ...


def total_of(clock: Clock) -> Exact | None:
    """The run's length in ticks, if the clock knows it."""
    try:
        return clock.total()
    except MissingFactError:
        return None


@attrs.define
class _Reading:
    """What has been read of a file so far."""

    clock: Clock
    names: Mapping[str, Exact]
    problems: Problems
    bound: dict[str, Named | Defined] = attrs.Factory(dict)
    base: Exact | None = None
    expanded: list[int] = attrs.Factory(lambda: [0])
    recipes: Mapping[str, Defined] = attrs.Factory(dict)
    happened: History = attrs.Factory(dict)
    written: bool = False
    legend: Legend | None = None
    notes: Notes | None = None
    used: list[tuple[Problems, nodes.Use, Problems]] = attrs.Factory(list)

    def scope(self) -> Scope:
        bound, room = {**self.recipes, **self.bound}, total_of(self.clock)
        known: dict[str, Any] = {"expanded": self.expanded, "written": self.written, "legend": self.legend, "notes": self.notes}
        return Scope(self.clock, self.names, self.problems, room, bound=bound, run=Run(happened=self.happened), **known)

    def bind(self, name: str, extent: nodes.Extent, what: Named | Defined) -> None:
        """Give a name a meaning; what the host gives a value keeps it."""
        if name in SHAPES or name in COMBINATORS or name in ARITHMETIC or name in WORDS:
            self.problems.error("LR116", extent, f"`{name}` is a word of the language", "choose another name")
        elif name in self.bound:
            self.problems.error("LR116", extent, f"`{shown(name)}` has a meaning already", "choose another name, or take one of the two out")
        elif name not in self.names or isinstance(what, Defined):
            self.bound[name] = what


def program(
    file: nodes.File,
    clock: Clock,
    names: Mapping[str, Exact],
    problems: Problems,
    library: Library | None,
    plan_of: Callable[[Node, Scope], Plan | None],
    happened: History,
    written: bool,
    legend: Legend | None,
    notes: Notes | None,
) -> Program | None:
    """The meaning of a file, or None after its problems were reported."""
    if len(file.statements) > MAX_STATEMENTS:
        problems.error("LR005", file.statements[MAX_STATEMENTS].extent, f"{len(file.statements)} statements", f"a file has at most {MAX_STATEMENTS}")
        return None
    reading = _Reading(clock, names, problems, recipes=known_to(file, names), happened=happened, written=written, legend=legend, notes=notes)
    for statement in file.statements:  # the clock is known before the first phase is read
        if isinstance(statement, nodes.Setting):
            _set(statement, reading)
    targets: list[Target] = []
    assertions: list[Assertion] = []
    for statement in file.statements:
        match statement:
            case nodes.Setting():
                pass
            case nodes.Binding():
                reading.bind(statement.name, statement.name_extent, named(statement.value, reading.scope()))
            case nodes.Function():
                _define(statement, reading)
            case nodes.Use():
                _use(statement, reading, library)
            case nodes.Assertion():
                found = assertion(statement, reading.scope())
                if found is not None:
                    assertions.append(found)
            case nodes.Target():
                _assign(statement.target, statement.body, reading, targets, plan_of)
            case _:
                _assign(nodes.Name("lr", statement.extent), statement, reading, targets, plan_of)
    for outer, use, own in reversed(reading.used):  # what was defined elsewhere may turn out wrong only where it is used
        for d in own.found:
            outer.error("LR146", use.extent, f"`{shown(use.path)}`, line {d.span.start.line}: {d.message}", d.help)
    if not targets and not problems.found:
        problems.error("LR004", file.extent, "the file schedules nothing", "add a target: `lr = cosine(100)`")
    return None if problems.found else Program(tuple(targets), tuple(assertions), reading.clock, reading.base)


def _set(node: nodes.Setting, reading: _Reading) -> None:
    problems, word = reading.problems, node.name
    if word not in SETTINGS:
        options = {fact: name for name, fact in SETTINGS.items()}  # as a host calls them
        near = options.get(word) or did_you_mean(word, SETTINGS)
        help = f"did you mean `{near}`?" if near else f"a file sets {', '.join(f'`{s}`' for s in SETTINGS)}"
        problems.error("LR103", node.name_extent, f"there is no setting `{shown(word)}`", help, near)
        return
    fact, value = _setting(node, reading)
    if value is None:
        return
    if not fact:
        reading.base = value
        return
    known = getattr(reading.clock, fact)
    if known is not None and known != value and not (fact == "tick" and known == "step"):
        problems.error("LR124", node.extent, f"the file sets {word} to {value}, and the host says {fact} is {known}", "take one of the two out")
        return
    facts: dict[str, Any] = {**attrs.asdict(reading.clock), fact: value}
    try:
        reading.clock = Clock.of(**facts)
    except ScheduleError as error:
        found = error.diagnostics[0]
        problems.error(found.code, node.extent, found.message, found.help)


def _setting(node: nodes.Setting, reading: _Reading) -> tuple[str, Any]:
    """The fact that a setting states, and its value; None after a problem was reported."""
    value, scope = node.value, reading.scope()
    if node.name == "tick":
        if isinstance(value, nodes.Name) and value.id in ("step", "epoch"):
            return "tick", value.id
        reading.problems.error("LR105", value.extent, f"`{shown(canonical(value))}` is no tick", "a tick is one `step` or one `epoch`")
        return "tick", None
    if node.name == "total" and isinstance(value, nodes.Quantity) and UNITS.get(value.unit) == "epoch":
        return "total_epochs", value.value
    steps = attrs.evolve(scope, clock=attrs.evolve(scope.clock, tick="step", ticks_per_step=None))
    e = value_of(value, Kind.LEVEL if node.name == "base" else Kind.DURATION, steps)
    if e is None:
        return SETTINGS[node.name], None
    if not isinstance(e, Num) or e.value <= 0:
        reading.problems.error("LR131", value.extent, f"`{node.name}` is `{shown(canonical(value))}`, out of range", "give it a number above 0")
        return SETTINGS[node.name], None
    return SETTINGS[node.name], e.value


def _define(node: nodes.Function, reading: _Reading) -> None:
    seen: set[str] = set()
    for slot in node.parameters:
        if slot.name in seen:
            reading.problems.error("LR108", slot.extent, f"`{shown(slot.name)}` is given twice", "name each parameter once")
        if slot.name in SHAPES or slot.name in COMBINATORS or slot.name in WORDS:
            reading.problems.error("LR116", slot.extent, f"`{slot.name}` is a word of the language", "choose another name")
        seen.add(slot.name)
    if any(isinstance(n, nodes.Call | nodes.Name) and (n.name if isinstance(n, nodes.Call) else n.id) == node.name for n in nodes.walk(node.body)):
        help = "a function is made of what was defined before it; cycles are written `repeat(...)`"
        reading.problems.error("LR116", node.name_extent, f"`{node.name}` uses itself", help)
        node = attrs.evolve(node, body=nodes.Name("hold", node.extent))
    reading.bind(node.name, node.name_extent, defined(node, reading.scope()))


def _use(node: nodes.Use, reading: _Reading, library: Library | None) -> None:
    """Take the definitions of another file in. Its problems are reported at the `use`, with their place there."""
    problems = reading.problems
    if library is None:
        problems.error("LR146", node.extent, "a text that is not in a file has no files beside it", "put it in a `.lrs` file, or write the definitions out")
        return
    try:
        if len(reading.used) >= MAX_USED or sum(len(own.text) for _, _, own in reading.used) > MAX_USED_TEXT:
            raise UnusableError(f"more than {MAX_USED} files, or {MAX_USED_TEXT} characters of them, are used", "use fewer files, or use each once")
        text, inner = library.read(node.path)
    except UnusableError as reason:
        problems.error("LR146", node.extent, reason.message, reason.help)
        return
    own = Problems(text)
    reading.used.append((problems, node, own))
    try:
        tree = parse_tree(text, own)
    except ScheduleError:
        tree = None
    if tree is not None:
        there = _Reading(reading.clock, reading.names, own, expanded=reading.expanded, recipes=known_to(tree, reading.names), used=reading.used)
        for statement in tree.statements if isinstance(tree, nodes.File) else ():
            match statement:
                case nodes.Binding():
                    there.bind(statement.name, statement.name_extent, named(statement.value, there.scope()))
                case nodes.Function():
                    _define(statement, there)
                case nodes.Use():
                    _use(statement, there, inner)
        for name, what in there.bound.items():
            reading.bind(name, node.extent, what)


def _assign(target: Node, body: Node, reading: _Reading, targets: list[Target], plan_of: Callable[[Node, Scope], Plan | None]) -> None:
    problems, text = reading.problems, canonical(target)
    if not isinstance(target, nodes.Name | nodes.Indexed):
        problems.error("LR117", target.extent, f"`{shown(text)}` cannot be scheduled", _KEYS)
        return
    if target.id in SHAPES or target.id in COMBINATORS or target.id in WORDS:
        problems.error("LR117", target.extent, f"`{target.id}` is a word of the language, not a key of the param groups", "as in `lr = cosine(100)`")
        return
    keys = list(target.selectors) if isinstance(target, nodes.Indexed) else []
    element = keys.pop(0) if target.id in VECTORS and keys and isinstance(keys[0], int) else None
    if len(keys) > 1 or (target.id in VECTORS and element is None):
        problems.error("LR117", target.extent, f"`{shown(text)}` is not one number of a param group", _KEYS)
        return
    scope = reading.scope()
    plan = plan_of(body, scope)
    if text in reading.bound:
        problems.error("LR116", target.extent, f"`{shown(text)}` has a meaning already", "give each target one schedule")
    elif plan is not None:
        targets.append(Target(target.id, element if isinstance(element, int) else None, keys[0] if keys else None, plan))
    reading.bound.setdefault(text, attrs.evolve(named(body, scope), phase=True))

"""Checks a file, statement by statement: settings complete the clock, definitions bind names, targets get plans. `use` reads other files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import attrs

from lrdsl.check.amounts import is_placed
from lrdsl.check.assertions import assertion
from lrdsl.check.batches import batches_of
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.keys import Key, family_of, key_of, referred
from lrdsl.check.legend import Legend
from lrdsl.check.names import bind_function, bind_name, is_phase
from lrdsl.check.notes import Notes
from lrdsl.check.phases import curve_of
from lrdsl.check.prelude import recipes_for
from lrdsl.check.scope import ARITHMETIC, MAX_EXPANDED, WORDS, FunctionBinding, NameBinding, Named, Run, Scope, number_binding
from lrdsl.check.values import exact_number, value_of
from lrdsl.clock import MAX_TICKS, UNITS, Clock, total_of
from lrdsl.diagnostics import MOST_PROBLEMS, Problems, ScheduleError, shown
from lrdsl.expr import BASE, mentions
from lrdsl.expr.exact import Exact, Hosted
from lrdsl.kinds import Kind
from lrdsl.plan import History, Plan
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node
from lrdsl.targets import Assertion, Program, Target, quantity_letter
from lrdsl.work import MEMORY, spend, spent

#: The most statements of a file.
MAX_STATEMENTS = 500
#: The most files that a file may use, each counted as often as it is used, and the most characters of them all.
MAX_USED, MAX_USED_TEXT = 100, 100_000
#: The settings of a file, and the fact of the clock that each gives; `base` is not a fact of the clock.
SETTINGS = {"base": "", "batch_size": "batch_size", "epoch": "steps_per_epoch", "tick": "tick", "tokens_per_step": "tokens_per_step", "total": "total_steps"}
#: The settings that may change in the run.
BATCHES = ("batch_size", "tokens_per_step")
#: A target with `{k}` is read with these numbers for k, until one of them makes it sound: a schedule may have no meaning for some, as 1 / (k - 1) for 1.
SAMPLES = (1, 0, 2, 6, 12, 24, 100)


class UnusableError(Exception):
    """Raised for a file that cannot be used; has a message and a help line."""

    def __init__(self, message: str, help: str) -> None:
        self.message, self.help = message, help
        super().__init__(message)


class Library(Protocol):
    """Finds and reads the files that a file uses."""

    def read(self, path: str) -> tuple[str, Library]:
        """Returns the text of a file, and the library for the files that it uses itself. Raises `UnusableError`."""
        ...


@attrs.define
class _FileState:
    """The state of the check of one file: the clock and names so far, and what its scopes need. `used` has the files that it uses, for all files together.

    `meanings` has the definition of each name, and those that it needs in turn, while a memory is in use. `named` is that of `Run`.
    """

    clock: Clock
    names: Mapping[str, Hosted]
    problems: Problems
    bound: dict[str, NameBinding | FunctionBinding] = attrs.Factory(dict)
    base: Exact | None = None
    expanded: list[int] = attrs.Factory(lambda: [0])
    recipes: Mapping[str, FunctionBinding] = attrs.Factory(dict)
    history: History = attrs.Factory(dict)
    readable: bool = False
    legend: Legend | None = None
    notes: Notes | None = None
    numbers: Mapping[str, tuple[int, ...]] = attrs.Factory(dict)
    only: Collection[str] | None = None
    cut: frozenset[Node] = frozenset()
    earlier: Notes | None = None
    used: list[tuple[Problems, nodes.Use, Problems]] = attrs.Factory(list)
    meanings: dict[str, tuple[Node, ...]] = attrs.Factory(dict)
    named: dict[Hashable, Named] = attrs.Factory(dict)

    def scope(self) -> Scope:
        """Returns the scope of the next statement."""
        bound, rest = {**self.recipes, **self.bound}, total_of(self.clock)
        shared: dict[str, Any] = {"expanded": self.expanded, "readable": self.readable, "legend": self.legend, "notes": self.notes, "earlier": self.earlier}
        return Scope(
            self.clock, self.names, self.problems, rest, bound=bound, run=Run(history=self.history, named=self.named), cut=self.cut, read=curve_of, **shared
        )

    def binding(self, name: str, node: Node, scope: Scope) -> NameBinding:
        """Returns the binding of a name, from that of an earlier check if there is one: no event changes what it says of a node."""
        before = None if self.earlier is None else self.earlier.bindings.get(name)
        binding = bind_name(node, scope) if before is None or before.node is not node else attrs.evolve(before, scope=scope)
        if self.notes is not None:
            self.notes.bindings[name] = binding
        return binding

    def bind(self, name: str, extent: nodes.Extent, binding: NameBinding | FunctionBinding) -> None:
        """Binds a name, or reports that it is taken. A value that the host gives to the name goes before a `let`."""
        if name in SHAPES or name in COMBINATORS or name in ARITHMETIC or name in WORDS:
            self.problems.error("LR116", extent, f"`{name}` is a word of the language", "choose another name")
        elif name in self.bound:
            self.problems.error("LR116", extent, f"`{shown(name)}` is already defined", "choose another name, or delete one of the two")
        elif name not in self.names or isinstance(binding, FunctionBinding):
            self.bound[name] = binding
            self.remember(name, binding.function if isinstance(binding, FunctionBinding) else binding.node)

    def remember(self, name: str, meaning: Node) -> None:
        """Records the definition of a name, and those that it needs."""
        if MEMORY.get() is not None:
            self.meanings[name] = (meaning, *self.definitions(meaning))

    def definitions(self, node: Node) -> list[Node]:
        """Returns the definitions that a node needs, each once, and those that these need."""
        needed: dict[int, Node] = {}
        for part in nodes.walk(node):
            reference = referred(part, self.bound)
            word = part.name if isinstance(part, nodes.Call) else "" if reference is None else reference[0]
            needed |= {id(meaning): meaning for meaning in self.meanings.get(word, ())}
        return list(needed.values())


def program_of(
    file: nodes.File,
    clock: Clock,
    names: Mapping[str, Hosted],
    problems: Problems,
    library: Library | None,
    plan_of: Callable[[Node, Scope], Plan | None],
    history: History,
    readable: bool,
    legend: Legend | None,
    notes: Notes | None,
    numbers: Mapping[str, tuple[int, ...]],
    only: Collection[str] | None,
    cut: frozenset[Node],
    earlier: Notes | None,
) -> Program | None:
    """Returns what a file says; None after its problems were reported. `plan_of` makes the plan of an expression.

    `numbers` are those with which targets with `{k}` are read, by target. With `only`, just these targets are read, and no assertion.
    """
    if len(file.statements) > MAX_STATEMENTS:
        what = f"the file has {len(file.statements)} statements"
        problems.error("LR005", file.statements[MAX_STATEMENTS].extent, what, f"a file has at most {MAX_STATEMENTS}")
        return None
    options: dict[str, Any] = {"history": history, "readable": readable, "legend": legend, "notes": notes, "numbers": numbers, "only": only, "cut": cut}
    state = _FileState(clock, names, problems, recipes=recipes_for(file, names), earlier=earlier, **options)
    _read_settings(file, state, plan_of)  # settings first: the clock must be complete before the first phase
    targets: list[Target] = []
    assertions: list[Assertion] = []
    for statement in file.statements:
        match statement:
            case nodes.Setting():
                pass
            case nodes.Binding():
                state.bind(statement.name, statement.name_extent, state.binding(statement.name, statement.value, state.scope()))
            case nodes.Function():
                _define(statement, state)
            case nodes.Use():
                _use(statement, state, library)
            case nodes.Assertion():
                checked = assertion(statement, state.scope()) if only is None else None
                if checked is not None:
                    assertions.append(checked)
            case nodes.Target():
                _assign(statement.target, statement.body, state, targets, plan_of)
            case _:
                _assign(nodes.Name("lr", statement.extent), statement, state, targets, plan_of)
    for outer, use, inner_problems in reversed(state.used):  # a definition of another file may show its problem only when it is used
        for d in inner_problems.found:
            outer.error("LR146", use.extent, f"`{shown(use.path)}`, line {d.span.start.line}: {d.message}", d.help)
    if not targets and not problems.found:
        problems.error("LR004", file.extent, "the file has no target", "add one: `lr = cosine(100)`")
    return None if problems.found else Program(tuple(targets), tuple(assertions), state.clock, state.base)


def _read_settings(file: nodes.File, state: _FileState, plan_of: Callable[[Node, Scope], Plan | None]) -> None:
    """Reads the settings of a file. Their order does not matter: one that needs another, as a total in tokens does, is read after it."""
    found = state.problems.found
    settings = [statement for statement in file.statements if isinstance(statement, nodes.Setting)]
    while settings:
        waiting = []
        for setting in settings:
            before, clock = len(found), state.clock
            _set(setting, state, plan_of)
            if any(d.code == "LR121" for d in found[before:]):
                waiting.append((setting, found[before:], state.clock))
                del found[before:]
                state.clock = clock
        if len(waiting) == len(settings):  # nothing gives what they need
            for _, problems, clock in waiting:
                found += problems
                state.clock = clock
            return
        settings = [setting for setting, _, _ in waiting]


def _set(node: nodes.Setting, state: _FileState, plan_of: Callable[[Node, Scope], Plan | None]) -> None:
    """Puts the fact of a `set` statement into the clock, or reports its problem."""
    problems, word = state.problems, node.name
    if word not in SETTINGS:
        options = {fact: name for name, fact in SETTINGS.items()}  # a host gives the facts by these names
        near = options.get(word) or problems.near(word, SETTINGS)
        help = f"did you mean `{near}`?" if near else f"a file sets {', '.join(f'`{s}`' for s in SETTINGS)}"
        problems.error("LR103", node.name_extent, f"there is no setting `{shown(word)}`", help, near)
        return
    fact, value = _setting(node, state, plan_of)
    if value is None:
        if word in BATCHES:  # so that its tokens and samples are not reported as well
            some: dict[str, Any] = {fact: getattr(state.clock, fact) or MAX_TICKS}
            state.clock = attrs.evolve(state.clock, **some)
        return
    if not fact:
        state.base = value
        return
    earlier = getattr(state.clock, fact)
    if earlier is not None and earlier != value and not (fact == "tick" and earlier == "step"):
        problems.error("LR124", node.extent, f"the file sets {word} to {value}, but {fact} is already {earlier}", "remove one of the two")
        return
    facts: dict[str, Any] = {**state.clock.given(), fact: value}
    try:
        state.clock = Clock.of(**facts)
    except ScheduleError as error:
        problem = error.diagnostics[0]
        problems.error(problem.code, node.extent, problem.message, problem.help)


def _setting(node: nodes.Setting, state: _FileState, plan_of: Callable[[Node, Scope], Plan | None]) -> tuple[str, Any]:
    """Returns the fact of a setting, and its value; the value is None after a problem was reported."""
    value, scope = node.value, state.scope()
    if node.name == "tick":
        if isinstance(value, nodes.Name) and value.id in ("step", "epoch"):
            return "tick", value.id
        state.problems.error("LR105", value.extent, f"`{shown(canonical(value))}` is not a tick", "a tick is one `step` or one `epoch`")
        return "tick", None
    if node.name in BATCHES and is_phase(value, scope):
        return node.name, batches_of(node, node.name, scope, plan_of)
    if node.name == "total" and isinstance(value, nodes.Quantity) and UNITS.get(value.unit) == "epoch":
        return "total_epochs", value.value
    if node.name == "epoch" and is_placed(value, scope):
        what = f"`{shown(canonical(value))}` is no fixed number of steps, because the batch changes in the run"
        state.problems.error("LR123", value.extent, what, "give the epoch in steps: `set epoch = 1251 steps`")
        return "steps_per_epoch", None
    steps = attrs.evolve(scope, clock=attrs.evolve(scope.clock, tick="step", ticks_per_step=None))
    e = value_of(value, Kind.LEVEL if node.name == "base" else Kind.DURATION, steps)
    if e is None:
        return SETTINGS[node.name], None
    size = None if mentions(e, BASE) else exact_number(e, value, scope)
    if size is None or size.value <= 0:
        state.problems.error("LR131", value.extent, f"`{node.name}` is `{shown(canonical(value))}`, out of range", "give it a number above 0")
        return SETTINGS[node.name], None
    return SETTINGS[node.name], size.value


def _define(node: nodes.Function, state: _FileState) -> None:
    """Binds the function of a `def` statement, and reports problems of its parameters."""
    names: set[str] = set()
    for slot in node.parameters:
        if slot.name in names:
            state.problems.error("LR108", slot.extent, f"`{shown(slot.name)}` is given twice", "name each parameter once")
        if slot.name in SHAPES or slot.name in COMBINATORS or slot.name in WORDS:
            state.problems.error("LR116", slot.extent, f"`{slot.name}` is a word of the language", "choose another name")
        names.add(slot.name)
    if any(isinstance(n, nodes.Call | nodes.Name) and (n.name if isinstance(n, nodes.Call) else n.id) == node.name for n in nodes.walk(node.body)):
        help = "a function can use only what is defined before it; write cycles as `repeat(...)`"
        state.problems.error("LR116", node.name_extent, f"`{node.name}` uses itself", help)
        node = attrs.evolve(node, body=nodes.Name("hold", node.extent))
    state.bind(node.name, node.name_extent, bind_function(node, state.scope()))


def _use(node: nodes.Use, state: _FileState, library: Library | None) -> None:
    """Adds the definitions of another file. The caller reports the problems of that file at the `use`."""
    problems = state.problems
    if library is None:
        problems.error("LR146", node.extent, "only a text in a file can use other files", "put it in a `.lrs` file, or write the definitions here")
        return
    try:
        if len(state.used) >= MAX_USED or sum(len(inner_problems.text) for _, _, inner_problems in state.used) > MAX_USED_TEXT:
            raise UnusableError(f"more than {MAX_USED} files, or {MAX_USED_TEXT} characters of them, are used", "use fewer files, or each file once")
        text, inner = library.read(node.path)
    except UnusableError as reason:
        problems.error("LR146", node.extent, reason.message, reason.help)
        return
    inner_problems = Problems(text)
    state.used.append((problems, node, inner_problems))
    try:
        tree = parse_tree(text, inner_problems)
    except ScheduleError:
        tree = None
    if tree is not None:
        other = _FileState(state.clock, state.names, inner_problems, expanded=state.expanded, recipes=recipes_for(tree, state.names), used=state.used)
        for statement in tree.statements if isinstance(tree, nodes.File) else ():
            match statement:
                case nodes.Binding():
                    other.bind(statement.name, statement.name_extent, bind_name(statement.value, other.scope()))
                case nodes.Function():
                    _define(statement, other)
                case nodes.Use():
                    _use(statement, other, inner)
        for name, binding in other.bound.items():
            state.bind(name, node.extent, binding)
            if state.notes is not None:
                state.notes.used[name] = binding.function if isinstance(binding, FunctionBinding) else binding.node


def _assign(target: Node, body: Node, state: _FileState, targets: list[Target], plan_of: Callable[[Node, Scope], Plan | None]) -> None:
    """Adds the target of an assignment with its plan, and binds its name, or reports its problem."""
    problems = state.problems
    key = key_of(target, state.names, state.bound, problems)
    if key is None:
        return
    scope, family = state.scope(), family_of(key)
    wanted = state.only is None or key.text in state.only
    read = _remembered(key, body, state, plan_of) if wanted else ()
    if family is not None:
        scope = scope.with_names({key.letter: number_binding(SAMPLES[0], scope)})
    if key.text in state.bound:
        problems.error("LR116", target.extent, f"`{shown(key.text)}` is already defined", "give each target one schedule")
    else:
        targets += [Target(key.key, key.element, key.groups, plan, key.text, number) for number, plan in read]
    if key.text not in state.bound:
        state.bound[key.text] = attrs.evolve(state.binding(key.text, body, scope), is_phase=True, family=family)
        state.remember(key.text, body)


#: The plans of a target, each with the number with which it was read, None for a target without `{k}`. There are none after problems were reported.
_Read: TypeAlias = "tuple[tuple[int | None, Plan], ...]"


@attrs.frozen
class _Reading:
    """What came of a target without problems when it was read: its plan, its notes, the nodes to which names in it expand, and its work."""

    read: _Read
    notes: Notes | None
    expanded: int
    work: int


def _remembered(key: Key, body: Node, state: _FileState, plan_of: Callable[[Node, Scope], Plan | None]) -> _Read:
    """Reads a target. One that was read in a text before, at the same place and with the same definitions, is not read again."""
    memory = MEMORY.get()
    if memory is None or state.legend is not None or state.history or state.earlier is not None:
        return _read(key, body, state, plan_of)
    same = (body, *state.definitions(body))
    facts = (frozenset(state.names.items()), state.readable, state.notes is None, state.cut, state.numbers.get(key.text))
    reading: _Reading | None = memory.get("target", same, (key, state.clock, facts))
    if reading is None or state.expanded[0] + reading.expanded > MAX_EXPANDED:
        count, before, worked = len(state.problems.found), state.expanded[0], spent()
        notes = None if state.notes is None else Notes(state.notes.text)
        own = attrs.evolve(state, notes=notes)
        reading = _Reading(_read(key, body, own, plan_of), notes, state.expanded[0] - before, spent() - worked)
        if reading.read and len(state.problems.found) == count < MOST_PROBLEMS:
            memory.keep("target", same, (key, state.clock, facts), reading)
    else:
        state.expanded[0] += reading.expanded
        spend(reading.work)
    if state.notes is not None and reading.notes is not None:
        state.notes.add(reading.notes)
    return reading.read


def _read(key: Key, body: Node, state: _FileState, plan_of: Callable[[Node, Scope], Plan | None]) -> _Read:
    """Reads a target: its plan; for a target with `{k}`, those of the numbers that are asked for."""
    own = state if state.legend is None else attrs.evolve(state, legend=Legend(state.legend.symbol, quantity_letter(key.key)))
    if family_of(key) is not None:
        return tuple(_members(key, body, own, plan_of))
    plan = plan_of(body, own.scope())
    return () if plan is None else ((None, plan),)


def _members(key: Key, body: Node, state: _FileState, plan_of: Callable[[Node, Scope], Plan | None]) -> Iterator[tuple[int, Plan]]:
    """Reads a target with `{k}`, with each number that is asked for, or else with the first that makes it sound. Reports the problems with the first."""
    asked = state.numbers.get(key.text)
    first: Problems | None = None
    for number in SAMPLES if asked is None else asked:
        own = Problems(state.problems.text)
        earlier = state.earlier and state.earlier.members.get((key.text, number), state.earlier)
        scope = attrs.evolve(state.scope(), problems=own, earlier=earlier)
        plan = plan_of(body, scope.with_names({key.letter: number_binding(number, scope)}))
        if plan is not None and not own.found:
            yield number, plan
            if asked is None:
                return
        elif first is None:
            first = own
            if asked is not None:
                break
    for d in first.found if first is not None else ():
        state.problems.add(d if asked is None else attrs.evolve(d, message=f"with {key.letter} = {number}: {d.message}"))

"""`Scope`: the surroundings in which a node is checked, such as the clock, the names and the place in the schedule. Also `Run` and the bindings of names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.arguments import exactly, listed, quoted, setting
from lrdsl.check.legend import Legend
from lrdsl.check.notes import Notes, Use
from lrdsl.clock import WITHOUT_TOTAL, Clock, MissingFactError
from lrdsl.diagnostics import Problems, refuse, shown
from lrdsl.expr import Event, Expr
from lrdsl.expr.exact import Exact, Hosted, size
from lrdsl.plan import History, Watch
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.targets.patterns import catch_first, with_number

if TYPE_CHECKING:
    from lrdsl.check.curves import Curve

#: The words of the language that stand for a value.
WORDS = ("base", "pi", "rest", "t", "total")

#: What other libraries call these words.
WORDS_KNOWN_AS = {
    **dict.fromkeys(("remaining", "remainder", "left", "rest_of_run"), "rest"),
    **dict.fromkeys(("total_steps", "max_steps", "max_epochs", "num_steps", "total_epochs", "run", "end"), "total"),
    **dict.fromkeys(("base_lr", "peak_lr", "max_lr", "initial_lr", "init_lr", "learning_rate"), "base"),
    **dict.fromkeys(("step", "epoch", "tick", "i", "n", "T"), "t"),
}

#: The functions of arithmetic, and how many arguments each takes; None for two or more.
ARITHMETIC = {"abs": 1, "ceil": 1, "cos": 1, "exp": 1, "floor": 1, "log": 1, "max": None, "min": None, "sin": 1, "sqrt": 1}

#: How the host gives each fact of the clock: in Python, and on the command line.
_FLAGS = {
    "steps_per_epoch": "`steps_per_epoch=` (`--steps-per-epoch`)",
    "total_steps": "`total_steps=` (`--total-steps`)",
    "total_epochs": "`total_epochs=` (`--total-epochs`)",
    "batch_size": "`batch_size=` (`--batch-size`)",
    "tokens_per_step": "`tokens_per_step=` (`--tokens-per-step`)",
}

#: How deep names may be nested in the meaning of names, and how many nodes all names together may expand to.
MAX_NAMES_DEEP, MAX_EXPANDED = 30, 50_000
#: The most values of a list.
MAX_LIST = 1000
#: The host gives a name 0, or a number from 1/LARGEST to LARGEST in size.
LARGEST = 10**100
_RANGE = "give it a finite number between 1e-100 and 1e100"


@attrs.frozen
class Dependencies:
    """What must be known before a node is read: the other lengths if it `uses_rest`, the events if it `follows_metric`, its first tick if it `counts_run`.

    A node counts from its first tick where it has a time of the run, or tokens or samples while the batch changes.
    """

    uses_rest: bool
    follows_metric: bool
    counts_run: bool


@attrs.frozen
class Family:
    """The targets that a target with `{k}` makes, one for each number that its `patterns` catch in the names of groups. The number is called `letter`."""

    letter: str
    patterns: tuple[str, ...]

    def number_of(self, name: str) -> int | None:
        """The number that the first of the patterns that fits a name catches in it."""
        return catch_first(self.patterns, name)


@attrs.frozen(eq=False)
class NameBinding:
    """The meaning of a name of the text: of a `let`, an argument of a function, or a target. The `node` is read in the `scope` where it was written.

    `is_phase` says that the node is a phase, `only_phase` that it cannot be a value instead, as `exp(-1)` can. `needs` are the dependencies of the node; `size`
    counts the nodes in it. `by_user` is False for the parameters of a standard recipe: a symbolic formula does not use their names as letters. `family` is set
    for a target with `{k}`, which means something only where k has a number; `caught` is True for that number.
    """

    node: Node
    scope: Scope
    is_phase: bool
    only_phase: bool
    needs: Dependencies
    size: int
    by_user: bool = True
    family: Family | None = None
    caught: bool = False


@attrs.frozen(eq=False)
class FunctionBinding:
    """The meaning of the name of a function. The flags and the size are those of its body. `by_user` is False for a standard recipe."""

    function: nodes.Function
    scope: Scope
    is_phase: bool
    needs: Dependencies
    size: int
    by_user: bool = True


@attrs.frozen(eq=False)
class Named:
    """What a name of the text came to at a place of the run: its curve, the watches that it adds, and when their events came."""

    binding: NameBinding
    curve: Curve
    watches: tuple[Watch, ...]
    times: Mapping[Event, tuple[Exact, ...]]


@attrs.frozen(eq=False)
class Run:
    """The place of a node on the time axis of the run.

    The phase begins at the tick `start`, None if that depends on an event that has not come, and `offset` ticks after the event `origin`. It cannot begin
    before the tick `earliest`. From the tick `end` on, it is no longer in force. `refused` is not empty where a phase that follows a metric is not allowed, and
    names the place; `timeless` does so for a time of the run. `finish` is the tick at which a phase ends whose start is not known yet, because a phase before
    it takes the `rest`. `history` has the events that have come. Three fields are filled while a text is checked:
    `watches`; `times`, when each event came, in ticks of its phase; and `named`, what names came to,
    by their binding and place, for the other targets of a run in which events have come.
    """

    start: Exact | None = 0
    earliest: Exact = 0
    end: Exact | None = None
    origin: Event | None = None
    offset: Exact = 0
    refused: str = ""
    timeless: str = ""
    finish: Exact | None = None
    history: History = attrs.field(factory=dict)
    watches: list[Watch] = attrs.field(factory=list)
    times: dict[Event, tuple[Exact, ...]] = attrs.field(factory=dict)
    named: dict[Hashable, Named] = attrs.field(factory=dict)

    def advanced(self, ticks: Exact) -> Run:
        """Returns the place that is this many ticks later."""
        return attrs.evolve(self, start=None if self.start is None else self.start + ticks, earliest=self.earliest + ticks, offset=self.offset + ticks)

    def after_event(self, event: Event, ticks: Exact, default: Exact | None) -> Run:
        """Returns the place that is this many ticks after an event.

        `default` is how many ticks later that is if the event does not come, None if the phase then never ends.
        """
        start = None if self.start is None or default is None else self.start + default
        return attrs.evolve(self, start=start, earliest=self.earliest + ticks, origin=event, offset=ticks)

    @property
    def first_tick(self) -> Exact:
        """The tick at which the phase begins; the earliest one if that depends on an event."""
        return self.earliest if self.start is None else self.start

    @property
    def place(self) -> Hashable:
        """What the curve of a node depends on here: all but the events that have come."""
        return (self.start, self.earliest, self.end, self.origin, self.offset, self.refused, self.timeless, self.finish, len(self.watches))

    def cut(self, ticks: Exact | None) -> Run:
        """Returns this place for a phase that is in force for at most this many ticks; None sets no limit."""
        end = None if self.start is None or ticks is None else self.start + ticks
        return self if end is None else attrs.evolve(self, end=end if self.end is None else min(end, self.end))


@attrs.frozen
class Scope:
    """The surroundings in which a node is checked.

    `clock` and `names` come from the host, `problems` collects the diagnostics. `rest` is the value of the word `rest`, None where it has none; `no_rest` then
    names the place. `factor` is set inside the right side of `A * B`, where the entry level and base are 1, and `formula` inside an expression of `t`.
    `readable` asks for formulas as people write them. `bound` has the names that the text defines; `depth` counts the names around a node, one inside the
    meaning of another, and `expanded` the nodes that all names together have expanded to. `run` is the place in the run. `legend` gives letters to constants of
    a symbolic formula, `notes` records calls and sequences for lint rules; both may be None. `read` returns the curve of a phase, for values such as `A at T`.
    `cut` has the last phases that only the end of the run keeps finite. `earlier` has the notes of the text as it was read before events had come.
    """

    clock: Clock
    names: Mapping[str, Hosted]
    problems: Problems
    rest: Exact | None = None
    no_rest: str = ""
    factor: bool = False
    formula: bool = False
    readable: bool = False
    bound: Mapping[str, NameBinding | FunctionBinding] = attrs.field(factory=dict)
    depth: int = 0
    expanded: list[int] = attrs.field(factory=lambda: [0])
    run: Run = attrs.field(factory=Run)
    legend: Legend | None = None
    notes: Notes | None = None
    read: Callable[[Node, Scope], Curve | None] | None = attrs.field(default=None, repr=False)
    cut: frozenset[Node] = frozenset()
    earlier: Notes | None = None

    def note_call(self, node: nodes.Call, name: str, arguments: Mapping[str, Any], given: Iterable[str]) -> None:
        """Records a call for lint rules. `given` names the arguments that the text has."""
        if self.notes is not None and self.notes.text is self.problems.text:
            self.notes.uses[node.extent, name] = Use(node, name, arguments, frozenset(given), self.factor)

    def lettered(self, e: Expr, letter: str, node: Node, duration: bool) -> Expr:
        """Returns a constant of the text, with a letter if the formula is symbolic. An argument of a recipe that is read in several places has one letter."""
        if self.legend is None:
            return e
        extent, text = self.place_of(node)
        return self.legend.with_letter(e, self.legend.of_parameter(letter), extent, text, factor=self.factor, duration=duration)

    def place_of(self, node: Node) -> tuple[Extent, str]:
        """Returns where a value stands in a text: an argument of a recipe stands where the recipe is called."""
        scope = self
        while isinstance(node, nodes.Name) and isinstance(binding := scope.bound.get(node.id), NameBinding) and not binding.by_user and binding.family is None:
            node, scope = binding.node, binding.scope
        return node.extent, scope.problems.text

    def enter(self, binding: NameBinding | FunctionBinding, extent: Extent, number: int | None = None) -> Scope | None:
        """Returns the scope to read the meaning of a name in, for a name that is used here; None after a problem was reported.

        `number` is that of a member of a family. If it is None, the member with the number of this place is meant.
        """
        bound = binding.scope.bound
        family = binding.family if isinstance(binding, NameBinding) else None
        if family is not None:
            caught = self.bound.get(family.letter) if number is None else number_binding(number, binding.scope)
            if not (isinstance(caught, NameBinding) and caught.caught):
                example = with_number(family.patterns[0], 3)
                help = f'name a group, as `["{shown(example)}"]`, or write it in a target that catches `{{{family.letter}}}` too'
                self.problems.error("LR103", extent, f"this depends on `{family.letter}`, which has no value here", help)
                return None
            bound = {**bound, family.letter: caught}
        expanded_before = self.expanded[0]
        self.expanded[0] += binding.size
        if expanded_before > MAX_EXPANDED:  # reported already
            return None
        if self.depth >= MAX_NAMES_DEEP or self.expanded[0] > MAX_EXPANDED:
            self.expanded[0] = MAX_EXPANDED + 1
            what = f"names are nested more than {MAX_NAMES_DEEP} deep" if self.depth >= MAX_NAMES_DEEP else "the names expand to too large a text"
            self.problems.error("LR005", extent, what, "use fewer names in the meaning of other names")
            return None
        problems = binding.scope.problems
        if isinstance(binding, FunctionBinding) and problems is not self.problems:
            # From another file, `leave` reports its problems at the call; a function of that file which it calls reports with it.
            problems = Problems(problems.text) if problems.text is not self.problems.text else self.problems
        return attrs.evolve(self, names=binding.scope.names, bound=bound, problems=problems, depth=self.depth + 1)

    def leave(self, inner: Scope, name: str, extent: Extent) -> None:
        """Reports the problems inside a function of another file at the call of that function."""
        if inner.problems.text is not self.problems.text:
            for d in inner.problems.found:
                self.problems.error(d.code, extent, f"in `{name}`: {d.message}", d.help)

    def with_names(self, names: Mapping[str, NameBinding | FunctionBinding]) -> Scope:
        """Returns the scope with more names of the text."""
        return attrs.evolve(self, bound={**self.bound, **names})

    def without_rest(self, where: str) -> Scope:
        """Returns the scope for a place, such as "inside a cycle", without `rest`, phases that follow a metric, and times of the run."""
        return attrs.evolve(self, rest=None, no_rest=where, run=attrs.evolve(self.run, refused=where, timeless=where))

    def without_names(self, words: set[str]) -> Scope:
        """Returns the scope without some names of the text."""
        return attrs.evolve(self, bound={k: v for k, v in self.bound.items() if k not in words})

    def without_place(self, where: str) -> Scope:
        """Returns the scope of a length that counts from more than one tick."""
        return attrs.evolve(self, run=attrs.evolve(self.run, timeless=where)) if self.clock.changing else self

    def from_run_start(self) -> Scope:
        """Returns the scope in which tokens and samples are counted from the start of the run, for a time of the run."""
        if not self.clock.changing:
            return self
        return attrs.evolve(self, run=attrs.evolve(self.run, start=0, earliest=0, origin=None, offset=0, finish=None, timeless=""))

    def report_missing(self, fact: MissingFactError, extent: Extent, what: str) -> None:
        """Reports that `what` needs a fact which the clock does not have."""
        ways = " or ".join(_FLAGS[name] for name in fact.facts)
        if "total_steps" in fact.facts:
            ways += f"; if nobody knows it, {WITHOUT_TOTAL}"
        elif fact.facts == ("steps_per_epoch",) and self.clock.tick == "step":
            ways += ', or let one tick be an epoch: `tick="epoch"` (`--tick epoch`)'
        self.problems.error("LR121", extent, f"{what} needs {' or '.join(fact.facts)}, which is not given", f"give {ways}")


def number_binding(number: int, scope: Scope) -> NameBinding:
    """Returns the binding of the letter of a pattern that has caught this number."""
    return NameBinding(nodes.Number(number, (0, 0)), scope, False, False, Dependencies(False, False, False), 1, caught=True)


def host_names(names: Mapping[str, Any] | None) -> tuple[tuple[str, Hosted], ...]:
    """Checks the numbers, and lists of numbers, that the host gives to names. Returns them sorted by name. Raises `ScheduleError`."""
    if names is None:
        return ()
    if not isinstance(names, Mapping):
        raise refuse("LR152", f"names is {quoted(names)}", 'give a number, or a list of numbers, for each name: `names={"warm": 500}`')
    checked: dict[str, Hosted] = {}
    for name, value in names.items():
        if not isinstance(name, str) or not name.isidentifier() or name in WORDS or name in SHAPES:
            what = f"`{name}`" if isinstance(name, str) and name.isidentifier() and len(name) < 60 else quoted(name)
            raise refuse("LR152", f"{what} cannot be given a value", "use a name that the language does not use")
        what = name if len(name) < 60 else quoted(name)
        items = listed(value) if exactly(value) is None else None
        if items is not None and len(items) > MAX_LIST:
            raise refuse("LR152", f"{what} has {len(items)} values", f"a list has at most {MAX_LIST}")
        checked[name] = _host_number(what, value) if items is None else tuple(_host_number(what, item) for item in items)
    return tuple(sorted(checked.items()))


def _host_number(what: str, value: Any) -> Exact:
    number = setting(what, value, _RANGE, low=-LARGEST, high=LARGEST)
    if number and size(number) * LARGEST < 1:
        raise refuse("LR152", f"{what} is {quoted(value)}", _RANGE)
    return number

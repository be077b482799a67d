"""What a part of a text is checked against: the clock, names, the problems found so far, and where in the schedule it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from lrdsl.arguments import number, quoted
from lrdsl.check.legend import Legend
from lrdsl.check.notes import Notes, Use
from lrdsl.clock import Clock, MissingFactError
from lrdsl.diagnostics import Problems, refuse
from lrdsl.expr import Event, Expr
from lrdsl.expr.exact import Exact, size
from lrdsl.plan import History, Watch
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node

#: The words that the language gives a meaning to in a place for a value.
WORDS = ("base", "pi", "rest", "t", "total")

#: The functions of arithmetic, and how many arguments each takes: None for two or more.
ARITHMETIC = {"abs": 1, "ceil": 1, "cos": 1, "exp": 1, "floor": 1, "log": 1, "max": None, "min": None, "sin": 1, "sqrt": 1}

_FLAGS = {
    "steps_per_epoch": "`steps_per_epoch=` (`--steps-per-epoch`)",
    "total_steps": "`total_steps=` (`--total-steps`)",
    "total_epochs": "`total_epochs=` (`--total-epochs`)",
    "batch_size": "`batch_size=` (`--batch-size`)",
    "tokens_per_step": "`tokens_per_step=` (`--tokens-per-step`)",
}


#: How deep names may stand for names, and how many nodes all of them together may stand for.
MAX_NAMES_DEEP, MAX_EXPANDED = 30, 50_000
#: The host gives names numbers up to this, and from its inverse on, or 0.
LARGEST = 10**100
_RANGE = "give it a finite number between 1e-100 and 1e100"


@attrs.frozen(eq=False)
class Named:
    """What a name stands for: a `let`, an argument of a function, a target. It means what it meant where it was written.

    `phase` says that it is a phase, `rests` that it says `rest`, `follows` that it follows a metric, `size` how many nodes it holds; `own` is not set for
    what a standard recipe calls its arguments.
    """

    node: Node
    scope: Scope
    phase: bool
    rests: bool
    follows: bool
    size: int
    own: bool = True


@attrs.frozen(eq=False)
class Defined:
    """What the name of a function stands for. The flags are those of its body; `own` is not set for a standard recipe."""

    function: nodes.Function
    scope: Scope
    phase: bool
    rests: bool
    follows: bool
    size: int
    own: bool = True


@attrs.frozen(eq=False)
class Run:
    """What is known of the run at a part of a schedule, for phases that follow a metric.

    The part begins at the tick `start`, None where only the run decides, which is `offset` ticks after the event `origin`; from `end` on it has no say.
    `refused` says where it stands, if no such phase can stand there. `happened` is what has happened so far, by watch and start; `watches` gathers what is to
    be watched, and `times` when their events came, in the ticks of their phases.
    """

    start: Exact | None = 0
    end: Exact | None = None
    origin: Event | None = None
    offset: Exact = 0
    refused: str = ""
    happened: History = attrs.field(factory=dict)
    watches: list[Watch] = attrs.field(factory=list)
    times: dict[Event, tuple[Exact, ...]] = attrs.field(factory=dict)

    def later(self, ticks: Exact) -> Run:
        """So many ticks on."""
        return attrs.evolve(self, start=None if self.start is None else self.start + ticks, offset=self.offset + ticks)

    def after(self, event: Event, ticks: Exact, default: Exact | None) -> Run:
        """So many ticks after an event; `default` is how far on that is, in ticks, as long as the event has not come, None where it never comes of itself."""
        start = None if self.start is None or default is None else self.start + default
        return attrs.evolve(self, start=start, origin=event, offset=ticks)

    def until(self, ticks: Exact | None) -> Run:
        """The same, with no say after so many ticks."""
        end = None if self.start is None or ticks is None else self.start + ticks
        return self if end is None else attrs.evolve(self, end=end if self.end is None else min(end, self.end))


@attrs.frozen
class Scope:
    """The surroundings of a node.

    `room` is what `rest` means here, or None where it has no meaning, and then `no_room` says why. `factor` is set inside the right side of `A * B`, where
    the entry level and base are 1; `formula` inside an expression of `t`; `written` where formulas are for people. `bound` is what the text itself gives
    names to; `deep` counts the names that stand for names around a node, and `expanded` the nodes that names have stood for so far. `legend` gives constants
    letters, where the formula is to be symbolic; `notes` are taken for rules.
    """

    clock: Clock
    names: Mapping[str, Exact]
    problems: Problems
    room: Exact | None = None
    no_room: str = ""
    factor: bool = False
    formula: bool = False
    written: bool = False
    bound: Mapping[str, Named | Defined] = attrs.field(factory=dict)
    deep: int = 0
    expanded: list[int] = attrs.field(factory=lambda: [0])
    run: Run = attrs.field(factory=Run)
    legend: Legend | None = None
    notes: Notes | None = None

    def use(self, node: nodes.Call, name: str, arguments: Mapping[str, Any], given: Iterable[str]) -> None:
        """Note a call, where notes are taken."""
        if self.notes is not None and self.notes.text is self.problems.text:
            self.notes.uses[node.extent, name] = Use(node, name, arguments, frozenset(given), self.factor)

    def lettered(self, e: Expr, letter: str, extent: Extent, duration: bool) -> Expr:
        """A constant that is written here, with a letter where the formula is to be symbolic."""
        return e if self.legend is None else self.legend.named(e, letter, extent, self.problems.text, factor=self.factor, duration=duration)

    def within(self, found: Named | Defined, extent: Extent) -> Scope | None:
        """The surroundings of what a name stands for, used here; None after too much of it was reported."""
        known = self.expanded[0]
        self.expanded[0] += found.size
        if known > MAX_EXPANDED:  # reported already
            return None
        if self.deep >= MAX_NAMES_DEEP or self.expanded[0] > MAX_EXPANDED:
            self.expanded[0] = MAX_EXPANDED + 1
            what = f"names stand for names more than {MAX_NAMES_DEEP} deep" if self.deep >= MAX_NAMES_DEEP else "the names stand for too large a text"
            self.problems.error("LR005", extent, what, "write less with names, or fewer names with names in them")
            return None
        there = found.scope.problems
        if isinstance(found, Defined) and there.text is not self.problems.text:  # from another file: what is wrong there shows at the call
            there = Problems(there.text)
        return attrs.evolve(self, names=found.scope.names, bound=found.scope.bound, problems=there, deep=self.deep + 1)

    def leave(self, inner: Scope, name: str, extent: Extent) -> None:
        """Report what went wrong inside a function of another file, at its call."""
        if inner.problems.text is not self.problems.text:
            for d in inner.problems.found:
                self.problems.error(d.code, extent, f"in `{name}`: {d.message}", d.help)

    def binding(self, names: Mapping[str, Named | Defined]) -> Scope:
        """The same, with more names."""
        return attrs.evolve(self, bound={**self.bound, **names})

    def without_run(self, where: str) -> Scope:
        """The same in a place where neither `rest` nor a metric has a meaning."""
        return attrs.evolve(self, room=None, no_room=where, run=attrs.evolve(self.run, refused=where))

    def hiding(self, words: set[str]) -> Scope:
        """The same without some names, which stand for something else there."""
        return attrs.evolve(self, bound={k: v for k, v in self.bound.items() if k not in words})

    def missing(self, fact: MissingFactError, extent: Extent, what: str) -> None:
        """Report that the clock lacks a fact."""
        ways = " or ".join(_FLAGS[name] for name in fact.facts)
        self.problems.error("LR121", extent, f"{what} needs {' or '.join(fact.facts)}, which is not given", f"give {ways}")


def host_names(names: Mapping[str, Any] | None) -> tuple[tuple[str, Exact], ...]:
    """The numbers that the host gives to names, checked and in order."""
    if names is None:
        return ()
    if not isinstance(names, Mapping):
        raise refuse("LR152", f"names is {quoted(names)}", 'give a number for each name: `names={"warm": 500}`')
    known = {}
    for name, value in names.items():
        if not isinstance(name, str) or not name.isidentifier() or name in WORDS or name in SHAPES:
            shown = f"`{name}`" if isinstance(name, str) and name.isidentifier() and len(name) < 60 else quoted(name)
            raise refuse("LR152", f"{shown} cannot be given a value", "use a name that the language does not use")
        what = name if len(name) < 60 else quoted(name)
        known[name] = number(what, value, _RANGE, low=-LARGEST, high=LARGEST)
        if known[name] and size(known[name]) * LARGEST < 1:
            raise refuse("LR152", f"{what} is {quoted(value)}", _RANGE)
    return tuple(sorted(known.items()))

"""`Rule`, the declaration of a lint rule, and `Facts`, what a rule may read. The linter, `lrdsl explain`, the reference and the tests use the declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import attrs

from lrdsl.check.combinators import COMBINATORS, parameters_of, shrinking
from lrdsl.check.notes import Chain, Notes, Use
from lrdsl.clock import MULTIPLES, Clock, total_of
from lrdsl.diagnostics import Fix, ScheduleError
from lrdsl.expr import BASE, ENTRY, Expr, Num, mentions, substitute
from lrdsl.expr.exact import Exact, quotient
from lrdsl.kinds import Kind
from lrdsl.phrases import grouped
from lrdsl.plan import Piece, Plan, pieces
from lrdsl.rules.passed import LENGTHS, passed_lengths
from lrdsl.rules.shares import goes_by_shares
from lrdsl.rules.summary import Summary, level_at, summary
from lrdsl.schedule import Schedule, parse
from lrdsl.schedule.source import Source
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.syntax.replanning import mapped
from lrdsl.targets import Program, Target

#: A bare number up to this may be one of epochs.
EPOCHS = 1000
#: The bases that stand for all where none is known.
ANY_BASE = (1.0, 0.1, 1e-3, 1e-5)


#: What drops by a factor, again and again.
SHRINKING = tuple(name for name in (*SHAPES, *COMBINATORS) if shrinking(name))


class Finding(NamedTuple):
    """A problem that a rule found: its place, a message, a help line, and a repair that a program can make."""

    extent: Extent
    message: str
    help: str
    fix: Fix | None = None


class Driven(NamedTuple):
    """A target, the bases that are known for it, and where they are from: the param groups that it sets, by their numbers. A linter knows no groups."""

    target: Target
    bases: tuple[float, ...] = ()
    groups: tuple[tuple[int, Mapping[str, Any]], ...] = ()

    def of(self, base: float) -> str:
        """The words that say which param group has a base, where there are several."""
        return f" of param group {self.groups[self.bases.index(base)][0]}" if len(set(self.bases)) > 1 else ""


@attrs.frozen
class Facts:
    """What a rule may read: a sound text, its tree, its program, its clock, the bases of its targets, and the notes of the check."""

    schedule: Schedule
    driven: tuple[Driven, ...]

    @classmethod
    def of(cls, schedule: Schedule, base: Exact | None = None) -> Facts:
        """The facts of a text without groups. `base` is that of the rate; by default the one that the text sets, if it sets one."""
        own_base = schedule.program.base if base is None else base
        bases = () if own_base is None else (float(own_base),)
        return cls(schedule, tuple(Driven(target, bases if target.key == "lr" else ()) for target in schedule.targets))

    @property
    def text(self) -> str:
        """The text."""
        return self.schedule.text

    @property
    def tree(self) -> Node:
        """The tree of the text."""
        return self.schedule.tree

    @property
    def program(self) -> Program:
        """Everything that the text says."""
        return self.schedule.program

    @property
    def clock(self) -> Clock:
        """The clock, with the settings of the text."""
        return self.schedule.clock

    @cached_property
    def notes(self) -> Notes:
        """The calls and sequences of the text. That of a schedule which has none, as from a pickle, is checked once more."""
        s = self.schedule
        notes = s.notes or parse(self.text, library=s.library, names=dict(s.names), **s.clock.given()).notes
        assert notes is not None
        return notes

    @cached_property
    def total(self) -> Exact | None:
        """The run's length in ticks, None if it is unknown. If a tick is an epoch, and nothing says how long that is, a small bare total counts epochs too."""
        bare = self.clock.total_steps if self.clock.tick == "epoch" and self.clock.steps_per_epoch is None else None
        return bare if self.clock.total_epochs is None and bare is not None and bare <= EPOCHS else total_of(self.clock)

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """All nodes of the tree, in the order of the text."""
        return tuple(sorted(nodes.walk(self.tree), key=lambda node: node.extent))

    @cached_property
    def scheduled(self) -> tuple[Node, ...]:
        """All nodes but those of assertions, which say what is so and do not make it so, in the order of the text."""
        return tuple([part for part in self.parts if not self._is_asserted(part.extent)]) if self._assertions else self.parts

    @cached_property
    def _assertions(self) -> tuple[Extent, ...]:
        """The extents of all assertions."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else ()
        return tuple([s.extent for s in statements if isinstance(s, nodes.Assertion)])

    def _is_asserted(self, extent: Extent) -> bool:
        return any(start <= extent[0] < end for start, end in self._assertions) if self._assertions else False

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every call of a shape or a combinator but those in assertions, in the order of the text."""
        return tuple(use for use in sorted(self.notes.uses.values(), key=lambda use: use.node.extent) if not self._is_asserted(use.node.extent))

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """Every sequence but those in assertions, in the order of the text."""
        return tuple(chain for extent, chain in sorted(self.notes.chains.items()) if not self._is_asserted(extent))

    @cached_property
    def bodies(self) -> tuple[tuple[str, Node], ...]:
        """The key and the expression of each target."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else (self.tree,)
        bodies: list[tuple[str, Node]] = []
        for s in statements:
            if isinstance(s, nodes.Target) and isinstance(s.target, nodes.Name | nodes.Indexed | nodes.Text):
                bodies.append((s.target.value if isinstance(s.target, nodes.Text) else s.target.id, s.body))
            elif not isinstance(s, nodes.Setting | nodes.Binding | nodes.Function | nodes.Use | nodes.Assertion | nodes.Target):
                bodies.append(("lr", s))
        return tuple(bodies)

    @cached_property
    def holds(self) -> frozenset[str | type[Node]]:
        """What the text has: the names of calls, other names, and the classes of its nodes."""
        words = [node.name if isinstance(node, nodes.Call) else node.id for node in self.parts if isinstance(node, nodes.Call | nodes.Name)]
        return frozenset([*map(type, self.parts), *words])

    @cached_property
    def called(self) -> frozenset[str]:
        """The names of all calls in the text."""
        return frozenset([node.name for node in self.parts if isinstance(node, nodes.Call)])

    def uses_in(self, key: str) -> tuple[Use, ...]:
        """The calls in the expressions of a key's targets."""
        extents = [body.extent for name, body in self.bodies if name == key]
        return tuple(use for use in self.uses if any(a <= use.node.extent[0] < b for a, b in extents))

    def whole(self, body: Node) -> Chain | None:
        """The sequence of phases that is a target's whole expression, None if the expression is not a sequence."""
        return self.notes.chains.get(body.extent)

    def pieces(self, plan: Plan) -> tuple[Piece, ...]:
        """The pieces of a plan's formula."""
        return pieces(plan.level)

    def level(self, e: Expr, tick: Exact = 0) -> float:
        """The value of a formula at a tick, for the text's base (or 1), which is the entry level too; NaN if it is not one number."""
        return level_at(e, tick, self.program.base_value)

    def level_of(self, plan: Plan, tick: Exact, base: float) -> float:
        """The level of a plan at a tick, for a base; NaN if it is not one number."""
        return level_at([piece for piece in self.pieces(plan) if piece.start <= tick][-1].level, tick, base)

    def base_of(self, driven: Driven) -> float:
        """A base of a target that is not 0: that of its first group, or the text's, or 1."""
        return next((base for base in driven.bases if base), self.program.base_value)

    def summary(self, plan: Plan, base: float | None = None) -> Summary:
        """What a plan does in the run, or up to its end if the length of the run is unknown, for a base (the text's, or 1)."""
        return summary(plan.level, self.program.base_value if base is None else base, (plan.length or None) if self.total is None else self.total)

    @cached_property
    def entries(self) -> Mapping[Extent, Expr | None]:
        """The level at which each phase of a sequence enters, by the extent of the phase, as a formula of the level at which the sequence does."""
        entries: dict[Extent, Expr | None] = {}
        for chain in self.chains:
            for item, entry in zip(chain.items, chain.entries, strict=True):
                node, level = item, entry
                while isinstance(node, nodes.Limited | nodes.Until | nodes.Restart):
                    node, level = node.body, BASE if isinstance(node, nodes.Restart) else level
                entries[node.extent] = level
        return entries

    def entry(self, use: Use) -> Expr | None:
        """The level at which a call enters, as a formula of the base; None if a metric decides, or if the call is within a phase that enters elsewhere."""
        entry = self.entries.get(use.node.extent, ENTRY)
        return None if entry is None else substitute(entry, {ENTRY: BASE})

    @cached_property
    def bases(self) -> tuple[float, ...]:
        """The bases of the rate that are known, but for 0, or some that stand for all bases."""
        return self.bases_of("lr")

    def bases_of(self, key: str) -> tuple[float, ...]:
        """The bases of a key that are known, but for 0, or some that stand for all bases. A part of a definition may be one of the rate."""
        bases = {base for d in self.driven if d.target.key == (key or "lr") for base in d.bases if base > 0}
        return tuple(sorted(bases)) or ANY_BASE

    def always(self, holds: Callable[[float, float], bool], one: Expr, two: Expr, key: str = "lr") -> bool:
        """Whether a comparison of two levels, formulas of the base of a key, holds for every base."""
        if one is two:
            return holds(1.0, 1.0)
        free = not (mentions(one, BASE) or mentions(two, BASE))
        bases = self.bases_of(key)
        return all(holds(level_at(one, 0, base), level_at(two, 0, base)) for base in (bases[:1] if free else bases))

    def with_node(self, node: Node, other: Node) -> Mapping[str, Plan] | None:
        """What the text would say with another node in the place of one of its nodes: the plans by the names of their targets; None if that is not sound.

        If the node stands in the schedule of one target, only that one is read: others change only if it does.
        """
        s = self.schedule
        around, tree = self._around(node), self.tree

        def changed(part: Node) -> Node:
            return other if part is node else part

        if around is None:
            tree = mapped(tree, changed)
        elif isinstance(tree, nodes.File):
            tree = attrs.evolve(tree, statements=tuple([mapped(one, changed) if one is around else one for one in tree.statements]))
        only = None if around is None else {canonical(around.target)}
        try:
            program = Source(tree, s.clock, s.names, s.text, s.library, s.events, None).read(s.program.samples, only=only)
        except ScheduleError:
            return None
        return {target.name: target.plan for target in program.targets}

    def _around(self, node: Node) -> nodes.Target | None:
        """The statement that gives a target a schedule with a node in it; None for a node that stands elsewhere."""
        statements = self.tree.statements if isinstance(self.tree, nodes.File) else ()
        written = {target.written for target in self.program.targets}
        targets = [s for s in statements if isinstance(s, nodes.Target) and s.extent[0] <= node.extent[0] < s.extent[1]]
        return next((s for s in targets if canonical(s.target) in written), None)

    def waits(self, plan: Plan) -> bool:
        """Whether a metric decides when a phase of a plan ends, or what the last one is like."""
        return bool(plan.watches) and (plan.length is None or nodes.Until in self.holds or _watched(plan))

    def time(self, n: Exact) -> str:
        """A number of ticks of the run as people write it: `1 tick`, or `10 % of the run` where the text gives all times so."""
        if self.total is None or not goes_by_shares(self.tree):
            return ticks(n)
        return f"{float(quotient(n * 100, self.total)):.3g} % of the run"

    @cached_property
    def ending(self) -> str:
        """The words that begin a message about what comes too late: when the run ends, unless the text gives all times as shares of it."""
        named = self.total is not None and not goes_by_shares(self.tree)
        return f"the run ends after {ticks(self.total)}," if named and self.total is not None else "the run ends"

    @cached_property
    def bare_lengths(self) -> tuple[tuple[Node, Exact], ...]:
        """The lengths, intervals and milestones in the text that have no unit, each with its value in ticks."""
        return tuple(self._bare_lengths())

    def _bare_lengths(self) -> Iterator[tuple[Node, Exact]]:
        for use in self.uses:
            parameters = parameters_of(use.name)
            for name, a in arguments(use):
                if name not in LENGTHS or name not in parameters or parameters[name].kind is not Kind.DURATION:
                    continue
                values = use.arguments.get(name)
                listed = values if isinstance(values, tuple) else (values,)
                items = a.value.items if isinstance(a.value, nodes.List) else (a.value,) * len(listed)
                yield from ((node, length.value) for node, length in zip(items, listed, strict=False) if isinstance(length, Num) and self.is_bare(node))
        for part in self.scheduled:
            if isinstance(part, nodes.Limited | nodes.Lasting) and isinstance(part.length, nodes.Number | nodes.Quantity) and self.is_bare(part.length):
                yield part.length, amount(part.length)

    @cached_property
    def bare_passed(self) -> tuple[tuple[Node, Exact], ...]:
        """The arguments without a unit that functions of the text, and standard recipes, take for lengths, each with its value in ticks."""
        functions = {part.name: part for part in (*self.notes.used.values(), *self.parts) if isinstance(part, nodes.Function)}
        passed = [(node, self._number(node)) for node in passed_lengths(self.scheduled, functions) if self.is_bare(node)]
        return tuple([(node, number) for node, number in passed if number is not None])

    def _number(self, node: Node) -> Exact | None:
        """The number of a length without a unit, or of a name for one; None for a list that the host gives."""
        if isinstance(node, nodes.Name):
            bound = self.bound(node.id)
            hosted = dict(self.schedule.names).get(node.id) if bound is None else None
            return self._number(bound) if bound is not None else None if isinstance(hosted, tuple) else hosted
        return amount(node) if isinstance(node, nodes.Number | nodes.Quantity) else None

    def is_bare(self, node: Node) -> bool:
        """Whether a length is a number of ticks without a unit, or a name for one."""
        if isinstance(node, nodes.Name):
            value = self.bound(node.id)
            return node.id in dict(self.schedule.names) if value is None else self.is_bare(value)
        return isinstance(node, nodes.Number) or (isinstance(node, nodes.Quantity) and not node.unit)

    def bound(self, name: str) -> Node | None:
        """What a `let` of the text, or of a file that it uses, binds to a name; None if there is none."""
        return next((s.value for s in self.parts if isinstance(s, nodes.Binding) and s.name == name), self.notes.used.get(name))

    @cached_property
    def slots(self) -> Mapping[str, frozenset[Extent]]:
        """The names that stand for numbers which the text leaves open, parameters of a `def` and names of the host, each with where it does so."""
        places: dict[str, frozenset[Extent]] = {name: frozenset({self.tree.extent}) for name, _ in self.schedule.names}
        for part in self.parts:
            for slot in part.parameters if isinstance(part, nodes.Function) else ():
                places[slot.name] = places.get(slot.name, frozenset()) | {part.extent}
        return places

    def is_open(self, node: Node) -> bool:
        """Whether a part of the text depends on a name that it leaves open."""
        names = [part for part in nodes.walk(node) if isinstance(part, nodes.Name)]
        return any(start <= part.extent[0] < end for part in names for start, end in self.slots.get(part.id, ()))

    def key_of(self, node: Node) -> str:
        """The key of the target in whose expression a node stands; "" for a node in a definition."""
        return next((key for key, body in self.bodies if body.extent[0] <= node.extent[0] < body.extent[1]), "")


@attrs.frozen
class Rule:
    """A rule: its `code` and `name`, what it finds, why that matters, a bad and a good example, and the function `look` that finds problems.

    `clock` are the options for both examples. `fix` says whether its repairs are "safe", which means that they keep every level, or "unsafe", or "" if it has
    none. `run` says that the rule needs the length of the run or of an epoch, so that it finds nothing if that is unknown. `compiles` says that the rule
    knows more with the bases of the groups and the clock of the run, so that `lrdsl.compile` looks for it too: it looks at the plans first, and at the notes
    only where it is going to speak. `alone` says that such a rule finds no more with them than in the text alone. `about` is what a text must have one
    of, so that the rule can find something: names, and classes of nodes; a rule without it looks at every text. `groups` are the param groups of the bad and
    the good example, for a rule that looks at groups.
    """

    code: str
    name: str
    finds: str
    why: str
    bad: str
    good: str
    look: Callable[[Facts], Iterator[Finding]]
    fix: str = ""
    clock: Mapping[str, Any] = attrs.field(factory=dict)
    run: bool = False
    compiles: bool = False
    alone: bool = False
    about: tuple[str | type[Node], ...] = ()
    groups: tuple[tuple[Mapping[str, Any], ...], ...] = ()


def _watched(plan: Plan) -> bool:
    """Whether a metric is watched in the last phase of a plan."""
    start = plan.phases[-1].start or 0
    return any(watch.start is None or watch.start >= start or watch.end is None or watch.end > start for watch in plan.watches)


def argument(use: Use, name: str) -> nodes.Argument | None:
    """The argument in the text for a parameter, by name or by position; None if the text leaves it out."""
    return next((a for parameter, a in arguments(use) if parameter == name), None)


def arguments(use: Use) -> Iterator[tuple[str, nodes.Argument]]:
    """The arguments that the text gives a call, each with the name of its parameter."""
    order = [name.rstrip("_") for name in use.arguments]
    for i, a in enumerate(use.node.arguments):
        yield a.name or order[min(i, len(order) - 1)], a


def amount(node: nodes.Number | nodes.Quantity) -> Exact:
    """The number that a node writes, without its unit."""
    return node.value * (MULTIPLES.get(node.multiple, 1) if isinstance(node, nodes.Quantity) else 1)


def value(e: Any) -> Exact | None:
    """The value of an argument that is a plain number, None for any other argument."""
    return e.value if isinstance(e, Num) else None


def ticks(n: Exact) -> str:
    """A number of ticks as people write it: `1 tick`, `10_000 ticks`."""
    return f"{grouped(float(n))} tick{'' if n == 1 else 's'}"

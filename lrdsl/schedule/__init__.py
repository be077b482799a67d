"""`parse` and `Schedule`: a checked text, and all questions to it that need no optimizer, such as levels, formulas and sentences."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl import arguments
from lrdsl.arguments import exactly, one_of
from lrdsl.check import check
from lrdsl.check.finite import checked_base
from lrdsl.check.keys import plain
from lrdsl.check.notes import Notes
from lrdsl.check.program import Library
from lrdsl.check.scope import host_names
from lrdsl.clock import MAX_TICKS, Clock, Options
from lrdsl.diagnostics import Problems
from lrdsl.expr.exact import Hosted, nearest_number
from lrdsl.plan import MOST_TICKS, History, Phase, Plan
from lrdsl.schedule.assertions import TESTED, hold
from lrdsl.schedule.source import Events, Replan, Source, continued_often
from lrdsl.syntax import canonical
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node
from lrdsl.targets import Program, Target, meaning
from lrdsl.work import bounded

if TYPE_CHECKING:
    import numpy as np
    import sympy
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Unpack

    from lrdsl.numbers.scalar import Evaluator


@attrs.frozen(slots=False, eq=False)
class Schedule:
    r"""A schedule: immutable, checked, hashable. `lrdsl.parse` makes one; `str()` returns its canonical text.

    Schedules are equal when their functions, and what they watch, are: `cosine(rest)` of 50 epochs of 100 steps equals `cosine(5000)`.
    A schedule is a function of the tick t = 0, 1, 2, ... and of the base value :math:`\eta_0` of a param group. If it follows a metric, it is the function for
    the `events` that have come so far, as if no others came.

    >>> import lrdsl
    >>> s = lrdsl.parse("step(3, .1) then cosine(2_0)")
    >>> str(s), s.length
    ('step(3, 0.1) then cosine(20)', 23)
    >>> s == lrdsl.parse("step(3, 0.10) then cosine(20)  # the same")
    True
    """

    tree: Node = attrs.field(repr=False)
    clock: Clock = attrs.Factory(Clock)
    names: tuple[tuple[str, Hosted], ...] = ()
    text: str = attrs.field(default="", repr=False)
    events: Events = attrs.field(default=(), kw_only=True, repr=False)
    program: Program = attrs.field(kw_only=True, repr=False)
    library: Library | None = attrs.field(default=None, kw_only=True, repr=False)
    notes: Notes | None = attrs.field(default=None, kw_only=True, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Returns the state for a pickle: the schedule without its generated code, and without the notes for rules."""
        return {f.name: getattr(self, f.name) for f in attrs.fields(type(self))} | {"notes": None}

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Lets pydantic use `Schedule` as the type of a field: a text is parsed, and written back as canonical text."""
        from lrdsl.schedule.pydantic import schema

        return schema(cls, parse)

    @cached_property
    def _canonical(self) -> str:
        return canonical(self.tree)

    def __str__(self) -> str:
        return self._canonical

    def __repr__(self) -> str:
        return f"<Schedule {str(self)!r}>"

    def replanned(self, tick: int, text: str) -> Schedule:
        """Returns this schedule up to a tick, continued by another from the level reached there: `(this) for tick then (that)`.

        An expression continues every `lr` target; a text with targets continues those targets. In it, `rest` is the rest of the run. Raises `ScheduleError`.

        >>> import lrdsl
        >>> print(lrdsl.parse("cosine(100)").replanned(40, "linear(10)"))
        cosine(100) for 40 then linear(10)
        """
        return self.replanned_often([Replan(tick, text)])

    def replanned_often(self, replans: Iterable[Replan]) -> Schedule:
        """Returns this schedule after several replans."""
        return self.with_tree(*continued_often(self.tree, self.clock, replans, lambda name: self.program.check_written(name, str(self)), str(self)))

    def with_tree(self, tree: Node, clock: Clock | None = None) -> Schedule:
        """Returns the schedule of another tree, with the names and events of this one, and its clock if no other is given."""
        return parse(canonical(tree), names=dict(self.names), library=self.library, **(clock or self.clock).given()).after(dict(self.events))

    @cached_property
    def _meaning(self) -> frozenset[Hashable]:
        return meaning(self.targets, (str(self), self.names, self.clock, self.events))

    def __eq__(self, other: object) -> bool:
        return self._meaning == other._meaning if isinstance(other, Schedule) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._meaning)

    def after(self, history: History) -> Schedule:
        """Returns this schedule for a run in which exactly these events have come so far."""
        events = tuple(sorted((key, tuple(sorted(ticks))) for key, ticks in history.items() if ticks))
        if events == self.events:
            return self
        program = attrs.evolve(self._source, events=events).continued(self.program, dict(self.events))
        schedule = attrs.evolve(self, program=program, events=events)
        same = {one.name for one, other in zip(self.targets, program.targets, strict=True) if one is other}
        schedule._evaluators.update({name: evaluator for name, evaluator in self._evaluators.items() if name in same})
        return schedule

    @cached_property
    def _source(self) -> Source:
        return Source(self.tree, self.clock, self.names, self.text, self.library, self.events, self.notes)

    def catching(self, numbers: Mapping[str, Iterable[int]]) -> Schedule:
        """Returns this schedule with the members of families, such as `lr["blocks.{k}.*"]`, that have these `numbers`, by target. Raises `ScheduleError`."""
        program = self._source.with_members(self.program, numbers)
        return self if program is self.program else attrs.evolve(self, program=program)

    def supposing(self, *ticks: int) -> Schedule:
        """Returns this schedule for a run in which the events that it waits for come at these ticks, one after the other.

        Raises `ScheduleError` for a tick at which no event may come.

        >>> import lrdsl
        >>> s = lrdsl.parse("hold until val_loss < 0.3 then linear(4)")
        >>> s.supposing(2).values(7).tolist()
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
        """
        from lrdsl.schedule.supposing import supposed

        return supposed(self, ticks)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that the schedule follows, in the order of the text. `step(val_loss=0.3)` reports one.

        >>> import lrdsl
        >>> lrdsl.parse("hold until val_loss < 0.3 then plateau(metric=acc, mode=max)").metrics
        ('val_loss', 'acc')
        """
        return tuple(dict.fromkeys(watch.monitor.metric for target in self.targets for watch in target.plan.watches))

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets, in the order of the text. A text of one expression has the target `lr`.

        >>> import lrdsl
        >>> [t.name for t in lrdsl.parse("lr = cosine(9); betas[0] = hold(at=0.9)").targets]
        ['lr', 'betas[0]']
        """
        return self.program.targets

    def target(self, name: str | None = None) -> Target:
        """Returns the target with a name; by default `lr`, or the first. Raises `ScheduleError` for a name that no target has.

        The name of a group picks a member of a family such as `lr["blocks.{k}.*"]`: `lr["blocks.3.mlp"]`.
        """
        target, number = self.program.find(name, str(self))
        return target if number is None else self._source.member(self.program, target, number)

    def plan_of(self, target: str | None = None) -> Plan:
        """Returns the plan of a target."""
        return self.target(target).plan

    @property
    def main(self) -> Target:
        """The default target: `lr`, or the first."""
        return self.program.main

    @property
    def plan(self) -> Plan:
        """The plan of the default target."""
        return self.main.plan

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the default target, in order, with their ticks."""
        return self.plan.phases

    @property
    def length(self) -> int | float | None:
        """The ticks to the end of the last finite phase; for an endless last phase, to its start. None if no phase is finite, or if a metric decides.

        >>> import lrdsl
        >>> lrdsl.parse("warmup(5) then rsqrt(100)").length, lrdsl.parse("exp(0.9)").length
        (5, None)
        """
        ticks = self.plan.length
        if ticks is None:
            ticks = self.phases[-1].start or None
        return None if ticks is None else nearest_number(ticks)

    def readable_plan(self, target: str | None = None, symbolic: bool = False) -> Plan:
        """Returns the plan of a target with formulas in the form that people write; with `symbolic`, letters stand for the parameters."""
        return self._source.readable_plan(self.program, self.target(target), symbolic)

    def legend(self, base: str | float = "base", target: str | None = None) -> dict[sympy.Symbol, sympy.Expr]:
        """Returns the values of the letters in the symbolic formula. A letter stands for a parameter; the values of durations are in ticks.

        >>> import lrdsl
        >>> lrdsl.parse("warmup(5) then cosine(95, to=0.01x)").legend()
        {T_w: 5, T_d: 95, eta_min: base/100}
        """
        from lrdsl.schedule.printing import legend

        return legend(self, base, target)

    @cached_property
    def _evaluators(self) -> dict[str, Evaluator]:
        return {}

    def evaluator_of(self, target: Target) -> Evaluator:
        """Returns the evaluator of a target, or of a member of a family. It is made once."""
        if target.name not in self._evaluators:
            from lrdsl.numbers.scalar import Evaluator  # a text that is only checked has none

            self._evaluators[target.name] = Evaluator.of(target.plan)
        return self._evaluators[target.name]

    def checked_base(self, base: Any, target: str | None = None) -> float:
        """Returns a base as a float. Raises `ScheduleError` if the schedule may not be finite with it."""
        return self.base_of(self.target(target), base)

    def base_of(self, target: Target, base: Any) -> float:
        """Returns the same for a target, or for a member of a family."""
        return checked_base(base, self.evaluator_of(target).fits_any_base, str(self))

    def at(self, tick: float, base: float = 1.0, target: str | None = None) -> float:
        """Returns the level at a tick.

        Parameters: `tick`, 0 or more, whole or not; `base`, the base value of the param group; `target`, the name of a target, for a file with several. Raises
        `ScheduleError` for a tick or base out of range.

        >>> import lrdsl
        >>> lrdsl.parse("step(3, 0.1) then cosine(20)").at(13, base=0.1)
        0.005
        """
        asked = self.target(target)
        return self.evaluator_of(asked).level(arguments.tick(tick, MAX_TICKS, str(self)), self.base_of(asked, base))

    def values(self, ticks: ArrayLike, base: float = 1.0, target: str | None = None) -> NDArray[np.float64]:
        """Returns the levels at the ticks 0 .. n - 1, for a number n up to 10 million, or at an array of ticks, as float64.

        >>> import lrdsl
        >>> lrdsl.parse("linear(4)").values(6)
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
        """
        from lrdsl.numbers import array

        asked = self.target(target)
        at = arguments.ticks(ticks, MAX_TICKS, MOST_TICKS, str(self))
        with bounded(self.text):
            return array.levels(asked.plan.level, at, self.base_of(asked, base))

    def formula(self, base: str | float = "base", numbers: str = "decimal", target: str | None = None, symbolic: bool = False) -> sympy.Expr:
        r"""Returns the closed form as a SymPy expression of the symbol `t`.

        Parameters: `base`, a number or the name of a symbol; `numbers`, "decimal" to read 0.1 as 1/10 or "double" to read it as the nearest double; `target`,
        the name of a target, for a file with several; `symbolic`, True for letters in the place of the parameters, with their values in `legend`. A family of
        groups that is a product of another target, as `lr["blocks.{k}.*"] = 0.75^k * lr`, has one formula, in the symbol of its number too.

        >>> import lrdsl
        >>> lrdsl.parse("linear(4)").formula(base="eta_0")
        Piecewise((eta_0*(1 - t/4), t < 4), (0, True))
        """
        from lrdsl.schedule.printing import expression

        one_of("numbers", numbers, ("decimal", "double"), str(self))
        return expression(self, base, numbers, target, symbolic)

    def typeset(
        self, format: str = "latex", base: str | float | None = None, target: str | None = None, time: str = "ticks", symbolic: bool = False, **style: Any
    ) -> str:
        r"""Returns the closed form as text of a format: "latex", "markdown", "text", "typst", "mathml", or "python" for a function.

        Parameters: `base`, a number, or a letter as the format writes it; `target`, the name of a target, for a file with several; `time`, the unit of t:
        "ticks", "steps", "epochs", "tokens", "samples" or "percent"; `symbolic`, True for letters in the place of the parameters, with a legend; `numbers`,
        "decimal" (0.1) or "fraction" (1/10); the rest as in `lrdsl.formulas.style.Style`, such as `names={"T_w": "N_warmup"}`. Raises `ScheduleError`.

        >>> import lrdsl
        >>> print(lrdsl.parse("step(3, 0.1) then cosine(20)").typeset("python", base="base"))
        import math
        <BLANKLINE>
        <BLANKLINE>
        def lr(t, base):
            if t < 3:
                return base
            if t < 23:
                return 0.05 * base * (1 + math.cos(math.pi * (t - 3) / 20))
            return 0
        """
        from lrdsl.schedule.printing import text

        return text(self, format, base, target, time, symbolic, style)

    def export(self, to: str, base: float | None = None, target: str | None = None) -> str:
        """Returns code that gives the same numbers without lrdsl: for "python", "numpy", "torch", "optax" or "keras". Raises `ScheduleError`.

        Parameters: `base`, which is a parameter of the code unless it is given; `target`, a name, for a file with several.

        >>> import lrdsl
        >>> print(lrdsl.parse("hold(at=0.1)").export("python").split("\\n")[-2].strip())
        return 0.1
        """
        from lrdsl.dialects import writing  # the one way up

        return writing.write(self, to, base, target)

    def sentence(self, base: float | None = None, target: str | None = None) -> str:
        """Returns an English sentence that says everything that the schedule does. With a `base`, the sentence has levels in the place of multiples of base.

        >>> import lrdsl
        >>> lrdsl.parse("warmup(5ep) then cosine(95ep)", steps_per_epoch=100).sentence(base=0.1)
        'The learning rate warms up linearly over 5 epochs to 0.1, then follows a half cosine to 0 over 95 epochs.'
        """
        from lrdsl.formulas.sentence import Units, sentence

        value = self.program.base if base is None else exactly(self.checked_base(base, target))
        with bounded(self.text):
            return sentence(self.readable_plan(target), self.target(target), self.clock, value, Units.of(self.tree, self.clock))

    def latex(self, base: str | float | None = None, target: str | None = None, **style: Any) -> str:
        r"""Returns the closed form as LaTeX, ready for a paper. `base` is a number, or a letter for the base value; the rest is as in `typeset`.

        >>> import lrdsl
        >>> print(lrdsl.parse("hold(3) then cosine(20)").latex())
        \eta_t = \begin{cases}
            \eta_0 & t < 3 \\[6pt]
            \dfrac{\eta_0}{2}\left(1 + \cos\dfrac{\pi(t - 3)}{20}\right) & 3 \le t < 23
        \end{cases}
        """
        return self.typeset("latex", base, target, **style)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def _repr_svg_(self) -> str:
        from lrdsl.schedule.notebook import svg

        return svg(self)

    def _repr_html_(self) -> str:
        from lrdsl.schedule.notebook import html

        return html(self)


def parse(text: str, *, library: Library | None = None, **options: Unpack[Options]) -> Schedule:
    """Parses and checks a text. Returns its schedule.

    Parameters: `text`; `names`, numbers or lists for its names; the facts of the clock: `steps_per_epoch`, `total_steps`, `total_epochs`, `batch_size`,
    `tokens_per_step`, `ticks_per_step`, and `tick`, "step" or "epoch"; `library`, which finds the files that the text uses.
    Raises `ScheduleError` with every problem of the text. Assertions are tested with the base that the text sets, or else with base 1.

    >>> import lrdsl
    >>> lrdsl.parse("warmup(5%) then cosine(rest)", total_steps=1000).length
    1000
    """
    text = arguments.schedule("the text", text)
    values, problems, notes = host_names(options.pop("names", None)), Problems(text), Notes(text)
    facts, tree = Clock.of(**options), plain(parse_tree(text, problems))
    program = check(tree, facts, dict(values), problems, library, notes=notes)
    if program is not None and program.assertions and TESTED.get():
        with bounded(text):
            hold(program.assertions, program.base_value, problems)
    problems.raise_any()
    assert program is not None
    return Schedule(tree, program.clock, values, text, program=program, library=library, notes=notes)

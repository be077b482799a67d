"""`Schedule`: a checked text, and everything that can be asked of it without an optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl.backends.scalar import Evaluator
from lrdsl.check import check
from lrdsl.check.finite import BASE_RANGE
from lrdsl.check.scope import WORDS
from lrdsl.clock import MAX_TICKS, Clock, exact
from lrdsl.diagnostics import Diagnostic, Problems, ScheduleError, refuse
from lrdsl.expr import BASE, affine
from lrdsl.plan import Phase, Plan, best, pieces
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.parser import MAX_TEXT

if TYPE_CHECKING:
    import numpy as np
    import sympy
    from numpy.typing import ArrayLike, NDArray

#: Bases larger than this could leave the range of a double on their way through a schedule.
MAX_BASE = 1e100


@attrs.frozen(slots=False)
class Schedule:
    r"""A schedule: immutable, checked, hashable. `str()` gives its canonical text.

    It is a function of the tick t = 0, 1, 2, ... and of the base value :math:`\eta_0` of a param group. Made by `lrdsl.parse`.

    >>> import lrdsl
    >>> s = lrdsl.parse("step(3, .1) then cosine(2_0)")
    >>> str(s), s.length
    ('step(3, 0.1) then cosine(20)', 23)
    >>> s == lrdsl.parse("step(3, 0.10) then cosine(20)  # the same")
    True
    """

    tree: Node = attrs.field(repr=False)
    clock: Clock = attrs.Factory(Clock)
    names: tuple[tuple[str, Fraction], ...] = ()
    text: str = attrs.field(default="", eq=False, repr=False)
    plan: Plan = attrs.field(kw_only=True, eq=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the schedule without the code that was generated for it."""
        return {f.name: getattr(self, f.name) for f in attrs.fields(type(self))}

    def __str__(self) -> str:
        return canonical(self.tree)

    def __repr__(self) -> str:
        return f"<Schedule {str(self)!r}>"

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in order, with their ticks."""
        return self.plan.phases

    @property
    def length(self) -> int | float | None:
        """Ticks to the end of the last finite phase: where the last phase is endless, to its start; None where no phase is finite.

        >>> import lrdsl
        >>> lrdsl.parse("warmup(5) then rsqrt(100)").length, lrdsl.parse("exp(0.9)").length
        (5, None)
        """
        ticks = self.plan.length
        if ticks is None:
            ticks = self.phases[-1].start or None
        if ticks is None:
            return None
        return ticks.numerator if ticks.denominator == 1 else float(ticks)

    @cached_property
    def evaluator(self) -> Evaluator:
        """The levels at single ticks, by generated code."""
        return Evaluator.of(self.plan)

    @cached_property
    def _affine(self) -> bool:
        return all(affine(p.level, BASE) is not None for p in pieces(best(self.plan.level)))

    def checked_base(self, base: Any) -> float:
        """A base value as a float, or a `ScheduleError` where the schedule would not be finite with it."""
        value = float(base) if isinstance(base, Real) or hasattr(base, "__float__") else math.nan
        if not abs(value) <= MAX_BASE:
            raise refuse("LR152", f"base is {base!r}", f"the base is a finite number, at most {MAX_BASE:g} in size", str(self))
        if not self._affine and not BASE_RANGE[0] <= value <= BASE_RANGE[1]:
            raise refuse("LR152", f"base is {base!r}, and this schedule divides by it or compares with it", "give a base above 0", str(self))
        return value

    def _checked_tick(self, tick: Any) -> float:
        value = float(tick)
        if not 0 <= value <= MAX_TICKS:
            raise refuse("LR152", f"tick is {tick!r}", f"ticks run from 0 to {int(MAX_TICKS):.0e}", str(self))
        return int(value) if value.is_integer() else value

    def at(self, tick: float, base: float = 1.0) -> float:
        """The level in force at a tick, for a group with that base.

        Parameters: `tick`, from 0, whole or not; `base`, in the units of the scheduled value. Raises `ScheduleError` for a tick or base out of range.

        >>> import lrdsl
        >>> lrdsl.parse("step(3, 0.1) then cosine(20)").at(13, base=0.1)
        0.005
        """
        return self.evaluator.level(self._checked_tick(tick), self.checked_base(base))

    def values(self, ticks: ArrayLike, base: float = 1.0) -> NDArray[np.float64]:
        """The levels at ticks 0 .. n - 1, or at an array of ticks, as float64.

        >>> import lrdsl
        >>> lrdsl.parse("linear(4)").values(6)
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
        """
        import numpy as np

        from lrdsl.backends import array

        at: NDArray[np.float64]
        if isinstance(ticks, int | np.integer) and not isinstance(ticks, bool):
            at = np.arange(ticks, dtype=np.float64)
        else:
            at = np.asarray(ticks, dtype=np.float64)
        if at.size and not (at.min() >= 0 and at.max() <= MAX_TICKS):
            raise refuse("LR152", "a tick is out of range", f"ticks run from 0 to {int(MAX_TICKS):.0e}", str(self))
        return array.levels(self.plan, at, self.checked_base(base))

    def formula(self, base: str | float = "base", numbers: str = "decimal") -> sympy.Expr:
        r"""The closed form, a SymPy expression of the symbol `t`.

        Parameters: `base`, the name of a symbol or a number; `numbers`, "decimal" to read 0.1 as 1/10, "double" to read it as the machine does.

        >>> import lrdsl
        >>> lrdsl.parse("linear(4)").formula(base="eta_0")
        Piecewise((eta_0*(1 - t/4), t < 4), (0, True))
        """
        from lrdsl.backends import symbolic

        return symbolic.formula(self.plan, base, numbers)

    def latex(self, base: str = r"\eta_0") -> str:
        r"""The closed form as LaTeX. `base` is LaTeX for the base value.

        >>> import lrdsl
        >>> print(lrdsl.parse("hold(3) then 0.5 * hold").latex())
        \begin{cases} \eta_0 & \text{for}\: t < 3 \\\frac{\eta_0}{2} & \text{otherwise} \end{cases}
        """
        from lrdsl.backends import symbolic

        return symbolic.latex(self.plan, base)


def parse(text: str, *, names: Mapping[str, Any] | None = None, tick: str = "step", **clock: Any) -> Schedule:
    """The schedule that a text describes.

    Parameters: `text`; `names`, numbers for names in it; the clock's facts, `steps_per_epoch`, `total_steps`, `total_epochs`, `batch_size`,
    `tokens_per_step`, and what a `tick` is, "step" or "epoch". Raises `ScheduleError` with every problem of the text.

    >>> import lrdsl
    >>> lrdsl.parse("warmup(5%) then cosine(rest)", total_steps=1000).length
    1000
    >>> lrdsl.parse("warmup(w) then cosine(100)", names={"w": 10}).length
    110
    """
    if not isinstance(text, str):
        raise refuse("LR152", f"the text is {type(text).__name__}, not str", "give the schedule as a string")
    facts = Clock.of(tick=tick, **_known(clock))
    values = _names(names or {})
    problems = Problems(text)
    tree = parse_tree(text, problems)
    plan = check(tree, facts, dict(values), problems)
    problems.raise_any()
    assert plan is not None
    return Schedule(tree, facts, values, text, plan=plan)


def _known(clock: dict[str, Any]) -> dict[str, Any]:
    fields = {f.name for f in attrs.fields(Clock)}
    for name in clock:
        if name not in fields:
            raise TypeError(f"unexpected keyword argument {name!r}; the clock takes {', '.join(sorted(fields))}")
    return clock


def _names(names: Mapping[str, Any]) -> tuple[tuple[str, Fraction], ...]:
    found = []
    for name, value in sorted(names.items()):
        if not name.isidentifier() or name in WORDS or name in SHAPES:
            raise refuse("LR152", f"`{name}` cannot be given a value", "use a name that the language does not use")
        sound = isinstance(value, Real | Fraction) and not isinstance(value, bool) and math.isfinite(value)
        if not sound or not (value == 0 or 1e-100 <= abs(value) <= 1e100):
            raise refuse("LR152", f"{name} is {value!r}", "give it a finite number between 1e-100 and 1e100")
        found.append((name, exact(value)))
    return tuple(found)


def lint(text: str, **options: Any) -> list[Diagnostic]:
    """The problems of a text; never raises on bad text. Options as in `parse`.

    >>> import lrdsl
    >>> [d.code for d in lrdsl.lint("cosin(20) then step(0)")]
    ['LR101', 'LR131']
    """
    try:
        parse(text, **options)
    except ScheduleError as error:
        return error.diagnostics
    return []


def load(path: str | Path, **options: Any) -> Schedule:
    """The schedule in a file: UTF-8 text, as `parse` takes it, with comments. Options as in `parse`.

    Raises `ScheduleError` for a text that is wrong or is not UTF-8, `OSError` where the file cannot be read.
    """
    path = Path(path)
    with path.open("rb") as file:
        data = file.read(4 * MAX_TEXT + 1)
    try:
        return parse(data.decode("utf-8-sig"), **options)
    except UnicodeDecodeError as error:
        raise ScheduleError(refuse("LR001", f"byte {error.start} is not UTF-8", "save the file as UTF-8 text").diagnostics, "", str(path)) from None
    except ScheduleError as error:
        raise ScheduleError(error.diagnostics, error.text, str(path)) from None

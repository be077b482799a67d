"""Kinds of value (duration, level, ratio, ...), and `Parameter`: the name, kind, default and range of one argument of a shape or combinator."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from lrdsl.expr import ENTRY, Constant, Expr, decimal
from lrdsl.expr.exact import Exact, exact


class Kind(enum.Enum):
    """The kind of a value. A bare number is a `NUMBER` until the parameter that takes it asks for another kind."""

    NUMBER = "number"
    DURATION = "duration"
    LEVEL = "level"
    RATIO = "ratio"
    COUNT = "count"
    FORMULA = "expression of t"
    CHOICE = "choice"
    PHASE = "phase"
    METRIC = "metric"


#: How messages name each kind.
DESCRIPTION = {
    Kind.NUMBER: "a plain number",
    Kind.DURATION: "a duration",
    Kind.LEVEL: "a level",
    Kind.RATIO: "a ratio",
    Kind.COUNT: "a whole number",
    Kind.FORMULA: "an expression of `t`",
    Kind.CHOICE: "an option",
    Kind.PHASE: "a phase",
    Kind.METRIC: "a metric",
}
#: What a text can say for each kind, with an example, for help lines.
EXAMPLE = {
    Kind.NUMBER: "a plain number, such as `0.1`",
    Kind.DURATION: "ticks or a number with a unit: `100`, `5ep`, `10%`",
    Kind.LEVEL: "an absolute value, such as `1e-5`, or a multiple of base, such as `0.1x`",
    Kind.RATIO: "a plain number, such as `0.1`",
    Kind.COUNT: "a whole number, such as `3`",
    Kind.FORMULA: "an expression of the phase's own ticks, such as `1/(1 + t)`",
    Kind.CHOICE: "one of the named options",
    Kind.PHASE: "a phase, such as `cosine(100)`",
    Kind.METRIC: "the name of a metric, such as `val_loss`",
}

#: A problem of arguments that do not fit together: its code, the parameter at fault ("" for the whole call), the message, and the repair.
Complaint: TypeAlias = tuple[str, str, str, str]
#: A checked argument: an expression, a list of them, the name of an option, or None for an optional argument that the text leaves out.
Argument: TypeAlias = "Expr | tuple[Expr, ...] | str | None"


class Required(enum.Enum):
    """The mark of a parameter without a default: its argument must be given."""

    REQUIRED = enum.auto()


@attrs.frozen
class SameAs:
    """A default that is the argument of another parameter, as in `down=up`."""

    parameter: str


Default: TypeAlias = "Argument | Required | SameAs"
REQUIRED = Required.REQUIRED


@attrs.frozen(eq=False)
class Parameter:
    """One parameter of a shape or a combinator.

    `low` and `high` are its bounds; with `open_low` or `open_high`, the bound itself is not allowed. The bounds of a level apply to its constant part and to
    its multiple of base. `listed` says whether a list is allowed: "one" (a single value only), "list" (a single value becomes a list of one) or "either".
    `letter` is its name in a symbolic formula, such as `T_w` or `gamma`. `sets` says which level of the phase a level decides: the one at its "start", the
    one at its "end", or none (""), as a plateau's `min`. A duration
    that `repeats` is a period, which counts from more than one tick. A ratio that is `exact` is computed with as a number, so `sqrt(2)` stands for its double.
    One that `shrinks` is a factor that is there to make the level fall, again and again. `beyond` says what may be meant by a value out of range.
    """

    name: str
    kind: Kind
    doc: str
    default: Default = REQUIRED
    low: Exact | None = None
    high: Exact | None = None
    open_low: bool = False
    open_high: bool = False
    options: tuple[str, ...] = ()
    listed: str = "one"
    letter: str = ""
    sets: str = ""
    repeats: bool = False
    exact: bool = False
    shrinks: bool = False
    beyond: str = ""

    @property
    def range_text(self) -> str:
        """The range in words, such as "above 0 and at most 1"."""
        parts = []
        if self.low is not None:
            parts.append(f"{'above' if self.open_low else 'at least'} {self.low}")
        if self.high is not None:
            parts.append(f"{'below' if self.open_high else 'at most'} {self.high}")
        return " and ".join(parts)

    @property
    def default_text(self) -> str:
        """The default as a text writes it: empty for a required argument, "?" for an optional one without a value."""
        if self.default is REQUIRED:
            return ""
        if isinstance(self.default, SameAs):
            return self.default.parameter
        if self.default is None:
            return "?"
        if isinstance(self.default, str):
            return self.default
        if self.default == ENTRY:
            return "v"
        return f"{float(self.default.value):g}" if hasattr(self.default, "value") else str(self.default)


def _default(value: Default | Constant) -> Default:
    return decimal(exact(value)) if isinstance(value, int | float) else value  # type: ignore[return-value]


def duration(
    name: str, doc: str, default: Default | Constant = REQUIRED, *, letter: str, empty: bool = False, listed: str = "one", repeats: bool = False
) -> Parameter:
    """Declares a duration, above 0; with `empty`, 0 is allowed too. One that `repeats` is a period."""
    return Parameter(name, Kind.DURATION, doc, _default(default), low=0, open_low=not empty, listed=listed, letter=letter, repeats=repeats)


def level(name: str, doc: str, default: Default | Constant = REQUIRED, *, letter: str, positive: bool = False, sets: str = "start") -> Parameter:
    """Declares a level. It must be `positive` if the formula divides by it or takes its logarithm."""
    return Parameter(name, Kind.LEVEL, doc, _default(default), low=0 if positive else None, open_low=positive, letter=letter, sets=sets)


def ratio(
    name: str,
    doc: str,
    default: Default | Constant = REQUIRED,
    *,
    letter: str = "",
    low: int | None = 0,
    high: int | None = None,
    open_low: bool = False,
    open_high: bool = False,
    listed: str = "one",
    exact: bool = False,
    shrinks: bool = False,
    beyond: str = "",
) -> Parameter:
    """Declares a pure number, by default 0 or more. One that is `exact` decides on lengths or is compared with what a run reports."""
    options: dict[str, Any] = {"listed": listed, "letter": letter, "exact": exact, "shrinks": shrinks, "beyond": beyond}
    return Parameter(name, Kind.RATIO, doc, _default(default), low, high, open_low, open_high, **options)


def count(name: str, doc: str, default: Default | Constant = REQUIRED, *, low: int = 1, high: int = 1_000_000) -> Parameter:
    """Declares a whole number."""
    return Parameter(name, Kind.COUNT, doc, _default(default), low=low, high=high)


def formula(name: str, doc: str, shrinks: bool = False) -> Parameter:
    """Declares an expression of `t`, the ticks since the phase began."""
    return Parameter(name, Kind.FORMULA, doc, shrinks=shrinks)


def phase(name: str, doc: str) -> Parameter:
    """Declares a phase, or phases in brackets."""
    return Parameter(name, Kind.PHASE, doc)


def choice(name: str, doc: str, default: str, *options: str) -> Parameter:
    """Declares a choice between named options."""
    return Parameter(name, Kind.CHOICE, doc, default, options=options)


def metric(name: str, doc: str, default: str) -> Parameter:
    """Declares the name of a metric that the run reports."""
    return Parameter(name, Kind.METRIC, doc, default)


def with_defaults(parameters: tuple[Parameter, ...], arguments: Mapping[str, Argument]) -> dict[str, Argument]:
    """Returns the arguments of a call, completed by the defaults; last come the defaults that are the argument of another parameter."""
    values = dict(arguments)
    copies: dict[str, str] = {}
    for p in parameters:
        if p.name in values:
            continue
        if isinstance(p.default, SameAs):
            copies[p.name] = p.default.parameter
        elif not isinstance(p.default, Required):
            values[p.name] = p.default
    return {**values, **{name: values[other] for name, other in copies.items()}} if copies else values

"""The kinds of value a text can hold, and what a parameter asks for: its kind, its default, its range."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias

import attrs

from lrdsl.expr import ENTRY, Constant, Expr, decimal
from lrdsl.expr.exact import Exact, exact


class Kind(enum.Enum):
    """What a value is. A bare number is a `NUMBER` until the place it stands in says which of the others it means."""

    NUMBER = "number"
    DURATION = "duration"
    LEVEL = "level"
    RATIO = "ratio"
    COUNT = "count"
    FORMULA = "expression of t"
    CHOICE = "choice"
    PHASE = "phase"
    METRIC = "metric"


#: How each kind is named in messages, and how one is written.
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
EXAMPLE = {
    Kind.NUMBER: "a plain number, as `0.1`",
    Kind.DURATION: "ticks or a number with a unit: `100`, `5ep`, `10%`",
    Kind.LEVEL: "an absolute value as `1e-5`, or a multiple of base as `0.1x`",
    Kind.RATIO: "a plain number, as `0.1`",
    Kind.COUNT: "a whole number, as `3`",
    Kind.FORMULA: "an expression of the phase's own ticks, as `1/(1 + t)`",
    Kind.CHOICE: "one of the named options",
    Kind.PHASE: "a phase, as `cosine(100)`",
    Kind.METRIC: "the name of a metric, as `val_loss`",
}

#: What is wrong with arguments that do not go together: a code, the name of the parameter at fault ("" for the whole call), a message, and a repair.
Complaint: TypeAlias = tuple[str, str, str, str]
#: A checked argument: an expression, several (a list), an option's name, or nothing where an optional one was left out.
Argument: TypeAlias = "Expr | tuple[Expr, ...] | str | None"


class Required(enum.Enum):
    """The default of a parameter that has none."""

    REQUIRED = enum.auto()


@attrs.frozen
class SameAs:
    """The default of a parameter that takes another one's value: `down=up`."""

    parameter: str


Default: TypeAlias = "Argument | Required | SameAs"
REQUIRED = Required.REQUIRED


@attrs.frozen(eq=False)
class Parameter:
    """One parameter of a shape or a combinator.

    `low` and `high` bound it (`open_low`: the bound itself is refused); a level's bounds apply to its constant part and to its multiple of base. `listed`
    says that a list is allowed ("one" for a single value only, "list", or "either"). `letter` is what a symbolic formula calls it, as `T_w` or `gamma`.
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

    @property
    def range_text(self) -> str:
        """The range in words, as in "above 0 and at most 1"."""
        parts = []
        if self.low is not None:
            parts.append(f"{'above' if self.open_low else 'at least'} {self.low}")
        if self.high is not None:
            parts.append(f"{'below' if self.open_high else 'at most'} {self.high}")
        return " and ".join(parts)

    @property
    def default_text(self) -> str:
        """The default as a text would write it; empty where the argument must be given."""
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


def duration(name: str, doc: str, default: Default | Constant = REQUIRED, *, letter: str, empty: bool = False, listed: str = "one") -> Parameter:
    """A parameter in ticks, above 0, or from 0 where `empty` is allowed."""
    return Parameter(name, Kind.DURATION, doc, _default(default), low=0, open_low=not empty, listed=listed, letter=letter)


def level(name: str, doc: str, default: Default | Constant = REQUIRED, *, letter: str, positive: bool = False) -> Parameter:
    """A parameter in the units of the scheduled value. `positive` where the formula divides by it or takes its logarithm."""
    return Parameter(name, Kind.LEVEL, doc, _default(default), low=0 if positive else None, open_low=positive, letter=letter)


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
) -> Parameter:
    """A pure number, from 0 up unless said otherwise."""
    least, most = (None if bound is None else exact(bound) for bound in (low, high))
    return Parameter(name, Kind.RATIO, doc, _default(default), least, most, open_low, open_high, listed=listed, letter=letter)


def count(name: str, doc: str, default: Default | Constant = REQUIRED, *, low: int = 1, high: int = 1_000_000) -> Parameter:
    """A whole number."""
    return Parameter(name, Kind.COUNT, doc, _default(default), low=low, high=high)


def formula(name: str, doc: str) -> Parameter:
    """An expression of `t`, the phase's own ticks."""
    return Parameter(name, Kind.FORMULA, doc)


def phase(name: str, doc: str) -> Parameter:
    """A phase, or phases in brackets."""
    return Parameter(name, Kind.PHASE, doc)


def choice(name: str, doc: str, default: str, *options: str) -> Parameter:
    """One of several named options."""
    return Parameter(name, Kind.CHOICE, doc, default, options=options)


def metric(name: str, doc: str, default: str) -> Parameter:
    """A metric, by the name under which the run reports it."""
    return Parameter(name, Kind.METRIC, doc, default)


def resolved(parameters: tuple[Parameter, ...], given: Mapping[str, Argument]) -> dict[str, Argument]:
    """All arguments: those given, then defaults, then defaults that follow another argument."""
    values = dict(given)
    following: dict[str, str] = {}
    for p in parameters:
        if p.name in values:
            continue
        if isinstance(p.default, SameAs):
            following[p.name] = p.default.parameter
        elif not isinstance(p.default, Required):
            values[p.name] = p.default
    return {**values, **{name: values[other] for name, other in following.items()}} if following else values

"""Monitors of a metric: `plateau` and the comparisons after `until`.

A monitor is data with one pure function: `observe(state, value)` returns the next state and whether the event came. The runtime calls it and acts on the event.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact, plain


def quoted(metric: str) -> str:
    """Returns a metric's name as schedule text writes it: bare if it is a word, else in quotes.

    >>> quoted("val_loss"), quoted("val/loss")
    ('val_loss', '"val/loss"')
    """
    return metric if re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", metric) else f'"{metric}"'


def finite_json(value: float) -> float | str:
    """Returns a number as plain JSON data: one that is infinite or NaN becomes a string."""
    return value if math.isfinite(value) else str(value)


def number_of_json(data: Any) -> float:
    """Returns the number from the data of `finite_json`. Raises `ValueError` for other data."""
    valid = data in ("inf", "-inf", "nan") if isinstance(data, str) else type(data) in (int, float)
    if not valid or (type(data) is int and abs(data) > 2**53):
        raise ValueError(data)
    return float(data)


@attrs.frozen
class State:
    """The state of a monitor: the `best` value so far, the number of `bad` reports in a row, and the reports left in a `cooldown`."""

    best: float | None = None
    bad: int = 0
    cooldown: int = 0

    def to_json(self) -> list[Any]:
        """Returns the state as plain JSON data."""
        return [None if self.best is None else finite_json(self.best), self.bad, self.cooldown]

    @classmethod
    def from_json(cls, best: Any, bad: Any, cooldown: Any) -> State:
        """Returns the state from the data of `to_json`. Raises `ValueError` for other data."""
        if not all(type(count) is int and 0 <= count < 2**53 for count in (bad, cooldown)):
            raise ValueError(bad, cooldown)
        return cls(None if best is None else number_of_json(best), bad, cooldown)


@attrs.frozen
class Plateau:
    """A monitor whose event comes when a metric has not improved for more than `patience` reports. Then it pauses for `cooldown` reports.

    A value is an improvement if it beats the best one by more than `threshold`: a share of the best (`threshold_mode` "rel") or an amount ("abs"), downward
    (`mode` "min") or upward ("max"). NaN is no improvement. These are the rules of torch's ReduceLROnPlateau.
    With `compare` "previous", a value is compared with the one before instead of the best, as NewBob does.

    >>> monitor, state = Plateau("loss", patience=1), State()
    >>> came = []
    >>> for loss in (1.0, 1.1, 1.2, 1.3):
    ...     state, event = monitor.observe(state, loss)
    ...     came.append(event)
    >>> came
    [False, False, True, False]
    """

    metric: str
    mode: str = "min"
    patience: int = 10
    threshold: Exact = Fraction(1, 10000)
    threshold_mode: str = "rel"
    cooldown: int = 0
    compare: str = "best"

    def __str__(self) -> str:
        compare = "" if self.compare == "best" else f", compare={self.compare}"
        return (
            f"plateau(metric={quoted(self.metric)}, mode={self.mode}, patience={self.patience}, threshold={plain(self.threshold)},"
            f" threshold_mode={self.threshold_mode}, cooldown={self.cooldown}{compare})"
        )

    @property
    def sentence(self) -> str:
        """Says in words when the event comes.

        >>> Plateau("val_loss").sentence
        'val_loss has not fallen by 0.01 % of its best for more than 10 reports'
        """
        way = "fallen" if self.mode == "min" else "risen"
        relative = self.threshold_mode == "rel"
        share = f" % of {'its best' if self.compare == 'best' else 'the value before'}" if relative else ""
        least = f" by {float(self.threshold * (100 if relative else 1)):g}{share}" if self.threshold else ""
        pause = f", {self.cooldown} reports of rest after each" if self.cooldown else ""
        metric = "the metric" if self.metric == "metric" else quoted(self.metric)
        return f"{metric} has not {way}{least} for more than {self.patience} report{'s' * (self.patience != 1)}{pause}"

    def observe(self, state: State, value: float) -> tuple[State, bool]:
        """Returns the state after a report, and whether the event came."""
        better = self._improves(value, state.best)
        best, bad, cooldown = (value, 0, state.cooldown) if better else (state.best, state.bad + 1, state.cooldown)
        if self.compare == "previous" and not math.isnan(value):
            best = value
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        if bad > self.patience:
            return State(best, 0, self.cooldown), True
        return State(best, bad, cooldown), False

    def _improves(self, value: float, best: float | None) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        reference = -sign * math.inf if best is None else best
        threshold = float(self.threshold)
        goal = reference * (1.0 + sign * threshold) if self.threshold_mode == "rel" else reference + sign * threshold
        return value > goal if sign > 0 else value < goal


@attrs.frozen
class Crossing:
    """A monitor whose event comes when a report of a metric is `<`, `<=`, `>` or `>=` a value. A NaN or infinite report is ignored.

    >>> Crossing("val_loss", "<", Fraction(3, 10)).observe(State(), 0.25)[1]
    True
    """

    metric: str
    op: str
    value: Exact

    def __str__(self) -> str:
        return f"{quoted(self.metric)} {self.op} {plain(self.value)}"

    @property
    def sentence(self) -> str:
        """Says in words when the event comes."""
        return str(self)

    def observe(self, state: State, value: float) -> tuple[State, bool]:
        """Returns the state unchanged, and whether the comparison holds."""
        goal = float(self.value)
        holds = {"<": value < goal, "<=": value <= goal, ">": value > goal, ">=": value >= goal}[self.op]
        return state, holds and math.isfinite(value)


Monitor: TypeAlias = "Plateau | Crossing"

"""What a schedule watches while it runs: monitors of a metric, and when their event comes.

A monitor is data and a pure step: `observe(state, value)` gives the next state and whether the event came. Who calls it, and what becomes of the event, is the
runtime's business.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, TypeAlias

import attrs

from lrdsl.expr.exact import Exact, plain


def quoted(metric: str) -> str:
    """A metric's name as a text writes it: bare where it is a word, else in quotes.

    >>> quoted("val_loss"), quoted("val/loss")
    ('val_loss', '"val/loss"')
    """
    return metric if re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", metric) else f'"{metric}"'


@attrs.frozen
class State:
    """What a monitor remembers: the best value so far, the reports in a row that were no better, and the reports of a cooldown that are left."""

    best: float | None = None
    bad: int = 0
    cooldown: int = 0

    def to_json(self) -> list[Any]:
        """The state as plain JSON data; an infinite best is a string."""
        best = self.best
        return [best if best is None or math.isfinite(best) else str(best), self.bad, self.cooldown]

    @classmethod
    def from_json(cls, best: Any, bad: Any, cooldown: Any) -> State:
        """The state that `to_json` gave. Raises `ValueError` for anything else."""
        sound = best is None or best in ("inf", "-inf", "nan") if isinstance(best, str | None) else type(best) in (int, float)
        if not sound or not all(type(count) is int and 0 <= count < 2**53 for count in (bad, cooldown)) or (type(best) is int and abs(best) > 2**53):
            raise ValueError(best, bad, cooldown)
        return cls(None if best is None else float(best), bad, cooldown)


@attrs.frozen
class Plateau:
    """A metric that has not improved for more than `patience` reports; after that it rests for `cooldown` reports.

    A value improves on the best one by more than `threshold`, a share of it (`threshold_mode` "rel") or an amount ("abs"), downward (`mode` "min") or
    upward ("max"). A NaN never improves. The rules are those of torch's ReduceLROnPlateau.

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

    def __str__(self) -> str:
        return (
            f"plateau(metric={quoted(self.metric)}, mode={self.mode}, patience={self.patience}, threshold={plain(self.threshold)},"
            f" threshold_mode={self.threshold_mode}, cooldown={self.cooldown})"
        )

    @property
    def sentence(self) -> str:
        """When the event comes, in words.

        >>> Plateau("val_loss").sentence
        'val_loss has not fallen by 0.01 % of its best for more than 10 reports'
        """
        way = "fallen" if self.mode == "min" else "risen"
        share = self.threshold_mode == "rel"
        least = f" by {float(self.threshold * (100 if share else 1)):g}{' % of its best' if share else ''}" if self.threshold else ""
        rest = f", {self.cooldown} reports of rest after each" if self.cooldown else ""
        return f"{quoted(self.metric)} has not {way}{least} for more than {self.patience} report{'s' * (self.patience != 1)}{rest}"

    def observe(self, state: State, value: float) -> tuple[State, bool]:
        """The state after a report, and whether the metric has come to a plateau."""
        better = self._improves(value, state.best)
        best, bad, cooldown = (value, 0, state.cooldown) if better else (state.best, state.bad + 1, state.cooldown)
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        if bad > self.patience:
            return State(best, 0, self.cooldown), True
        return State(best, bad, cooldown), False

    def _improves(self, value: float, best: float | None) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        known = -sign * math.inf if best is None else best
        threshold = float(self.threshold)
        goal = known * (1.0 + sign * threshold) if self.threshold_mode == "rel" else known + sign * threshold
        return value > goal if sign > 0 else value < goal


@attrs.frozen
class Crossing:
    """A metric that compares so with a value. A NaN or infinite report never does.

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
        """When the event comes, in words."""
        return str(self)

    def observe(self, state: State, value: float) -> tuple[State, bool]:
        """The state, which stays, and whether the comparison holds."""
        goal = float(self.value)
        holds = {"<": value < goal, "<=": value <= goal, ">": value > goal, ">=": value >= goal}[self.op]
        return state, holds and math.isfinite(value)


Monitor: TypeAlias = "Plateau | Crossing"

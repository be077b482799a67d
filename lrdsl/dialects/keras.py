"""Keras 3: the classes of `keras.optimizers.schedules`. Their levels are absolute: the base is not used."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError, node_of
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import folded, substituted

_HERE = (0, 0)


def _steps(a: Any) -> Node:
    """A constant level for each stretch: a boundary still belongs to the stretch before it."""
    if not isinstance(a.boundaries, tuple) or not isinstance(a.values, tuple):
        raise UnreadableError("`boundaries` and `values` are not written out")
    if len(a.values) != len(a.boundaries) + 1:
        raise UnreadableError(f"there are {len(a.boundaries)} boundaries and {len(a.values)} values")
    parts: list[Node] = []
    before: Node = node_of(-1)
    for boundary, level in zip(a.boundaries, a.values, strict=False):
        last = node_of(floor(boundary) if isinstance(boundary, int | Fraction) else boundary)
        length = folded(nodes.Binary("-", last, before, _HERE))
        parts.append(substituted(parse("hold(n, at=x)"), {"n": length, "x": node_of(level)}))
        before = last
    parts.append(substituted(parse("hold(at=x)"), {"x": node_of(a.values[-1])}))
    return parts[0] if len(parts) == 1 else nodes.Sequence(tuple(parts), _HERE)


DIALECT = Dialect(
    "keras",
    "Keras",
    modules=("keras.optimizers.schedules", "tensorflow.keras.optimizers.schedules", "tf.keras.optimizers.schedules"),
    objects=True,
    door=("lrdsl.keras", "Schedule"),
    times={"decay_steps": "length", "first_decay_steps": "interval", "warmup_steps": "warmup", "boundaries": "milestones"},
    by_update=True,
    counting="A tick is the optimizer's count of iterations. Tick t has the share t/n. Keras holds values: the base is not used.",
    address="https://keras.io/api/optimizers/learning_rate_schedules/",
    unwritten={"": "as a class of its own"},
    entries=(
        Entry(
            "ExponentialDecay",
            "initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None",
            (
                Form("keras.exponential_staircase(initial_learning_rate, decay_steps, decay_rate)", lambda a: a.staircase is True),
                Form("keras.exponential(initial_learning_rate, decay_steps, decay_rate)"),
            ),
            note="staircase=True: `keras.exponential_staircase`",
            usual="{0.1}, 100, 0.9",
        ),
        Entry(
            "PiecewiseConstantDecay",
            "boundaries, values, name=None",
            (Form(_steps, shown="hold(boundary + 1, at=value) then hold(at=value)"),),
            note="one more `hold` for each boundary",
            usual="[30], [{0.1}, {0.01}]",
        ),
        Entry(
            "PolynomialDecay",
            "initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name=None",
            (
                Form("keras.polynomial_cycle(initial_learning_rate, decay_steps, end=end_learning_rate, power=power)", lambda a: a.cycle is True),
                Form("keras.polynomial(initial_learning_rate, decay_steps, end=end_learning_rate, power=power)"),
            ),
            note="cycle=True: `keras.polynomial_cycle`",
            usual="{0.1}, 100, {0.001}",
        ),
        Entry(
            "InverseTimeDecay",
            "initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None",
            (
                Form("keras.inverse_time_staircase(initial_learning_rate, decay_steps, decay_rate)", lambda a: a.staircase is True),
                Form("keras.inverse_time(initial_learning_rate, decay_steps, decay_rate)"),
            ),
            note="staircase=True: `keras.inverse_time_staircase`",
            usual="{0.1}, 100, 0.5",
        ),
        Entry(
            "CosineDecay",
            "initial_learning_rate, decay_steps, alpha=0.0, name=None, warmup_target=None, warmup_steps=0",
            (
                Form("keras.cosine(initial_learning_rate, decay_steps, alpha=alpha)", lambda a: a.warmup_target is None),
                Form("keras.warmup_cosine(initial_learning_rate, warmup_target, warmup_steps, decay_steps, alpha=alpha)"),
            ),
            note="with warmup_target: `keras.warmup_cosine`; decay_steps begins after the warmup",
            usual="{0.1}, 100, 0.1",
        ),
        Entry(
            "CosineDecayRestarts",
            "initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name=None",
            (Form("keras.cosine_restarts(initial_learning_rate, first_decay_steps, t_mul=t_mul, m_mul=m_mul, alpha=alpha)"),),
            usual="{0.1}, 100, 2.0, 0.5, 0.1",
        ),
    ),
)

"""optax: the functions of `optax.schedules`. Their levels are absolute: the base is not used."""

from __future__ import annotations

from typing import Any

from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError, node_of
from lrdsl.dialects.torch import sequence
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import folded, substituted

_HERE = (0, 0)


def _pairs(scales: Any) -> list[tuple[Any, Any]]:
    """The boundaries in rising order, with their scales."""
    if not scales:
        return []
    if not isinstance(scales, dict) or not all(isinstance(at, int) for at in scales):
        raise UnreadableError("`boundaries_and_scales` is not written out")
    return sorted(scales.items())


def _piecewise_constant(a: Any) -> Node:
    pairs = _pairs(a.boundaries_and_scales)
    if not pairs:
        return substituted(parse("optax.constant(init_value)"), {"init_value": node_of(a.init_value)})
    lists = {"at": tuple(at for at, _ in pairs), "scales": tuple(scale for _, scale in pairs), "init": a.init_value}
    return substituted(parse("optax.piecewise_constant(init, at, scales)"), {name: node_of(v) for name, v in lists.items()})


def _piecewise_interpolate(a: Any) -> Node:
    pairs = _pairs(a.boundaries_and_scales)
    kind = a.interpolate_type
    if kind not in ("linear", "cosine"):
        raise UnreadableError("`interpolate_type` is linear or cosine")
    if not pairs:
        return substituted(parse("optax.constant(init_value)"), {"init_value": node_of(a.init_value)})
    parts, level, before = [], node_of(a.init_value), 0
    for at, scale in pairs:
        end = folded(nodes.Binary("*", level, node_of(scale), _HERE))
        parts.append(substituted(parse(f"{kind}(n, from=a, to=b)"), {"n": node_of(at - before), "a": level, "b": end}))
        level, before = end, at
    return parts[0] if len(parts) == 1 else nodes.Sequence(tuple(parts), _HERE)


_WARMUP = "optax.linear(init_value, peak_value, warmup_steps) for warmup_steps"


def _exponential(warmup: bool) -> Any:
    def written(a: Any) -> str:
        staircase = "_staircase" if a.staircase else ""
        if warmup and staircase:
            text = f"{_WARMUP} then restart optax.exponential_staircase(peak_value, transition_steps, decay_rate, begin=transition_begin)"
        elif warmup:
            text = "optax.warmup_exponential(init_value, peak_value, warmup_steps, transition_steps, decay_rate, begin=transition_begin)"
        else:
            text = f"optax.exponential{staircase}(init_value, transition_steps, decay_rate, begin=transition_begin)"
        if a.end_value is None or a.decay_rate == 0:
            return text
        if not warmup:
            return f"{'max' if a.decay_rate < 1 else 'min'}({text}, end_value)"
        decay = f"optax.exponential{staircase}(peak_value, transition_steps, decay_rate, begin=transition_begin)"
        return f"{_WARMUP} then restart {'max' if a.decay_rate < 1 else 'min'}({decay}, end_value)"

    return written


def _sgdr(a: Any) -> Node:
    if not isinstance(a.cosine_kwargs, tuple) or not all(isinstance(cycle, dict) for cycle in a.cosine_kwargs):
        raise UnreadableError("`cosine_kwargs` is not written out")
    entry = DIALECT.entry("warmup_cosine_decay_schedule")
    parts, ends, total = [], [], 0
    for cycle in a.cosine_kwargs:
        parts.append(entry.written(entry.bound((), cycle)).schedule)
        total = total + cycle["decay_steps"]
        ends.append(total)
    return sequence(tuple(parts), tuple(ends[:-1]))


DIALECT = Dialect(
    "optax",
    "optax",
    modules=("optax", "optax.schedules"),
    door=("lrdsl.jax", "schedule"),
    times={"transition_steps": "length", "transition_begin": "warmup", "decay_steps": "length", "warmup_steps": "warmup", "boundaries": "milestones"},
    by_update=True,
    counting="A tick is the count of updates. Tick t has the share t/n. optax holds values: the base is not used.",
    address="https://optax.readthedocs.io/en/latest/api/optimizer_schedules.html",
    unwritten={"": "as a function of the step"},
    entries=(
        Entry(
            "constant_schedule",
            "value",
            (Form("optax.constant(value)"),),
            usual="{0.1}",
        ),
        Entry(
            "linear_schedule",
            "init_value, end_value, transition_steps, transition_begin=0",
            (Form("optax.linear(init_value, end_value, transition_steps, begin=transition_begin)"),),
            note="transition_steps of 0: constant, as there",
            usual="{0.1}, {0.01}, 100",
        ),
        Entry(
            "polynomial_schedule",
            "init_value, end_value, power, transition_steps, transition_begin=0",
            (Form("optax.polynomial(init_value, end_value, power, transition_steps, begin=transition_begin)"),),
            note="transition_steps of 0: constant, as there",
            usual="{0.1}, {0.01}, 1, 100",
        ),
        Entry(
            "piecewise_constant_schedule",
            "init_value, boundaries_and_scales=None",
            (Form(_piecewise_constant, shown="optax.piecewise_constant(init_value, [boundaries], [scales])"),),
            usual="{0.1}, {30: 0.1, 60: 0.5}",
        ),
        Entry(
            "piecewise_interpolate_schedule",
            "interpolate_type, init_value, boundaries_and_scales=None",
            (Form(_piecewise_interpolate, shown="linear(n, from=init_value, to=scale * init_value)"),),
            note="`cosine` for 'cosine'; each further boundary is one more `then linear(...)`",
            usual="'linear', {0.1}, {100: 0.1}",
        ),
        Entry(
            "exponential_decay",
            "init_value, transition_steps, decay_rate, transition_begin=0, staircase=False, end_value=None",
            (Form(_exponential(False), shown="optax.exponential(init_value, transition_steps, decay_rate, begin=transition_begin)"),),
            note="staircase: `optax.exponential_staircase`; end_value: `max(..., end_value)`; a rate above 1 needs `for`; n or rate of 0: constant, as there",
            usual="{0.1}, 100, 0.9",
        ),
        Entry(
            "cosine_decay_schedule",
            "init_value, decay_steps, alpha=0.0, exponent=1.0",
            (Form("optax.cosine(init_value, decay_steps, alpha=alpha, exponent=exponent)"),),
            usual="{0.1}, 100, 0.1",
        ),
        Entry(
            "warmup_constant_schedule",
            "init_value, peak_value, warmup_steps",
            (Form("optax.warmup_constant(init_value, peak_value, warmup_steps)"),),
            usual="{0.001}, {0.1}, 10",
        ),
        Entry(
            "warmup_cosine_decay_schedule",
            "init_value, peak_value, warmup_steps, decay_steps, end_value=0.0, exponent=1.0",
            (Form("optax.warmup_cosine(init_value, peak_value, warmup_steps, decay_steps, end=end_value, exponent=exponent)"),),
            note="decay_steps counts the warmup too",
            usual="{0.001}, {0.1}, 10, 100, {0.001}",
        ),
        Entry(
            "warmup_exponential_decay_schedule",
            "init_value, peak_value, warmup_steps, transition_steps, decay_rate, transition_begin=0, staircase=False, end_value=None",
            (
                Form(
                    _exponential(True),
                    shown="optax.warmup_exponential(init_value, peak_value, warmup_steps, transition_steps, decay_rate, begin=transition_begin)",
                ),
            ),
            usual="{0.001}, {0.1}, 10, 100, 0.9",
        ),
        Entry(
            "linear_onecycle_schedule",
            "transition_steps, peak_value, pct_start=0.3, pct_final=0.85, div_factor=25.0, final_div_factor=10000.0",
            (
                Form(
                    "optax.linear_onecycle(transition_steps, peak_value, pct_start=pct_start, pct_final=pct_final, div=div_factor, final_div=final_div_factor)"
                ),
            ),
            usual="100, {0.1}",
        ),
        Entry(
            "cosine_onecycle_schedule",
            "transition_steps, peak_value, pct_start=0.3, div_factor=25.0, final_div_factor=10000.0",
            (Form("optax.cosine_onecycle(transition_steps, peak_value, pct_start=pct_start, div=div_factor, final_div=final_div_factor)"),),
            usual="100, {0.1}",
        ),
        Entry(
            "sgdr_schedule",
            "cosine_kwargs",
            (Form(_sgdr, shown="optax.warmup_cosine(...) then restart optax.warmup_cosine(...)"),),
            usual="[dict(init_value={0.001}, peak_value={0.1}, warmup_steps=10, decay_steps=100)]",
        ),
        Entry(
            "join_schedules",
            "schedules, boundaries",
            (Form(lambda a: sequence(a.schedules, a.boundaries), shown="A for m then restart (B)"),),
            usual="[linear_schedule({0.001}, {0.1}, 10), cosine_decay_schedule({0.1}, 90)], [10]",
        ),
    ),
)

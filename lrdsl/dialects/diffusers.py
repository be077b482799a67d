"""diffusers: the functions of `diffusers.optimization`, and `get_scheduler` with its own order of parameters.

How they count (`diffusers/optimization.py`): as transformers' functions of the same names. `get_scheduler` hands `num_cycles` to hard restarts alone, and
`power` to the polynomial. A piecewise constant has the rules "1:10,0.1:20,0.01": a factor of 1 up to step 10, 0.1 up to step 20, 0.01 from there on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl.arguments import written
from lrdsl.dialects import transformers
from lrdsl.dialects.config import text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node

#: Of each name that `get_scheduler` takes, its function, and the further parameters that this function is given.
_TYPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "linear": ("get_linear_schedule_with_warmup", ()),
    "cosine": ("get_cosine_schedule_with_warmup", ()),
    "cosine_with_restarts": ("get_cosine_with_hard_restarts_schedule_with_warmup", ("num_cycles",)),
    "polynomial": ("get_polynomial_decay_schedule_with_warmup", ("power",)),
    "constant": ("get_constant_schedule", ()),
    "constant_with_warmup": ("get_constant_schedule_with_warmup", ()),
    "piecewise_constant": ("get_piecewise_constant_schedule", ("step_rules",)),
}
#: The functions that are those of transformers.
_SAME = (
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
)
_MOST_RULES = 200


def _pieces(a: Any) -> Node:
    """Levels that hold up to a step each."""
    if not isinstance(a.step_rules, str):
        raise UnreadableError("`step_rules` are not written out")
    *rules, last = a.step_rules.split(",")
    if len(rules) > _MOST_RULES:
        raise UnreadableError(f"there are more than {_MOST_RULES} rules")
    pairs = {}
    for rule in rules:
        factor, _, step = rule.partition(":")
        at = written(step.strip())
        if at is None or at.denominator != 1:
            raise UnreadableError(f"`{rule}` is no rule of a factor and a step")
        pairs[int(at)] = factor
    begin, levels = 0, []
    for end, factor in sorted(pairs.items()):
        if end > begin:
            levels.append(text("hold(n, at=f * base)", n=end - begin, f=_factor(factor)))
            begin = end
    levels.append(text("hold(at=f * base)", f=_factor(last)))
    return levels[0] if len(levels) == 1 else nodes.Sequence(tuple(levels), (0, 0))


def _factor(word: str) -> Any:
    factor = written(word.strip())
    if factor is None:
        raise UnreadableError(f"`{word}` is no factor of the rate")
    return factor


def _by_type(a: Any) -> Node:
    if not isinstance(a.name, str) or a.name not in _TYPES:
        raise UnreadableError(f"the scheduler type is one of {', '.join(_TYPES)}")
    function, more = _TYPES[a.name]
    entry = DIALECT.entry(function)
    names = {p.name for p in entry.parameters}
    common = {"num_warmup_steps": a.num_warmup_steps, "num_training_steps": a.num_training_steps}
    given = {name: v for name, v in common.items() if name in names and v is not None}
    return entry.written(entry.bound((), {**given, **{name: getattr(a, name) for name in more}})).schedule


DIALECT = Dialect(
    "diffusers",
    "Hugging Face diffusers",
    modules=("diffusers.optimization", "diffusers"),
    door=("lrdsl", "compile"),
    times=transformers.DIALECT.times,
    counting="As transformers: tick t of w warmup steps has the share t/w.",
    address="https://huggingface.co/docs/diffusers/main/en/api/utilities",
    entries=(
        *(transformers.DIALECT.entry(name) for name in _SAME),
        Entry(
            "get_linear_schedule_with_warmup",
            "optimizer, num_warmup_steps, num_training_steps, last_epoch=-1, f_min=0.0, f_max=1.0",
            (Form("diffusers.linear(num_warmup_steps, num_training_steps, f_min=f_min, f_max=f_max)"),),
            usual="optimizer, 10, 100",
        ),
        Entry(
            "get_piecewise_constant_schedule",
            "optimizer, step_rules, last_epoch=-1",
            (Form(_pieces, shown="hold(10, at=1x) then hold(10, at=0.1x) then hold(at=0.01x)"),),
            note='for the rules "1:10,0.1:20,0.01"',
            usual="optimizer, '1:10,0.1:20,0.01'",
        ),
        Entry(
            "get_scheduler",
            "name, optimizer, step_rules=None, num_warmup_steps=None, num_training_steps=None, num_cycles=1, power=1.0, last_epoch=-1",
            (Form(_by_type, shown="the text of the function that the name stands for"),),
            usual="'linear', optimizer, None, 10, 100",
        ),
    ),
)

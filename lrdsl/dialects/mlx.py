"""MLX: the functions of `mlx.optimizers`, and `lr_schedule` of mlx-lm's YAML. Their levels are absolute: the base is not used.

How the YAML is read (`mlx_lm/tuner/utils.py`, `build_schedule`): `arguments` go to the function of that `name` by position; under a `warmup`, a line rises to
the first of them, and its last level has a step of its own before the schedule begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, clock, number, text
from lrdsl.dialects.entry import Dialect, Entry, Form, UnreadableError
from lrdsl.dialects.torch import sequence


def _read(s: Settings) -> Iterator[Outcome]:
    kind, arguments = s.word("lr_schedule.name") or "", s.get("lr_schedule.arguments")
    if not isinstance(arguments, tuple) or not arguments:
        raise UnreadableError("`arguments` are not written out")
    entry = DIALECT.entry(kind)
    written = entry.written(entry.bound(arguments, {}))
    tree, warm = written.schedule, s.get("lr_schedule.warmup")
    if warm != 0:
        template = "mlx.linear_schedule(i, peak, w) for w + 1 then restart x"
        tree = text(template, i=s.get("lr_schedule.warmup_init"), peak=arguments[0], w=warm, x=tree)
    yield Outcome(kind, tree, {}, clock(tick="step", total_steps=number(s.get("iters"))), None, (), s.find("lr_schedule"))


def _sure(table: Mapping[Any, Any]) -> bool:
    return table["lr_schedule"]["name"] in DIALECT.by_name


DIALECT = Dialect(
    "mlx",
    "MLX",
    modules=("mlx.optimizers", "mlx.optimizers.schedulers"),
    times={"decay_steps": "length", "step_size": "interval", "steps": "length", "boundaries": "milestones"},
    by_update=True,
    counting="A tick is the optimizer's count of steps. Tick t has the share t/n. MLX holds values, in single precision: the base is not used.",
    address="https://ml-explore.github.io/mlx/build/html/python/optimizers/schedulers.html",
    entries=(
        Entry("exponential_decay", "init, decay_rate", (Form("mlx.exponential_decay(init, decay_rate)"),), usual="{0.1}, 0.99"),
        Entry("step_decay", "init, decay_rate, step_size", (Form("mlx.step_decay(init, decay_rate, step_size)"),), usual="{0.1}, 0.9, 10"),
        Entry("cosine_decay", "init, decay_steps, end=0.0", (Form("mlx.cosine_decay(init, decay_steps, end)"),), usual="{0.1}, 100, {0.001}"),
        Entry("linear_schedule", "init, end, steps", (Form("mlx.linear_schedule(init, end, steps)"),), usual="{0.001}, {0.1}, 100"),
        Entry(
            "join_schedules",
            "schedules, boundaries",
            (Form(lambda a: sequence(a.schedules, a.boundaries), shown="A for m then restart (B)"),),
            usual="[linear_schedule({0.001}, {0.1}, 10), cosine_decay({0.1}, 90)], [10]",
        ),
    ),
    layouts=(
        Layout(
            words=(r"lr_schedule[\"']?\s{0,9}[:=]\s{0,200}(?:#.{0,200})?(?:\n|\{)", r"\[lr_schedule"),
            signs=(("lr_schedule.name", "lr_schedule.arguments"),),
            sure=_sure,
            keys=(
                Key("lr_schedule", "scheduler"),
                Key("lr_schedule.name"),
                Key("lr_schedule.arguments", "arguments"),
                Key("lr_schedule.warmup", "warmup", "step", default=0),
                Key("lr_schedule.warmup_init", "level", default=0.0),
                Key("learning_rate", "base", ignored=lambda _: "`lr_schedule` has levels of its own"),
                Key("iters", "length", "step"),
                Key("batch_size", "batch", "sample"),
                Key("grad_accumulation_steps", "accumulation"),
            ),
            read=_read,
        ),
    ),
)

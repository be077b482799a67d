"""The adapters for Hugging Face's Trainer: a callback that reports what was evaluated, and a schedule for the optimizer that Trainer makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import Trainer, TrainerCallback

from lrdsl.clock import Options
from lrdsl.reading import read
from lrdsl.runtime import compile
from lrdsl.runtime.callbacks import named, schedulers
from lrdsl.schedule import Schedule

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ReportMetrics(TrainerCallback):
    """A callback for Trainer that reports each evaluation to the schedule: `callbacks=[lrdsl.transformers.ReportMetrics()]`.

    A schedule follows a metric by the name that Trainer logs, or without `eval_`: `eval_loss` or `loss`, with several datasets `eval_NAME_loss` or
    `NAME_loss`. Trainer evaluates after `scheduler.step()`, so a report takes effect with the tick of the next optimizer step. An evaluation before the first
    step is no report, as for ReduceLROnPlateau there.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, lr_scheduler: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Says to the schedule that reports will come."""
        for scheduler in schedulers([lr_scheduler]):
            scheduler.report()

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, lr_scheduler: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        """Reports what was evaluated."""
        for scheduler in schedulers([lr_scheduler] if state.global_step else []):
            scheduler.report(**named(metrics or {}))


def set_schedule(trainer: Trainer, schedule: str | Schedule, *, migrate: bool = False, bases: str = "saved", **options: Unpack[Options]) -> None:
    """Gives a Trainer a schedule for the optimizer that it makes itself, and reports its evaluations to the schedule.

    Parameters: `trainer`; `schedule`, text or a `Schedule`; `migrate` and `bases`, how a checkpoint will be loaded, as in `lrdsl.compile`: `migrate=True` to go
    on with more steps than it was made with; the options of `lrdsl.parse`, for a text only. Trainer's total of steps, and its epochs unless it
    has `max_steps`, are those of the text: `warmup(5%) then cosine(rest)`. `train(resume_from_checkpoint=...)` goes on with the schedule. Raises
    `ScheduleError` for a wrong text when Trainer begins to train.
    """

    def create_scheduler(num_training_steps: int, optimizer: Any = None) -> Any:
        """Makes the scheduler as Trainer makes its own, once per call of `train`."""
        if own.lr_scheduler is None:
            clock: Options = {}
            if not isinstance(schedule, Schedule):
                epochs = {} if trainer.args.max_steps > 0 else {"total_epochs": trainer.args.num_train_epochs}
                clock = {"total_steps": num_training_steps, **epochs, **options}  # type: ignore[typeddict-item]
            own.lr_scheduler = compile(read(schedule, clock or options), own.optimizer if optimizer is None else optimizer, migrate=migrate, bases=bases)
            own._created_lr_scheduler = True
        return own.lr_scheduler

    own: Any = trainer  # its types are those of torch's own schedulers
    own.create_scheduler = create_scheduler
    if not any(isinstance(callback, ReportMetrics) for callback in trainer.callback_handler.callbacks):
        trainer.add_callback(ReportMetrics())

"""The adapter for Lightning: a callback that reports what was logged."""

from __future__ import annotations

from typing import Any

try:
    from lightning.pytorch import Callback
except ModuleNotFoundError:  # its older name
    from pytorch_lightning import Callback

from lrdsl.runtime.callbacks import followed, named, schedulers


class ReportMetrics(Callback):  # type: ignore[misc]
    """A callback for Lightning's Trainer that reports what was logged to the schedules: `callbacks=[lrdsl.lightning.ReportMetrics()]`.

    After each validation it reports what the validation has logged; at the end of an epoch what training has logged. Names are those of
    `trainer.callback_metrics`, or without `eval_`; one that is no word is written in quotes, as `plateau(metric="val_loss/dataloader_idx_0")`. It serves
    automatic and manual optimization, and schedulers that tick by step. Lightning ticks those with `"interval": "epoch"` before it validates, so that a
    report takes effect an epoch later; with `"monitor"` and `"reduce_on_plateau": True` it ticks them after it.
    """

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}
        self._reported: set[str] = set()
        self._validated = False

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Says to the schedules that reports will come."""
        self._begin(trainer)
        self._validated = False
        for scheduler in _schedulers(trainer):
            scheduler.report()

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Reports what the module has logged in its own `on_train_epoch_end`, which comes after that of callbacks."""
        self._report(trainer)
        self._begin(trainer)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Notes what was logged before."""
        self._begin(trainer)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Reports what the validation has logged."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._validated = True
            self._report(trainer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Reports what training has logged."""
        self._report(trainer, whole=self._validated or not trainer.enable_validation)

    def _begin(self, trainer: Any) -> None:
        self._before = dict(trainer.callback_metrics)
        self._reported = set()

    def _report(self, trainer: Any, whole: bool = False) -> None:
        """Reports what was logged since `_begin`; Lightning makes a new tensor for it. `whole` says that all of an epoch's metrics have been logged by now.

        Only then it reports those too that no schedule follows: their names tell what a misspelled one should be.
        """
        logged = dict(trainer.callback_metrics)
        measured = {name: value for name, value in logged.items() if value is not self._before.get(name) and name not in self._reported}
        self._reported |= set(measured)
        for scheduler in _schedulers(trainer):
            others = {name: value for name, value in named(logged).items() if name not in scheduler.schedule.metrics} if whole else {}
            scheduler.report(**others, **followed(scheduler, named(measured)))


def _schedulers(trainer: Any) -> Any:
    return schedulers(config.scheduler for config in trainer.lr_scheduler_configs)

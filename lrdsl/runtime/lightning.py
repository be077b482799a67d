"""The adapter for Lightning: a callback that reports what was logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from lightning.pytorch import Callback
except ModuleNotFoundError:  # its older name
    from pytorch_lightning import Callback  # type: ignore[assignment]

from lrdsl.runtime.callbacks import followed, named, schedulers
from lrdsl.runtime.scheduler import Scheduler


class ReportMetrics(Callback):
    """A callback for Lightning's Trainer that reports what was logged to the schedules: `callbacks=[lrdsl.lightning.ReportMetrics()]`.

    After each validation it reports what the validation has logged; at the end of an epoch what training has logged. Names are those of
    `trainer.callback_metrics`, or without `eval_`; one that is no word is written in quotes, as `plateau(metric="val_loss/dataloader_idx_0")`. It serves
    automatic and manual optimization, and schedulers that tick by step. Lightning ticks those with `"interval": "epoch"` before it validates, so that a
    report takes effect an epoch later; with `"monitor"` and `"reduce_on_plateau": True` it ticks them after it.
    """

    def __init__(self) -> None:
        self._epoch, self._validation = _Logged({}), _Logged({})
        self._validated = False

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Notes what was logged before."""
        self._epoch, self._validated = _Logged(trainer.callback_metrics), False

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Reports what the module has logged in its own `on_train_epoch_end`, which comes after that of callbacks. At first, it says that reports will come."""
        _report(trainer, self._epoch.new(trainer.callback_metrics))
        self._epoch = _Logged(trainer.callback_metrics)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Notes what was logged before."""
        self._validation = _Logged(trainer.callback_metrics)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Reports what the validation has logged."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            measured = self._validation.new(trainer.callback_metrics)
            self._epoch.reported |= set(measured)
            self._validated = True
            _report(trainer, measured)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        """Reports what training has logged."""
        # Once all has been logged, the names of what no schedule follows tell what a misspelled one should be.
        others = trainer.callback_metrics if self._validated or not trainer.enable_validation else {}
        _report(trainer, self._epoch.new(trainer.callback_metrics), others)


class _Logged:
    """What was logged `before` some time, and the names of what was `reported` since. Lightning makes a new tensor for each metric that it logs."""

    def __init__(self, before: Mapping[str, Any]) -> None:
        self.before, self.reported = dict(before), set[str]()

    def new(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """Returns what was logged since, and not reported; it counts as reported then."""
        measured = {name: value for name, value in metrics.items() if value is not self.before.get(name) and name not in self.reported}
        self.reported |= set(measured)
        return measured


def _report(trainer: Any, measured: Mapping[str, Any], others: Mapping[str, Any] | None = None) -> None:
    for scheduler in _schedulers(trainer):
        unfollowed = {name: value for name, value in named(others or {}).items() if name not in scheduler.schedule.metrics}
        scheduler.report(**unfollowed, **followed(scheduler, named(measured)))


def _schedulers(trainer: Any) -> list[Scheduler]:
    return schedulers(config.scheduler for config in trainer.lr_scheduler_configs)

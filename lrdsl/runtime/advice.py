"""What a warning about a metric advises, in the words of the framework whose code calls the scheduler."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from keyword import iskeyword
from types import FrameType

from lrdsl.diagnostics import did_you_mean, shown

#: The most names that a warning lists.
_MOST_NAMES = 8
#: What to do about a metric that did not come, by the package of the framework. `{name}` is the metric as a string in Python, `{report}` a call.
_ADVICE = {
    "accelerate": "Call `{report}` where it is measured, on the scheduler that `lrdsl.compile` returned.",
    "transformers": "Give the Trainer `callbacks=[lrdsl.transformers.ReportMetrics()]`.",
    "lightning": (
        'Write `{{"scheduler": scheduler, "interval": "epoch", "monitor": {name}, "reduce_on_plateau": True}}` for a schedule that ticks once an epoch, or give'
        " the Trainer `callbacks=[lrdsl.lightning.ReportMetrics()]`, for any schedule."
    ),
}
_ADVICE["pytorch_lightning"] = _ADVICE["lightning"]
_PLAIN = "Call `{report}` where it is measured, which is no tick, or `{none}` if there is none; `scheduler.report()` says at the start that reports will come."
_MIXED = "Each `step` is a tick, with a metric or without one: for a metric without a tick call `{report}`, for a tick without one `{none}`."


def call(method: str, name: str, value: str = "...") -> str:
    """Returns the call that passes a metric, as Python.

    >>> call("report", "val_loss"), call("step", "val/loss", "None")
    ('report(val_loss=...)', 'step(**{"val/loss": None})')
    """
    return f"{method}({name}={value})" if name.isidentifier() and not iskeyword(name) else f"{method}(**{{{_literal(name)}: {value}}})"


def _literal(name: str) -> str:
    """Returns a name as a string in Python, in double quotes where it needs no escapes."""
    return repr(name) if '"' in name or repr(name)[1:-1] != name else f'"{name}"'


def nameless(method: str, name: str) -> str:
    """Returns the help about a metric that was given by position where several are followed; `name` is one of them."""
    if _framework(sys._getframe(1)) in ("lightning", "pytorch_lightning"):
        return "leave `reduce_on_plateau` out, and give the Trainer `callbacks=[lrdsl.lightning.ReportMetrics()]`"
    return f"name it: `{call(method, name)}`"


def only_callbacks_report() -> bool:
    """Whether the loop of a framework calls, in which metrics go to a callback."""
    return _framework(sys._getframe(1)) not in ("", "accelerate")


def missing(name: str, tick: int, others: Iterable[str], by_step: bool) -> str:
    """Returns the warning about a metric that was not reported for a tick. `others` are the names that were; `by_step` says that it has come with `step`."""
    near = did_you_mean(name, others)
    names = [f"`{shown(other)}`" for other in sorted(others)]
    if near is not None:
        help = f"`{shown(near)}` was reported; did you mean that?"
    elif names:
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        help = f"These were reported: {', '.join(names[:_MOST_NAMES])}{more}. Follow one of them, or report this one."
    else:
        advice = _MIXED if by_step else _ADVICE.get(_framework(sys._getframe(1)), _PLAIN)
        report, none = f"scheduler.{call('report', name)}", f"scheduler.{call('step', name, 'None')}"
        help = advice.format(name=_literal(name), report=report, none=none)
    return f"`{shown(name)}` was not reported for tick {tick}, which counts as no report. {help}"


def _framework(frame: FrameType | None) -> str:
    """Returns the framework whose code calls, nearest first, or nothing."""
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).split(".")[0]
        if package in _ADVICE:
            return package
        frame = frame.f_back
    return ""

"""Whether an optimizer has stepped: what its hooks count, and what may have kept it from stepping."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any
from weakref import finalize


class Steps:
    """Counts the steps of an optimizer. With `exact`, a step that a gradient scaler has made idle does not count; that asks the device each time."""

    def __init__(self, exact: bool) -> None:
        self.count = 0
        self.exact = exact

    def __call__(self, optimizer: Any, *_: Any) -> None:
        """What the optimizer calls after each step."""
        if self.exact:
            found_inf = getattr(optimizer, "found_inf", None)  # a fused optimizer steps on the device, or not, as this tensor says
            if found_inf is not None and float(found_inf):
                return
        self.count += 1


def watch(owner: Any, optimizer: Any, exact: bool) -> Steps | None:
    """Returns a count of an optimizer's steps, for as long as its owner lives; None for an optimizer that has no hooks."""
    if not hasattr(optimizer, "_optimizer_step_post_hooks") or not getattr(type(optimizer).step, "hooked", False):
        return None
    steps = Steps(exact)
    finalize(owner, optimizer.register_step_post_hook(steps).remove).atexit = False
    return steps


def is_replaced(optimizer: Any) -> bool:
    """Whether the `step` of an optimizer was replaced by one that need not call its hooks. torch's schedulers wrap it in one that does."""
    step = vars(optimizer).get("step")
    return step is not None and not hasattr(step, "_wrapped_by_lr_sched")


def instances(kind: type) -> Iterator[Any]:
    """All objects of a class that are in use. It looks at every object of the program."""
    return (thing for thing in gc.get_objects() if issubclass(type(thing), kind))


def was_skipped(scalers: Iterator[Any], optimizer: Any) -> bool:
    """Whether a gradient scaler of torch has skipped a step of an optimizer, since it found gradients that are not finite."""
    for scaler in scalers:
        if not getattr(scaler, "_enabled", False) or getattr(scaler, "_scale", None) is None:
            continue
        infs = scaler._per_optimizer_states.get(id(optimizer), {}).get("found_inf_per_device", {})
        if any(map(float, infs.values())) or float(scaler._scale) < scaler._init_scale:
            return True
    return False

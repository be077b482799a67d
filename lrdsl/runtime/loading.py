"""The arguments that say where a run begins, and how a saved state will be loaded. What loading one takes is imported where a state is loaded."""

from __future__ import annotations

from typing import Any

from lrdsl.arguments import one_of, quoted, whole
from lrdsl.diagnostics import refuse
from lrdsl.schedule import Schedule

#: Whose bases hold after loading.
SAVED, OPTIMIZER = "saved", "optimizer"


def checked_loading(migrate: Any, bases: Any, schedule: Schedule) -> tuple[bool, str]:
    """Checks how a state is to be loaded. Raises `ScheduleError`."""
    if not isinstance(migrate, bool):
        raise refuse("LR152", f"migrate is {quoted(migrate)}", "it is True or False", str(schedule))
    return migrate, one_of("bases", bases, (SAVED, OPTIMIZER), str(schedule))


def check_last_epoch(last_epoch: Any, schedule: Schedule) -> None:
    """Raises `ScheduleError` for a tick at which a new scheduler is to begin: torch's way to go on with a run. -1 is torch's word for a run that begins."""
    if last_epoch is not None and whole(last_epoch) != -1:
        tick = whole(last_epoch)
        help = f"call `scheduler.seek({120 if tick is None or tick < 0 else tick})` after `compile`, or `load_state_dict` with a saved state"
        raise refuse("LR152", f"last_epoch is {quoted(last_epoch)}, and a new scheduler begins at tick 0", help, str(schedule))

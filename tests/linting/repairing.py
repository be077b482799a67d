"""`repaired`, for tests: a text after the repairs that `lrdsl check --fix` makes in a schedule file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings


def repaired(text: str, unsafe: bool = False, **clock: Any) -> str:
    """The text after its repairs, for a run with these facts; with `unsafe`, after those too that change levels."""
    settings = Settings(Path.cwd(), clock=tuple(clock.items()))
    return check_source(Path("schedule.lrs"), text, settings, "unsafe" if unsafe else "safe").source

"""`lrdsl check --watch`: checks again whenever a file changes. The library watchfiles tells what has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from lrdsl.cli import terminal
from lrdsl.diagnostics import UsageError


def watch(paths: Sequence[str], check: Callable[[], int]) -> int:
    """Checks now, and after each change of a file that may hold schedules or settings, until Ctrl-C. Returns the exit status of the last check."""
    try:
        from watchfiles import watch as changes
    except ImportError:
        raise UsageError("--watch needs watchfiles: pip install 'lrdsl[watch]'") from None
    from lrdsl.linting.hosts import ENDINGS

    status = check()
    terminal.complain("watching for changes; Ctrl-C ends it")
    existing = [path for path in paths if Path(path).exists()]
    with suppress(KeyboardInterrupt):
        for _ in changes(*existing, watch_filter=lambda _, path: path.lower().endswith(ENDINGS), step=100):
            terminal.complain("")
            try:
                status = check()
            except UsageError as error:  # settings that are being written
                terminal.complain(f"lrdsl: {error}")
                status = 2
    return status

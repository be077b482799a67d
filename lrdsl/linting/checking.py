"""The check of many files: in several processes, and without those that the cache knows to be clean."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lrdsl.linting import projects
from lrdsl.linting.projects import Checked
from lrdsl.linting.settings import Settings, SettingsOfFiles

if TYPE_CHECKING:
    from rich.console import Console

#: With at least so many files, several processes share the work.
_MANY = 200
#: With at least so many files, the cache is used.
_WORTH = 50
#: A file and its settings.
_Job: TypeAlias = "tuple[Path, Settings]"
#: The check of one file.
_Check: TypeAlias = "Callable[[_Job], Checked]"


def check_files(
    paths: Sequence[Path], settings: SettingsOfFiles, repair: str, silence: bool, cached: bool, console: Callable[[], Console] | None
) -> list[Checked]:
    """The results for all files, in their order. Files that the cache knows to be clean are not checked again. `console` makes the console that shows how far
    the check is; it is called if there are many files.

    Raises `SettingsError`.
    """
    jobs = [(path, settings.of(path)) for path in paths]
    if not cached or len(jobs) < _WORTH:
        return list(_check_all(jobs, partial(_check, repair=repair, silence=silence), console))
    from lrdsl.linting.caching import Cache  # imported here: a run over few files uses no cache

    cache = Cache.of(settings.of(Path.cwd() / "here").root)
    clean = {path: texts for path, own in jobs if (texts := cache.clean(path, own.spelled)) is not None}
    others = [job for job in jobs if job[0] not in clean]
    check = partial(_check, repair=repair, silence=silence, remember=True)
    results = dict(zip((path for path, _ in others), _check_all(others, check, console), strict=True))
    cache.keep({path: c.entry for path, c in results.items() if c.entry is not None})
    return [results[path] if path in results else Checked(str(path), "", (), 0, clean[path]) for path in paths]


def _check_all(jobs: Sequence[_Job], check: _Check, console: Callable[[], Console] | None) -> Iterator[Checked]:
    """Checks files, in several processes if there are many."""
    workers = os.cpu_count() or 1
    if len(jobs) < _MANY or workers == 1 or not hasattr(os, "fork"):
        yield from map(check, jobs)
        return
    results = _check_in_parallel(jobs, check, workers)
    screen = None if console is None else console()
    if screen is None or not screen.is_terminal:
        yield from results
        return
    from rich.progress import track

    yield from track(results, "checking", total=len(jobs), console=screen, transient=True)


def _check(job: _Job, repair: str, silence: bool, remember: bool = False) -> Checked:
    path, settings = job
    return projects.check_file(path, settings, repair, silence, remember)


def _check_in_parallel(jobs: Sequence[_Job], check: _Check, workers: int) -> Iterator[Checked]:
    """Checks files in several processes. A file that crashes its process gets an error.

    The processes are forked: a new Python process could import modules from the folder that is checked. Ctrl-C is for this process, which ends the others.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    quiet = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    pool = partial(ProcessPoolExecutor, mp_context=multiprocessing.get_context("fork"), initializer=quiet)
    done = 0
    several = pool(workers)
    try:
        for checked in several.map(check, jobs, chunksize=32):
            yield checked
            done += 1
    except BrokenProcessPool:
        for job in jobs[done:]:
            try:
                with pool(1) as alone:
                    yield alone.submit(check, job).result()
            except BrokenProcessPool:
                yield projects.ended(job[0])
    finally:
        several.shutdown(cancel_futures=True)

"""Tests of large files: the work to read, repair and format one grows with its size, and so does the memory."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from lrdsl.diagnostics import ScheduleError
from lrdsl.linting.hosts import MOST_TEXTS, UnreadableError
from lrdsl.linting.projects import check_source, formatted, texts_of
from lrdsl.linting.settings import Settings
from tests.counting import memory, work
from tests.linting.hosts.large import LARGE, numbered

SETTINGS = Settings(Path())
#: How many characters, and how much work those must be before it is compared: less is the same for all sizes.
SIZE, LEAST = 4_000, 3_000


def everything(path: Path, source: str) -> None:
    """What is done with a file: it is checked, repaired, and laid out."""
    check_source(path, source, SETTINGS, "safe")
    with suppress(ScheduleError, UnreadableError):
        formatted(path, source, SETTINGS)


@pytest.mark.parametrize("name", LARGE)
def test_twice_the_size_is_twice_the_work(name: str) -> None:
    ending, make = LARGE[name]
    path = Path(f"a.{ending}")
    everything(path, make(200))  # what is loaded once
    small, large = (work(partial(everything, path, make(size))) for size in (SIZE, 2 * SIZE))
    assert large < max(2.3 * small, LEAST)


@pytest.mark.parametrize("name", LARGE)
def test_memory(name: str) -> None:
    ending, make = LARGE[name]
    path, source = Path(f"a.{ending}"), make(30_000)
    texts_of(path, make(200), SETTINGS)
    assert memory(lambda: texts_of(path, source, SETTINGS)) < 120 * len(source) + 1_000_000


_ALL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (15, 15))
from pathlib import Path
from lrdsl.linting.hosts import Finder, UnreadableError, texts_in
from lrdsl.linting.hosts.placeholders import placeholder
from tests.linting.hosts.large import LARGE
for name, (ending, make) in LARGE.items():
    try:
        for one in texts_in(Path(f"a.{ending}"), make(60_000), Finder()):
            placeholder(one.text)
    except UnreadableError:
        pass
print("read")
"""


def test_no_expression_goes_over_a_file_again_and_again() -> None:
    """What goes on inside of a regular expression is no call that can be counted: all together they have a time that one which is quadratic would use up."""
    done = subprocess.run([sys.executable, "-c", _ALL], capture_output=True, text=True, check=False)
    assert done.stdout == "read\n", done.stderr[-500:]


def test_schedules_of_a_large_file_are_not_all_read() -> None:
    source = numbered("k@_schedule: hold(@)\n", 100_000)
    texts, unread = texts_of(Path("a.yaml"), source, SETTINGS)
    assert len(texts) == MOST_TEXTS
    assert unread is not None
    assert source[unread.offset :].startswith(f"hold({MOST_TEXTS})")
    checked = check_source(Path("a.yaml"), source.replace("hold(5)", "warmup(5) then restart cosine(5)"), SETTINGS, "safe")
    assert [d.code for d in checked.diagnostics] == ["LR903"]


@pytest.mark.parametrize("made", [1, 2, 50, 400])
def test_a_file_is_read_as_often_however_many_edits_it_has(made: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = numbered("k@_schedule: hold( @ )\n", 24 * made)
    reads = []

    def read(path: Path, source: str, settings: Settings, most: int | None = None) -> object:
        reads.append(source)
        return texts_of(path, source, settings, most)

    monkeypatch.setattr("lrdsl.linting.projects.texts_of", read)
    assert formatted(Path("a.yaml"), source, SETTINGS) == source.replace("( ", "(").replace(" )", ")")
    assert len(reads) == 2

"""Shell scripts and gin files: no text of lrdsl stands in them, but the flags and settings of other libraries' schedules do."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.linting.hosts.embedded import Embedded, Finder
from lrdsl.linting.hosts.pages import Page


def find(source: str, finder: Finder) -> Iterator[Embedded]:  # noqa: ARG001
    """No schedules."""
    return iter(())


def pages(source: str) -> Iterator[Page]:
    """The page of the file: a comment begins at a `#` after a blank."""
    yield Page.of(source, (), spaced=True)

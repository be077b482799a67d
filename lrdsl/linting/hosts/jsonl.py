"""Schedules in files of JSON Lines, as logs of runs: each line is a document of its own."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.linting.hosts import json
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.pages import Page


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in the lines that are JSON. After them, the first line that may hold one and is not JSON is reported."""
    at, unreadable = 0, None
    for line in source.split("\n"):
        try:
            for embedded in json.find(line, finder) if line.strip() and finder.may_hold(line) else ():
                yield embedded.shifted(at)
        except UnreadableError as error:
            unreadable = unreadable or UnreadableError(error.message, at + error.offset, error.template, error.holds)
        at += len(line) + 1
    if unreadable is not None:
        raise unreadable


def pages(source: str) -> Iterator[Page]:
    """The page of the file."""
    return json.pages(source)

"""Schedules in files of JSON with comments, as their names say."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.linting.hosts import json
from lrdsl.linting.hosts.json import find
from lrdsl.linting.hosts.pages import Page

__all__ = ["find", "pages"]


def pages(source: str) -> Iterator[Page]:
    """The page of the file."""
    return json.pages(source, may_comment=True)

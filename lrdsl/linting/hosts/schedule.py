"""Schedule files themselves: the page of a `.lrs` file."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.linting.hosts.pages import Page
from lrdsl.syntax.tokens import scanned


def pages(source: str) -> Iterator[Page]:
    """The page of a schedule file."""
    yield Page.of(source, (token.extent for token in scanned(source) if token.startswith('"')))

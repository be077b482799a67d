"""`assets`: the files of the page, as they were built from `web/`. They are read once, and a request can name no other file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

#: The folder that `npm run build` writes.
FOLDER = Path(__file__).with_name("page")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@attrs.frozen
class Asset:
    """A file of the page: its content, and its type as HTTP names it."""

    content: bytes
    type: str


def assets() -> Mapping[str, Asset]:
    """Returns the files of the page by their paths; `/` is the page itself."""
    files = {f"/{path.relative_to(FOLDER).as_posix()}": path for path in sorted(FOLDER.rglob("*")) if path.suffix in _TYPES}
    made = {name: Asset(path.read_bytes(), _TYPES[path.suffix]) for name, path in files.items()}
    return {**made, "/": made["/index.html"]}

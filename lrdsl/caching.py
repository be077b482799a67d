"""What was clean and has not changed since need not be checked again: a small file of sizes and times, beside the settings of a project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import attrs

from lrdsl.files import replace

FOLDER = ".lrdsl_cache"


@attrs.define
class Cache:
    """The files of a project that were clean, by their paths: when each was changed last, its size, and how many schedules it holds.

    It holds for one release and one set of settings; with others it is empty. A cache that cannot be read or written is no cache, and no error.
    """

    path: Path
    mark: str
    known: dict[str, list[int]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, root: Path, *settings: object) -> Cache:
        """The cache of a project for a release with these settings."""
        mark = hashlib.sha256(repr(settings).encode()).hexdigest()
        path = root / FOLDER / "checked.json"
        try:
            found = json.loads(path.read_text("utf-8"))
            return cls(path, mark, found["files"] if found["mark"] == mark else {})
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path, mark)

    def clean(self, path: Path) -> int | None:
        """How many schedules a file holds that was clean and is as it was; None for others."""
        found = self.known.get(str(path.absolute()))
        return found[2] if found is not None and found[:2] == _state(path) else None

    def keep(self, clean: Iterable[tuple[Path, int]]) -> None:
        """Remember the files that are clean now, each with its number of schedules."""
        self.known |= {str(path.absolute()): [*_state(path), texts] for path, texts in clean}
        try:
            self.path.parent.mkdir(exist_ok=True)
            (self.path.parent / ".gitignore").write_text("*\n", "utf-8")
            replace(self.path, lambda temporary: temporary.write_text(json.dumps({"mark": self.mark, "files": self.known}), "utf-8"))
        except OSError:
            pass


def _state(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size]

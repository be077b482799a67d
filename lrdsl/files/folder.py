"""The files that a schedule may use: those in its own folder, and below."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from lrdsl.check.program import UnusableError
from lrdsl.files.opening import read_text

#: How deep files may use files.
MAX_FILES_DEEP = 20


@attrs.frozen
class Used:
    """A file that was used: the folder of the file that uses it, the path that stands there, the file that it is, and its text."""

    folder: str
    path: str
    file: Path
    text: str


@attrs.frozen
class Folder:
    """The files that one file may use: those in the folder of the first file, and below.

    `reading` are the files that are being read, outermost first; `used` are those that were read, each of which is read once: what a schedule means stays.
    """

    root: Path
    reading: tuple[Path, ...]
    used: dict[tuple[str, str], Used] = attrs.field(factory=dict, eq=False, repr=False)

    @classmethod
    def of(cls, path: Path) -> Folder:
        """What the file at `path` may use."""
        file = Path(os.path.realpath(path))
        return cls(file.parent, (file,))

    def read(self, path: str) -> tuple[str, Folder]:
        """The text of a file beside the one that is being read, and what that one may use."""
        if Path(path).is_absolute() or "\\" in path or "\0" in path or not path:
            raise UnusableError(f"`{path}` is not a path from this file on", 'name a file in this folder or below: `use "common.lrs"`')
        folder = self.reading[-1].parent
        key = str(folder), path
        file = self.used[key].file if key in self.used else Path(os.path.realpath(folder / path))
        if not file.is_relative_to(self.root):
            raise UnusableError(f"`{path}` leads out of the folder of the file", "a file uses files in its own folder or below: move or copy it there")
        if file in self.reading:
            raise UnusableError(f"`{path}` uses this file in turn", "take one of the two `use` lines out")
        if len(self.reading) > MAX_FILES_DEEP:
            raise UnusableError(f"files use files more than {MAX_FILES_DEEP} deep", "use them directly")
        if key not in self.used:
            self.used[key] = Used(*key, file, _used_text(file, path))
        return self.used[key].text, Folder(self.root, (*self.reading, file), self.used)


def _used_text(file: Path, path: str) -> str:
    try:
        return read_text(file, follow=False)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableError(f"there is no file `{path}`", "name a file in this folder or below") from None
    except (OSError, ValueError) as error:
        raise UnusableError(f"`{path}` cannot be read: {getattr(error, 'strerror', error)}", "look at its permissions") from None

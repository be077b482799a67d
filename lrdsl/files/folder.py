"""The files that a schedule may `use`: those in its own folder and its subfolders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from lrdsl.check.program import UnusableError
from lrdsl.files.opening import read_text

#: The deepest chain of files that use files.
MAX_FILES_DEEP = 20


@attrs.frozen
class Used:
    """A file that was used. `folder` is the folder of the file that uses it, `path` the path in the `use` line, `file` the resolved path, `text` its text."""

    folder: str
    path: str
    file: Path
    text: str


@attrs.frozen
class Folder:
    """The files that one file may use: those in the folder of the first file and its subfolders.

    `reading` holds the files that are being read, outermost first. `used` holds the files that were read. Each is read once, so a schedule keeps its meaning
    when a file changes meanwhile. `buffers` has the texts of files that are open in an editor, which count in place of what is saved.
    """

    root: Path
    reading: tuple[Path, ...]
    used: dict[tuple[str, str], Used] = attrs.field(factory=dict, eq=False, repr=False)
    buffers: Mapping[Path, str] = attrs.field(factory=dict, eq=False, repr=False)

    @classmethod
    def of(cls, path: Path, buffers: Mapping[Path, str] | None = None) -> Folder:
        """Returns the files that the file at `path` may use."""
        file = Path(os.path.realpath(path))
        return cls(file.parent, (file,), buffers=buffers or {})

    def read(self, path: str) -> tuple[str, Folder]:
        """Returns the text of the file that a `use` line names, and the files that it may use in turn. Raises `UnusableError` with the reason."""
        if Path(path).is_absolute() or "\\" in path or "\0" in path or not path:
            raise UnusableError(f"`{path}` is not a relative path", 'name a file in this folder or below: `use "common.lrs"`')
        folder = self.reading[-1].parent
        key = str(folder), path
        file = self.used[key].file if key in self.used else Path(os.path.realpath(folder / path))
        if not file.is_relative_to(self.root):
            raise UnusableError(f"`{path}` leads out of the folder of the file", "a file may use files in its own folder or below: move or copy it there")
        if file in self.reading:
            raise UnusableError(f"`{path}` uses this file in turn", "remove one of the two `use` lines")
        if len(self.reading) > MAX_FILES_DEEP:
            raise UnusableError(f"files use files more than {MAX_FILES_DEEP} levels deep", "use the last files of the chain directly")
        if key not in self.used:
            self.used[key] = Used(*key, file, self.buffers[file] if file in self.buffers else _used_text(file, path))
        return self.used[key].text, attrs.evolve(self, reading=(*self.reading, file))


def _used_text(file: Path, path: str) -> str:
    try:
        return read_text(file, follow=False)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableError(f"there is no file `{path}`", "name a file in this folder or below") from None
    except (OSError, ValueError) as error:
        raise UnusableError(f"`{path}` cannot be read: {getattr(error, 'strerror', error)}", "check its permissions") from None

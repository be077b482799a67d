"""Other files of the repository that a Python file is in: data that it names, and definitions that it imports. They are read, and never imported or run."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs

from lrdsl.dialects.code.names import Definition, Names, names_of
from lrdsl.documents.beside import data, inside, text_inside

#: The longest file that is read, in characters, and how many times a package may hand a name on.
_MOST_SOURCE, _MAX_HOPS = 200_000, 3


@attrs.frozen
class Repository:
    """The files beside a file: `path` is its own, and nothing outside of `folder` is read."""

    path: Path
    folder: Path | None

    def load(self, name: str) -> Any:
        """Returns the document of a file of data; None if there is none."""
        return data(self.path, name, self.folder)

    def definition(self, dotted: str, hops: int = 0) -> tuple[Definition, Names] | None:
        """Returns the class or the function that an imported path names, with the names of its file; None if it is not in the repository."""
        module, _, name = dotted.rpartition(".")
        if self.folder is None or not module or hops > _MAX_HOPS or not all(part.isidentifier() for part in module.lstrip(".").split(".") if part):
            return None
        path = self._module(module)
        names = _names(text_inside(path)) if path is not None else None
        if path is None or names is None:
            return None
        own: Definition | None = names.classes.get(name) or names.functions.get(name)
        if own is not None:
            return own, names
        further = names.modules.get(name)
        return attrs.evolve(self, path=path).definition(further, hops + 1) if further is not None else None

    def _module(self, module: str) -> Path | None:
        """The file of a module: beside this file, or beside a folder above it; a relative one where its dots say."""
        words = module.lstrip(".")
        dots = len(module) - len(words)
        relative = words.replace(".", "/")
        starts = [self.path.parents[dots - 1]] if 0 < dots <= len(self.path.parents) else [] if dots else self._above()
        for start in starts:
            for name in (f"{relative}.py", f"{relative}/__init__.py") if relative else ("__init__.py",):
                wanted = inside(start / "x", name, self.folder, (".py",))
                if wanted is not None:
                    return wanted
        return None

    def _above(self) -> list[Path]:
        above = []
        for start in self.path.parents:
            above.append(start)
            if start == self.folder:
                break
        return above


@lru_cache(maxsize=64)
def _names(text: str) -> Names | None:
    if not text or len(text) > _MOST_SOURCE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return names_of(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None

"""`Definition`: a `let` or a `def` that a text gets from another file by `use`."""

from __future__ import annotations

from pathlib import Path

import attrs

from lrdsl.check.program import MAX_USED, UnusableError
from lrdsl.diagnostics import Problems, ScheduleError
from lrdsl.files.folder import Folder
from lrdsl.syntax import nodes, parse
from lrdsl.syntax.nodes import Node


@attrs.frozen
class Definition:
    """A definition in another file: its statement, the file, and the text of the file."""

    node: nodes.Binding | nodes.Function
    file: Path
    text: str


def used_definitions(tree: Node | None, library: Folder | None) -> dict[str, Definition]:
    """The definitions that a text gets from other files, by their names, and those that these files get in turn. Files that cannot be read give none."""
    definitions: dict[str, Definition] = {}
    _collect(tree, library, definitions, set())
    return definitions


def _collect(tree: Node | None, library: Folder | None, definitions: dict[str, Definition], files: set[Path]) -> None:
    """Adds the definitions of the files that a tree uses, each file once."""
    if library is None or not isinstance(tree, nodes.File):
        return
    for use in tree.statements:
        if not isinstance(use, nodes.Use):
            continue
        try:
            text, inner = library.read(use.path)
            file = inner.reading[-1]
            if file in files or len(files) >= MAX_USED:
                continue
            files.add(file)
            other = parse(text, Problems(text))
        except (UnusableError, ScheduleError):
            continue
        for statement in other.statements if isinstance(other, nodes.File) else ():
            if isinstance(statement, nodes.Binding | nodes.Function):
                definitions.setdefault(statement.name, Definition(statement, file, text))
        _collect(other, inner, definitions, files)

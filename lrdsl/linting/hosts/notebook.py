"""Schedule strings in Jupyter notebooks: those of the Python in their code cells, which are strings of JSON, or lists of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from lrdsl.linting.hosts import json, python
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.places import Places, Run

#: Cells that begin with one of these hold Python; after other `%%` comes something else.
_TIMED = re.compile(r"\s*%%(?:time|timeit|capture|prun)\b")
#: What is looked at of a notebook before its programs: the rest, as pictures, is not kept.
_LOOKED_AT = {"cells", "cell_type", "metadata", "kernelspec", "language", "language_info", "name"}
_MAGIC = re.compile(r"^([ \t]*)[%!?](.?)", re.MULTILINE)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a notebook; a cell that is not Python is reported after those of the others."""
    notebook: Any = json.loaded(source, object_pairs_hook=lambda pairs: {key: value for key, value in pairs if key in _LOOKED_AT})
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("this is not a notebook: it has no cells", 0)
    if _language(notebook) != "python":
        return
    code = {i for i, cell in enumerate(cells) if isinstance(cell, dict) and cell.get("cell_type") == "code"}
    unread: UnreadableError | None = None
    for cell, program in _programs(source, code, finder):
        try:
            yield from (one.inside(program) for one in python.find(_plain(program.text), finder))
        except UnreadableError as error:
            message = error.message.replace("this is", f"cell {cell + 1} is")
            unread = unread or UnreadableError(message, program.offsets[min(error.offset, len(program.text))])
    if unread is not None:
        raise unread


def _language(notebook: dict[str, Any]) -> str:
    """The language of the code cells; Python where nothing says another."""
    metadata = notebook.get("metadata")
    for table, name in (("kernelspec", "language"), ("language_info", "name")):
        found = metadata.get(table) if isinstance(metadata, dict) else None
        if isinstance(found, dict) and isinstance(found.get(name), str):
            return str(found[name]).lower()
    return "python"


def _programs(source: str, code: set[int], finder: Finder) -> Iterator[tuple[int, Embedded]]:
    """The programs of the code cells, each with the number of its cell, as texts of the notebook."""
    for (cell, listed), strings in groupby(_strings(source, code, finder), key=itemgetter(0)):
        lines = [line for _, line in strings]
        text = "".join(line.text for line in lines)
        if not text.lstrip().startswith("%%") or _TIMED.match(text):
            offsets, ends = _places(source, lines)
            between = source[lines[0].end : lines[1].start] if len(lines) > 1 else '", "'
            yield cell, Embedded(text, offsets, partial(_lines, between=between if listed else ""), ends)


def _places(source: str, lines: list[json.String]) -> tuple[Places, Places]:
    """Where each character of a program begins and where it ends: the end of a line is before its quote, and the next line begins behind another."""
    offsets: list[Run] = []
    ends: list[Run] = []
    for line in lines:
        found = [run for run in json.runs(source, line) if run[1] > 0]
        (first, length), (last, count) = found[0], found[-1]
        offsets += [*found[:-1], (last, count - 1)]
        ends += [(first + 1, length - 1), *found[1:]]
    return Places.of([*offsets, (lines[-1].end, 1)]), Places.of(ends)


def _strings(source: str, code: set[int], finder: Finder) -> Iterator[tuple[tuple[int, bool], json.String]]:
    """The strings that are the source of a code cell, or a line of it, each with the number of the cell, and whether it is in a list."""
    for one in json.strings(source, finder):
        match one.path:
            case ["cells", int() as cell, "source"] | ["cells", int() as cell, "source", int()] if cell in code:
                yield (cell, len(one.path) > 3), one


def _lines(added: str, between: str) -> str:
    """A text as the source of a cell has it, where each line is a string of its own."""
    return f"\\n{between}".join(map(json.quoted, added.split("\n")))


def _plain(program: str) -> str:
    """A program as Python reads it: each line for IPython, as `%pip` and `!ls`, is a number and a comment of the same length."""
    return _MAGIC.sub(lambda found: f"{found[1]}0{'#' if found[2] else ''}", program)

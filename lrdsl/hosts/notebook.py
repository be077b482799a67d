"""Schedule strings in Jupyter notebooks: those of the Python in their code cells, which are strings of JSON, or lists of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from lrdsl.hosts import json, python
from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError

#: Cells that begin with one of these hold Python; after other `%%` comes something else.
_TIMED = re.compile(r"\s*%%(?:time|timeit|capture|prun)\b")
_MAGIC = re.compile(r"^([ \t]*)[%!?](.?)", re.MULTILINE)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a notebook; a cell that is not Python is reported after those of the others."""
    notebook: Any = json.loaded(source)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("this is not a notebook: it has no cells", 0)
    if _language(notebook) != "python":
        return
    unread: UnreadableError | None = None
    for cell, program in _programs(source, cells):
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


def _programs(source: str, cells: list[Any]) -> Iterator[tuple[int, Embedded]]:
    """The programs of the code cells, each with the number of its cell, as texts of the notebook."""
    parts: dict[int, list[Embedded]] = {}
    listed: set[int] = set()
    for place, start, end in json.strings(source):
        match place:
            case ("cells", int() as cell, "source") | ("cells", int() as cell, "source", int()):
                if isinstance(cells[cell], dict) and cells[cell].get("cell_type") == "code":
                    parts.setdefault(cell, []).append(json.unescaped(source, start, end))
                    listed |= {cell} if len(place) == 4 else set()
    for cell, lines in parts.items():
        text = "".join(line.text for line in lines)
        if not text.lstrip().startswith("%%") or _TIMED.match(text):
            offsets = (*(at for line in lines for at in line.offsets[:-1]), lines[-1].offsets[-1])
            between = source[lines[0].offsets[-1] : lines[1].offsets[0]] if len(lines) > 1 else '", "'
            quote = partial(_lines, between=between if cell in listed else "")
            yield cell, Embedded(text, offsets, quote, tuple(at for line in lines for at in line.ends))


def _lines(added: str, between: str) -> str:
    """A text as the source of a cell has it, where each line is a string of its own."""
    return f"\\n{between}".join(map(json.quoted, added.split("\n")))


def _plain(program: str) -> str:
    """A program as Python reads it: each line for IPython, as `%pip` and `!ls`, is a number and a comment of the same length."""
    return _MAGIC.sub(lambda found: f"{found[1]}0{'#' if found[2] else ''}", program)

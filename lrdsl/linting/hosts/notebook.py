"""Schedules in Jupyter notebooks: the strings in the Python of the code cells. A cell is a JSON string, or a list of lines."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import attrs

from lrdsl.linting.hosts import json, python
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.pages import Page
from lrdsl.linting.hosts.places import Places, Run

#: The first line of a cell for another program; and those behind which a cell still holds Python.
_CELL_MAGIC = re.compile(r"\s*(?:#[^\n]*\n\s*)*%%")
_PYTHON_MAGIC = re.compile(_CELL_MAGIC.pattern + r"(?:time|timeit|capture|prun|memit|px|snakeviz)\b")
#: The keys of a notebook that are kept when it is read; the others, as pictures, may be large.
_KEPT_KEYS = {"cells", "cell_type", "metadata", "kernelspec", "language", "language_info", "name"}
#: A line that is a command of IPython, or the value of one, or a question about a name.
_MAGIC = re.compile(r"(?P<before>[ \t]*(?:(?=\S)[\w.,\[\]'\" \t]+=[ \t]*(?=[%!]))?)(?:[%!?]|[\w.*]+\?{1,2}[ \t]*(?:[\r\n]|\Z))")


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a notebook. An error in a cell is raised after the schedules of all cells."""
    notebook: Any = json.load(source, object_pairs_hook=lambda pairs: {key: value for key, value in pairs if key in _KEPT_KEYS})
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("this is not a notebook: it has no cells", 0)
    if _language(notebook) != "python":
        return
    code = {i for i, cell in enumerate(cells) if isinstance(cell, dict) and cell.get("cell_type") == "code"}
    unread: UnreadableError | None = None
    for cell, program in _programs(source, code, finder):
        try:
            yield from (embedded.inside(program) for embedded in python.find(_without_magics(program.text), finder))
        except UnreadableError as error:
            message = error.message.replace("this is", f"cell {cell + 1} is")
            unread = unread or UnreadableError(message, program.offsets[min(error.offset, len(program.text))])
    if unread is not None:
        raise unread


@attrs.frozen
class Program:
    """The code cells of a notebook as one program, with its places in the notebook. `cells` are the first line of each, and its number from 1 on."""

    embedded: Embedded
    cells: tuple[tuple[int, int], ...]

    def line(self, number: int) -> str:
        """A line of the program as people say it: `line 3 of cell 5`."""
        first, cell = max((start, cell) for start, cell in self.cells if start <= number)
        return f"line {number - first + 1} of cell {cell}"


def program(source: str) -> Program | None:
    """Returns the code cells of a notebook in Python as one program, without those that are no Python; None if there are none."""
    try:
        notebook: Any = json.load(source, object_pairs_hook=lambda pairs: {key: value for key, value in pairs if key in _KEPT_KEYS})
        cells = notebook.get("cells") if isinstance(notebook, dict) else None
        if not isinstance(cells, list) or _language(notebook) != "python":
            return None
        code = {i for i, cell in enumerate(cells) if isinstance(cell, dict) and cell.get("cell_type") == "code"}
        programs = list(_programs(source, code, Finder()))
    except UnreadableError:
        return None
    texts: list[str] = []
    starts: list[tuple[int, int]] = []
    offsets: list[Run] = []
    ends: list[Run] = []
    line = 1
    for cell, one in programs:
        text = _without_magics(one.text)
        if not text.strip() or not _is_python(text):
            continue
        starts.append((line, cell + 1))
        texts.append(f"{text}\n")
        line += text.count("\n") + 1
        offsets += [*one.offsets.runs(0, len(text)), (one.offsets[-1], 1)]
        ends += [*one.ends.runs(0, len(text)), (one.offsets[-1], 1)]
    if not texts:
        return None
    return Program(Embedded("".join(texts), Places.of([*offsets, (offsets[-1][0], 1)]), str, Places.of(ends)), tuple(starts))


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _language(notebook: dict[str, Any]) -> str:
    """The language of the code cells: Python, unless the notebook names another."""
    metadata = notebook.get("metadata")
    for table, key in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(table) if isinstance(metadata, dict) else None
        if isinstance(entry, dict) and isinstance(entry.get(key), str):
            return str(entry[key]).lower()
    return "python"


def _programs(source: str, code: set[int], finder: Finder) -> Iterator[tuple[int, Embedded]]:
    """The programs of the code cells as embedded texts, each with the index of its cell."""
    for (cell, in_list), strings in groupby(_strings(source, code, finder), key=itemgetter(0)):
        lines = [line for _, line in strings]
        text = "".join(line.text for line in lines)
        if not _CELL_MAGIC.match(text) or _PYTHON_MAGIC.match(text):
            offsets, ends = _places(source, lines)
            between = source[lines[0].end : lines[1].start] if len(lines) > 1 else '", "'
            yield cell, Embedded(text, offsets, partial(_quote_lines, between=between if in_list else ""), ends)


def _places(source: str, lines: list[json.String]) -> tuple[Places, Places]:
    """Where each character of a program begins, and where it ends. They differ between two lines, which are strings of their own."""
    offsets: list[Run] = []
    ends: list[Run] = []
    for line in lines:
        runs = [run for run in json.runs(source, line) if run[1] > 0]
        (first, length), (last, count) = runs[0], runs[-1]
        offsets += [*runs[:-1], (last, count - 1)]
        ends += [(first + 1, length - 1), *runs[1:]]
    return Places.of([*offsets, (lines[-1].end, 1)]), Places.of(ends)


def _strings(source: str, code: set[int], finder: Finder) -> Iterator[tuple[tuple[int, bool], json.String]]:
    """The strings that are a code cell, or a line of one, each with the index of the cell, and whether it is in a list."""
    for string in json.strings(source, finder):
        match string.path:
            case ["cells", int() as cell, "source"] | ["cells", int() as cell, "source", int()] if cell in code:
                yield (cell, len(string.path) > 3), string


def _quote_lines(added: str, between: str) -> str:
    """A text as a cell writes it; in a list, each line is a string, and `between` stands between two of them."""
    return f"\\n{between}".join(map(json.quoted, added.split("\n")))


def pages(source: str) -> Iterator[Page]:
    """The pages of a notebook: its code cells."""
    try:
        notebook: Any = json.load(source, object_pairs_hook=dict)
        cells = notebook["cells"]
        code = {i for i, cell in enumerate(cells) if isinstance(cell, dict) and cell.get("cell_type") == "code"}
    except (UnreadableError, KeyError, TypeError):
        return
    for _, program in _programs(source, code, Finder()):
        for page in python.pages(_without_magics(program.text)):
            yield attrs.evolve(page, cell=program)


def _without_magics(program: str) -> str:
    r"""A program that is Python: a number and a comment of the same length stand in place of each IPython command, as `%pip`, `x = !ls` and `help?`.

    >>> _without_magics("!pip install 'a\nx = !ls\nlrdsl.parse?\n")
    "0#ip install 'a\nx = 0#s\n0#dsl.parse?\n"
    """
    lines = program.splitlines(keepends=True) if any(sign in program for sign in "%!?") else [program]
    goes_on = False
    for i, line in enumerate(lines):
        if goes_on:
            lines[i] = f"#{line[1:]}" if line.strip() else line
        elif magic := _MAGIC.match(line):
            start = magic.end("before")
            rest = line[start + 1 :]
            lines[i] = f"{line[:start]}0{'#' + rest[1:] if rest[:1].strip() else rest}"
        else:
            continue
        goes_on = line.rstrip("\r\n").endswith("\\")
    return "".join(lines)

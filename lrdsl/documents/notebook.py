"""The code of a Jupyter notebook: its cells of Python with their places in the file, and the program that they make together. Nothing is run."""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Literal

import attrs

from lrdsl.documents import UnreadableError
from lrdsl.documents.json import quoted, runs, strings
from lrdsl.documents.places import Places, Run

#: The ending of a notebook.
ENDING = ".ipynb"
#: The first line of a cell for another program; and those behind which a cell still holds Python.
_CELL_MAGIC = re.compile(r"\s*(?:#[^\n]*\n\s*)*%%")
_PYTHON_MAGIC = re.compile(_CELL_MAGIC.pattern + r"(?:time|timeit|capture|prun|memit|px|snakeviz)\b")
#: The keys of a notebook that are kept when it is read; the others, as pictures, may be large.
_KEPT_KEYS = {"cells", "cell_type", "metadata", "kernelspec", "language", "language_info", "name"}
#: A line that is a command of IPython, or the value of one, or a question about a name.
_MAGIC = re.compile(r"(?P<before>[ \t]*(?:(?=\S)[\w.,\[\]'\" \t]+=[ \t]*(?=[%!]))?)(?:[%!?]|[\w.*]+\?{1,2}[ \t]*(?:[\r\n]|\Z))")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
#: What is blanked in a cell that is no Python.
_VISIBLE = re.compile(r"[^\r\n]")


@attrs.frozen
class Cell:
    """A code cell: its `number`, counted from 0 over all cells, and its `text`.

    `offsets` has the place in the file of each character and of the end, `ends` where each one ends. `lines` are the contents of the strings that the file has
    for it, and `between` what stands between the contents of two of them, "" for a cell that is one string. `extent` goes from the start of the first content
    to the end of the last.
    """

    number: int
    text: str
    offsets: Places
    ends: Places
    lines: tuple[tuple[int, int], ...]
    between: str

    @property
    def extent(self) -> tuple[int, int]:
        """The stretch of the file that has its text."""
        return self.lines[0][0], self.lines[-1][1]

    def quoted(self, text: str) -> str:
        """A text as the file has it in this cell; in a list, each line is a string of its own."""
        return f"\\n{self.between}".join(map(quoted, text.split("\n"))) if self.between else quoted(text)


def cells(source: str) -> list[Cell]:
    """Returns the cells of Python of a notebook. Raises `UnreadableError` for a text that is no notebook."""
    try:
        notebook: Any = json.loads(source, parse_int=str, parse_float=str, object_pairs_hook=_kept)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"this is not JSON: {error.msg}", error.pos) from None
    except RecursionError:
        raise UnreadableError("this is nested too deep") from None
    entries = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(entries, list):
        raise UnreadableError("this is not a notebook: it has no cells")
    if _language(notebook) != "python":
        return []
    code = {i for i, cell in enumerate(entries) if isinstance(cell, dict) and cell.get("cell_type") == "code"}
    made = (_cell(source, number, is_list, list(lines)) for (number, is_list), lines in groupby(_lines(source, code), key=lambda line: line[:2]))
    return [cell for cell in made if not _CELL_MAGIC.match(cell.text) or _PYTHON_MAGIC.match(cell.text)]


def _kept(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, Any]:
    return {key: value for key, value in pairs if key in _KEPT_KEYS}


def _language(notebook: Mapping[str, Any]) -> str:
    """The language of the code cells: Python, unless the notebook names another."""
    metadata = notebook.get("metadata")
    for table, key in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(table) if isinstance(metadata, dict) else None
        if isinstance(entry, dict) and isinstance(entry.get(key), str):
            return str(entry[key]).lower()
    return "python"


def _lines(source: str, code: set[int]) -> Iterator[tuple[int, bool, str, int, int]]:
    """The strings that are a code cell, or a line of one: the number of the cell, whether it is a list, the text, and where its content stands."""
    for string in strings(source):
        match string.path:
            case ["cells", int() as cell, "source"] | ["cells", int() as cell, "source", int()] if cell in code and not string.is_key:
                yield cell, len(string.path) > 3, string.text, string.start, string.end
            case _:
                pass


def _cell(source: str, number: int, is_list: bool, lines: list[tuple[int, bool, str, int, int]]) -> Cell:
    """A cell of these strings. The places of two lines differ where one ends and where the next begins: they are strings of their own."""
    offsets: list[Run] = []
    ends: list[Run] = []
    for *_, start, end in lines:
        own = [run for run in runs(source, start, end) if run[1] > 0]
        (first, length), (last, count) = own[0], own[-1]
        offsets += [*own[:-1], (last, count - 1)]
        ends += [(first + 1, length - 1), *own[1:]]
    extents = tuple((start, end) for *_, start, end in lines)
    text = "".join(text for _, _, text, _, _ in lines)
    return Cell(number, text, Places.of([*offsets, (extents[-1][1], 1)]), Places.of(ends), extents, _between(source, extents) if is_list else "")


def _between(source: str, lines: tuple[tuple[int, int], ...]) -> str:
    """What stands between the contents of two lines of a list. Before the only line of a list stands what would."""
    if len(lines) > 1:
        return source[lines[0][1] : lines[1][0]]
    start = lines[0][0] - 1
    lead = source[source.rindex("[", 0, start) + 1 : start]
    return f'",{lead or " "}"'


def without_magics(program: str) -> str:
    r"""Returns a program that is Python: a number and a comment of the same length stand in place of each IPython command, as `%pip`, `x = !ls` and `help?`.

    >>> without_magics("!pip install 'a\nx = !ls\nlrdsl.parse?\n")
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


def position(cell: tuple[int, int]) -> str:
    """Returns the number of a cell, and of a line in it, in words.

    >>> position((3, 2))
    'cell 3:2'
    """
    return f"cell {cell[0]}:{cell[1]}"


@attrs.frozen
class Program:
    """The program that the cells of a notebook make together, in their order: its `text`, the cells, where each begins in it, and the line between two.

    A cell that is no Python is blank in it.
    """

    text: str
    cells: tuple[Cell, ...]
    starts: tuple[int, ...]
    mark: str

    @classmethod
    def of(cls, source: str) -> Program:
        """Returns the program of a notebook. Raises `UnreadableError` for a text that is no notebook."""
        found = tuple(cells(source))
        mark = "cell"
        while any(mark in cell.text for cell in found):
            mark += "_"
        mark = f"\n{mark}\n"
        text, starts = "", []
        for i, cell in enumerate(found):
            text += mark if i else ""
            starts.append(len(text))
            text += _python(cell.text)
        return cls(text, found, tuple(starts), mark)

    def _inside(self, offset: int) -> tuple[Cell, int]:
        """The cell that has an offset of the program, and the offset in it."""
        i = bisect_right(self.starts, offset) - 1
        return self.cells[i], min(offset - self.starts[i], len(self.cells[i].text))

    def position(self, offset: int) -> tuple[int, int]:
        """Returns the number of the cell that has an offset of the program, counted from 1 over all cells, and the line in it."""
        cell, at = self._inside(offset)
        return cell.number + 1, cell.text.count("\n", 0, at) + 1

    def line(self, number: int) -> str:
        """Returns a line of the program in words, as `line 3 of cell 5`."""
        lines = [self.text.count("\n", 0, start) + 1 for start in self.starts]
        i = max(0, bisect_right(lines, number) - 1)
        return f"line {number - lines[i] + 1} of cell {self.cells[i].number + 1}"

    def runs(self, places: Literal["offsets", "ends"]) -> Iterator[Run]:
        """The places in the file of the characters of the program, and of its end. What stands between two cells has the place where the first one ends."""
        for i, cell in enumerate(self.cells):
            own: Places = getattr(cell, places)
            yield from own.runs(0, len(cell.text))
            after = cell.offsets[-1]
            yield from ((after, 1) for _ in (self.mark if i + 1 < len(self.cells) else " "))

    def place(self, offset: int) -> int:
        """Returns the offset in the file of an offset of the program."""
        cell, at = self._inside(offset)
        return cell.offsets[at]

    def rewritten(self, source: str, text: str) -> str | None:
        """Returns the notebook with another text of its program. Cells that stay the same stay as they are. None if the text has other cells."""
        parts = text.split(self.mark) if self.cells else []
        if len(parts) != len(self.cells):
            return None
        for cell, part in reversed(list(zip(self.cells, parts, strict=True))):
            if part != _python(cell.text):
                part = part if cell.text.endswith("\n") else part.rstrip("\n")
                source = source[: cell.extent[0]] + _content(source, cell, _with_magics(cell.text, part)) + source[cell.extent[1] :]
        return source


def _python(text: str) -> str:
    """The Python of a cell; blanks for a cell that is none."""
    masked = without_magics(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(masked)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _VISIBLE.sub(" ", masked)
    return masked


def _with_magics(before: str, after: str) -> str:
    """A program after a change, with the commands of IPython that stood in it before."""
    commands = [(was, masked) for was, masked in zip(before.splitlines(True), without_magics(before).splitlines(True), strict=True) if was != masked]
    lines = after.splitlines(keepends=True)
    for i, line in enumerate(lines):
        if commands and line.rstrip("\r\n") == commands[0][1].rstrip("\r\n"):
            lines[i] = commands.pop(0)[0].rstrip("\r\n") + line[len(line.rstrip("\r\n")) :]
    return "".join(lines)


def _content(source: str, cell: Cell, text: str) -> str:
    """A new text of a cell as the file has it, from the start of the first content to the end of the last. Lines that stay are copied."""
    ascii = source.isascii()
    if not cell.between:
        return quoted(text, ascii)
    old = {json.loads(f'"{source[start:end]}"'): source[start:end] for start, end in cell.lines}
    return cell.between.join(old.get(line) or quoted(line, ascii) for line in _LINE.findall(text) or [""])

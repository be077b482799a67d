"""Schedules in Jupyter notebooks: the strings in the Python of the code cells."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from lrdsl.documents import UnreadableError as UnreadableDocumentError
from lrdsl.documents.notebook import Cell, Program, cells, without_magics
from lrdsl.documents.places import Places
from lrdsl.linting.hosts import python
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.linting.hosts.pages import Page


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a notebook. An error in a cell is raised after the schedules of all cells."""
    try:
        programs = [(cell.number, _embedded(cell)) for cell in cells(source)]
    except UnreadableDocumentError as error:
        raise UnreadableError(str(error), error.offset) from None
    unread: UnreadableError | None = None
    for number, program in programs:
        try:
            yield from (embedded.inside(program) for embedded in python.find(without_magics(program.text), finder))
        except UnreadableError as error:
            message = error.message.replace("this is", f"cell {number + 1} is")
            unread = unread or UnreadableError(message, program.offsets[min(error.offset, len(program.text))])
    if unread is not None:
        raise unread


def _embedded(cell: Cell) -> Embedded:
    """The program of a cell as an embedded text."""
    return Embedded(cell.text, cell.offsets, cell.quoted, cell.ends)


def program(source: str) -> tuple[Program, Embedded] | None:
    """Returns the program that the cells of a notebook make together, and the same with its places in the file; None if there is none."""
    try:
        made = Program.of(source)
    except UnreadableDocumentError:
        return None
    return (made, Embedded(made.text, Places.of(made.runs("offsets")), str, Places.of(made.runs("ends")))) if made.cells else None


def pages(source: str) -> Iterator[Page]:
    """The pages of a notebook: its code cells."""
    try:
        programs = [_embedded(cell) for cell in cells(source)]
    except UnreadableDocumentError:
        return
    for program in programs:
        for page in python.pages(without_magics(program.text)):
            yield attrs.evolve(page, cell=program)

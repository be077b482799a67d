"""gin: the bindings of a file, `name.parameter = value` and blocks `name:`, with macros that are assigned once. Nothing is imported or run."""

from __future__ import annotations

import ast
import re
from typing import Any

from lrdsl.documents import MAX_VALUES, Opaque, Place, Table, UnreadableError

_BLOCK = re.compile(r"([\w./]+):[ \t]*(?:#.*)?")
_BINDING = re.compile(r"([ \t]*)([\w./]+)[ \t]*=[ \t]*(.*)")
_COMMENT = re.compile(r"""((?:"[^"]*"|'[^']*'|[^#"'])*)(?:\#.*)?""")
_LONGEST = 2000


def read(text: str) -> list[Any]:
    """Returns one table: the macros, and a table of parameters for each function."""
    document, block, at = Table(), "", 0
    for count, line in enumerate(text.splitlines(keepends=True), 1):
        start, at = at, at + len(line)
        if len(line) > _LONGEST:
            raise UnreadableError(f"a line has more than {_LONGEST:,} characters", start)
        bare = (_COMMENT.match(line) or re.match("", line))[1] if line.strip() else ""  # type: ignore[index]
        if count > MAX_VALUES:
            raise UnreadableError("this file has too many lines", start)
        if bare.strip() and not bare[0].isspace():
            block = ""
        if (header := _BLOCK.fullmatch(bare.rstrip())) is not None:
            block = header[1]
        elif (binding := _BINDING.fullmatch(bare.rstrip())) is not None and binding[3]:
            where = Place(start + binding.start(2), start + binding.start(3), start + binding.end(3))
            function, _, parameter = binding[2].rpartition(".") if not (binding[1] and block) else (block, "", binding[2])
            table = document if not function else document.setdefault(function.rpartition("/")[2], Table())
            if not function or isinstance(table, Table):
                if not function:
                    parameter = binding[2]
                table[parameter] = _value(binding[3])
                table.places[parameter] = where
    _resolve(document)
    return [document]


def _value(raw: str) -> Any:
    """A literal, or `Opaque` for a macro or a reference."""
    try:
        value = ast.literal_eval(raw)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return Opaque(raw)
    return value if isinstance(value, str | int | float | None) else Opaque(raw)


def _resolve(document: Table) -> None:
    """Puts the values of macros in their places."""
    for table in [document, *(inner for inner in document.values() if isinstance(inner, Table))]:
        for key, value in table.items():
            if isinstance(value, Opaque) and value.text.startswith("%"):
                macro = document.get(value.text[1:].rpartition("/")[2])
                if isinstance(macro, str | int | float):
                    table[key] = macro
                else:
                    table[key] = Opaque(value.text[1:], value.text[1:].rpartition("/")[2])

"""Where the expressions of a Python program stand in its source. `ast.get_source_segment` splits the whole source for each of them."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from lrdsl.syntax.nodes import Extent


def offsets(source: str, node: ast.expr) -> Extent:
    """Returns the extent of an expression in a source."""
    return _offset(source, node.lineno, node.col_offset), _offset(source, node.end_lineno or node.lineno, node.end_col_offset or 0)


def segment(source: str, node: ast.expr) -> str:
    """Returns the text of an expression in a source; "" for one that does not stand in it, as one that was put together."""
    return source[slice(*offsets(source, node))] if getattr(node, "end_lineno", None) is not None else ""


def offset(source: str, line: int, column: int) -> int:
    """Returns the offset of a place whose column is in characters."""
    return _line_starts(source)[line - 1] + column


def _offset(source: str, line: int, column: int) -> int:
    """The offset of a place in characters; columns are in bytes of UTF-8."""
    lines = _line_starts(source)
    start = lines[line - 1]
    end = lines[line] if line < len(lines) else len(source)
    text = source[start:end]
    return start + (column if text.isascii() else len(text.encode()[:column].decode(errors="ignore")))


@lru_cache(maxsize=4)
def _line_starts(source: str) -> list[int]:
    """The offsets of the lines, as Python counts them."""
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", source))]

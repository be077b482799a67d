"""`words_of`: the words of a text, each with the kind by which editors colour it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrdsl.diagnostics import Problems
from lrdsl.shapes import SHAPES
from lrdsl.syntax.nodes import Extent
from lrdsl.syntax.tokens import statements_of, tokens_of

_KINDS = {
    **dict.fromkeys(("PLUS", "MINUS", "STAR", "SLASH", "CARET", "EQUAL", "COMPARE"), "operator"),
    **dict.fromkeys(("LPAR", "RPAR", "LSQB", "RSQB", "COMMA"), ""),
    "NUMBER": "number",
    "STRING": "string",
}


def words_of(text: str) -> Iterator[tuple[Extent, str]]:
    """Yields the words to colour, each with its kind: "keyword", "function", "parameter", "number", "string", "comment", "variable" or "operator"."""
    end = 0
    problems = Problems(text)
    for statement in statements_of(list(tokens_of(text, problems)), problems):
        depth = 0
        for i, token in enumerate(statement):
            start, stop = token.extent
            yield from _comments(text, end, start)
            after = statement[i + 1].type if i + 1 < len(statement) else ""
            depth += (token.type == "LPAR") - (token.type == "RPAR")
            kind = _KINDS.get(token.type, "keyword")
            if token.type == "WORD":
                before = statement[i - 1].type if i else ""
                kind = "function" if after == "LPAR" else "parameter" if after == "EQUAL" and depth else "keyword" if before == "NUMBER" else "variable"
                kind = "function" if kind == "variable" and (str(token) in SHAPES) else kind
            if kind:
                yield (start, stop), kind
            end = stop
    yield from _comments(text, end, len(text))


def _comments(text: str, start: int, end: int) -> Iterator[tuple[Extent, str]]:
    """The comments between two offsets."""
    for comment in re.finditer(r"#[^\n]*", text[start:end]):
        yield (start + comment.start(), start + comment.end()), "comment"

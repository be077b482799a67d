"""JSON, with comments and with commas at the end of lists, as editors and training systems allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lrdsl.documents import Builder, Items, Opaque, Table, UnreadableError, places
from lrdsl.documents.places import Run

#: A string or a comment; and a comma at the end of a list.
_PART = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(\s*[\]}])')
_BLANK = re.compile(r"[^\r\n]")
_TOKEN = re.compile(r'[ \t\r\n]*(?:(?P<string>")|(?P<sign>[{}\[\],:])|(?P<word>[^\s"{}\[\],:]+))')
_DECODER = json.JSONDecoder()
_SIGN = re.compile(r'["{}\[\],]')
_COLON = re.compile(r"[ \t\r\n]*:")
#: An escape, which stands for one character. A pair of surrogates is one escape.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)")
_WORDS = {"true": True, "false": False, "null": None}
_WHOLE, _NUMBER = re.compile(r"-?\d+"), re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
#: The most digits of a whole number.
_MAX_DIGITS = 400


def strict(source: str) -> str:
    """Returns a text without its comments and the commas at the end of lists, with blanks in their places.

    >>> strict('{"a": [1, 2,], // two')
    '{"a": [1, 2 ],       '
    """
    bare = _PART.sub(lambda part: part[0] if part[0][0] == '"' else _BLANK.sub(" ", part[0]), source)
    return _LAST_COMMA.sub(lambda part: part[1] or f" {part[2]}", bare)


def read(text: str) -> list[Any]:
    """Returns the one document of a text."""
    source = strict(text.replace("\ufeff", " ", 1) if text.startswith("\ufeff") else text)
    try:
        json.loads(source, parse_int=len, parse_float=len, object_pairs_hook=len)  # checks the text, without keeping its values
    except json.JSONDecodeError as error:
        raise UnreadableError(f"this is not JSON: {error.msg}", error.pos) from None
    except RecursionError:
        raise UnreadableError("this is nested too deep") from None
    builder, at = Builder(), 0
    decode = json.JSONDecoder().raw_decode
    while (token := _TOKEN.match(source, at)) is not None:
        at = token.end()
        if token["string"]:
            value, end = decode(source, at - 1)
            builder.scalar(value, at - 1, end)
            at = end
        elif token["word"]:
            builder.scalar(_scalar(token["word"]), token.start("word"), at)
        elif token["sign"] in "{[":
            builder.begin(Table() if token["sign"] == "{" else Items(), at - 1)
        elif token["sign"] in "}]":
            builder.end(at)
    return builder.ended


def _scalar(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    if _WHOLE.fullmatch(word):
        return int(word) if len(word) <= _MAX_DIGITS else Opaque(word)
    return float(word) if _NUMBER.fullmatch(word) else Opaque(word)


class String(NamedTuple):
    """A string of a document: the keys and indices that lead to it, its text, where its content starts and ends, and whether it is a key."""

    path: list[str | int]
    text: str
    start: int
    end: int
    is_key: bool


def strings(source: str) -> Iterator[String]:
    """The strings of a sound document. They share one `path` list, which changes with the next string. The path of a key ends with the key."""
    path: list[str | int] = []
    at = 0
    while (sign := _SIGN.search(source, at)) is not None:
        at = sign.end()
        match sign[0]:
            case "{" | "[":
                path.append("" if sign[0] == "{" else 0)
            case "}" | "]":
                path.pop()
            case ",":
                last = path[-1]
                path[-1] = "" if isinstance(last, str) else last + 1
            case _:
                text, end = _DECODER.raw_decode(source, sign.start())
                colon = _COLON.match(source, end) if path and isinstance(path[-1], str) else None
                if colon is not None:
                    path[-1] = text
                yield String(path, text, at, end - 1, colon is not None)
                at = end if colon is None else colon.end()


def runs(source: str, start: int, end: int) -> Iterator[Run]:
    """The runs of the characters of a string, whose content stands between two offsets, and of its end."""
    escapes = _ESCAPE.finditer(source, start, end)
    return places.runs(start, end, ((escape.start(), escape.end(), 1) for escape in escapes))


def quoted(added: str, ascii: bool = False) -> str:
    """A text as JSON writes it between quotes."""
    return json.dumps(added, ensure_ascii=ascii)[1:-1]

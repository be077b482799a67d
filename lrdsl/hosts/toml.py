"""Schedule strings in TOML: the strings behind keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError, is_marked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<mlbasic>\"\"\"(?:\r?\n)?(?P<a>(?:[^\\]|\\.)*?)\"\"\")|(?P<mlliteral>'''(?:\r?\n)?(?P<b>.*?)''')"""
    r"""|(?P<basic>"(?P<c>(?:[^"\\\n]|\\.)*)")|(?P<literal>'(?P<d>[^'\n]*)')|(?P<bare>[A-Za-z0-9_.-]+)|(?P<sign>.)""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[ \t]*\r?\n\s*|\\.|\r\n|.", re.DOTALL)
_LITERAL = re.compile(r"\r\n|.", re.DOTALL)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a TOML document."""
    try:
        tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"this is not TOML: {error}", 0) from None
    key, before = "", ""
    lines = source.split("\n")
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup or ""
        if token["comment"] or token[0].isspace():
            continue
        if token["sign"]:
            before = token[0]
            continue
        group = "a" if token["mlbasic"] else "b" if token["mlliteral"] else "c" if token["basic"] else "d" if token["literal"] else ""
        if before != "=" or not group:
            key = (token[group] if group else token[0]).rpartition(".")[2]
            before = kind
            continue
        one = _string(source, token.start(group), token.end(group), group)
        line = source.count("\n", 0, token.start())
        if finder.wants(key, one.text, is_marked(lines, line)):
            yield one
        before = kind


def _string(source: str, start: int, end: int, group: str) -> Embedded:
    text, offsets = "", list[int]()
    for piece in (_LITERAL if group in "bd" else _ESCAPE).finditer(source, start, end):
        raw = piece[0]
        if group in "bd" or not raw.startswith("\\"):
            character = "\n" if raw == "\r\n" else raw
        else:
            character = "" if "\n" in raw else tomllib.loads(f'x = "{raw}"')["x"]
        offsets += [piece.start()] * len(character)
        text += character

    def quote(added: str) -> str:
        if group in "bd":
            return added
        escaped = added.replace("\\", "\\\\").replace('"', '\\"')
        return escaped if group == "a" else escaped.replace("\n", "\\n")

    return Embedded(text, (*offsets, end), quote)

"""Flags in shell scripts: `--lr 1e-4 --train-iters=1000`, over several lines and in arrays, with variables that are assigned once. Nothing is run."""

from __future__ import annotations

import re
from typing import Any

from lrdsl.documents import MAX_VALUES, Items, Opaque, Place, Table, UnreadableError

#: A word: a quoted part, or signs that are none of the shell's own; a comment; and an assignment at the start of a line.
_WORD = re.compile(r"""(?P<comment>(?<![^\s;])\#[^\n]*)|(?P<break>\n|;|&&|\|\|?)|(?P<word>(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\[^\n]|[^\s"'\\;&|()])+)""", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")
_ASSIGNMENT = re.compile(
    r"^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+)?([A-Za-z_]\w*)=((?:\"[^\"\n$`]*\"|'[^'\n]*'|[^\s\"'$`();|&\\]+))[ \t]*(?:;|\#.*)?$", re.MULTILINE
)
#: Flags that a variable holds for a later command: `ARGS="--lr 1e-4 --train-iters 1000"`.
_HELD = re.compile(r"((?<![\w-])[A-Za-z_]\w*=\")([^\"`]*?(?<![\w-])--[A-Za-z][^\"`]*)\"")
_FLAG, _VARIABLE = re.compile(r"--?([A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL), re.compile(r"\$(?:\{(\w+)(?::-[^}]*)?\}|(\w+))")
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def read(text: str) -> list[Any]:
    """Returns the flags of a script, one table for each command. `-` in a name is `_`."""
    source = _CONTINUED.sub(lambda m: " " * len(m[0]), text)
    source = _HELD.sub(lambda m: f"{' ' * len(m[1])}{m[2]} ", source)
    variables = _variables(source)
    tables: list[Table] = []
    table, count = Table(), 0
    name, at, command_ended = "", 0, False
    for match in _WORD.finditer(source):
        count += 1
        if count > MAX_VALUES:
            raise UnreadableError("this script has too many words", match.start())
        if match["comment"]:
            continue
        if match["break"]:
            command_ended = command_ended or match["break"] != "\n"
            name = ""
            continue
        word = _unquoted(match["word"])
        flag = _FLAG.fullmatch(word)
        if flag is not None and not _NUMBER.fullmatch(word):
            name, at = flag[1].replace("-", "_"), match.start()
            if name in table and command_ended:
                tables.append(table)
                table = Table()
            command_ended = False
            _put(table, name, True if flag[2] is None else _value(flag[2], variables), Place(at, match.start(), match.end()))
            name = name if flag[2] is None else ""
        elif name:
            value, old = _value(word, variables), table[name]
            where = Place(at, match.start() if old is True else table.places[name].start, match.end())
            if old is True:
                _put(table, name, value, where)
            elif isinstance(old, Items):
                old.append(value)
                _put(table, name, old, where)
            else:
                items = Items()
                items.extend((old, value))
                _put(table, name, items, where)
    return [one for one in (*tables, table) if one]


def _variables(source: str) -> dict[str, str]:
    """The variables that a script assigns once, to a value that is written out."""
    values: dict[str, str | None] = {}
    for match in _ASSIGNMENT.finditer(source):
        values[match[1]] = None if match[1] in values else _unquoted(match[2])
    return {name: value for name, value in values.items() if value is not None}


def _put(table: Table, name: str, value: Any, where: Place) -> None:
    table[name] = value
    table.places[name] = where


def _unquoted(word: str) -> str:
    return re.sub(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'", lambda m: m[1] if m[1] is not None else m[2], word)


def _value(word: str, variables: dict[str, str]) -> Any:
    """The value of a word: a number, text, or `Opaque` for a variable that is not known."""
    whole = _VARIABLE.fullmatch(word)
    if whole is not None:
        name = whole[1] or whole[2]
        return _value(variables[name], {}) if name in variables else Opaque(name, name)
    if "$" in word or "`" in word:
        return Opaque(word)
    if _NUMBER.fullmatch(word) and len(word) < 100:
        digits = word.replace("_", "")
        return int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    return word

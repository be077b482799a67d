"""The grammar, and the LALR parser that Lark makes of it: from tables made beforehand where they fit, since making them takes longer than most commands do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef, Token

from lrdsl.syntax.builder import Builder

#: How Lark reads it. What is an object of ours is given anew each time, and is no part of the tables.
_OPTIONS = {"parser": "lalr", "lexer": "basic", "keep_all_tokens": True}


class _KeepUnknown:
    """Tells Lark to lex `UNKNOWN`, and `SEMICOLON`, which no rule uses, so that a strange character is a token with a place and not an exception."""

    always_accept = ("UNKNOWN", "SEMICOLON")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def grammar_path() -> Path:
    """Where the grammar file lies: beside this module in an installed wheel, in `grammar/` in a checkout."""
    installed = Path(__file__).with_name("lrdsl.lark")
    return installed if installed.exists() else Path(__file__).parents[2] / "grammar" / "lrdsl.lark"


@cache
def grammar() -> lark.Lark:
    """The parser, made once, when the first text comes."""
    source = grammar_path().read_bytes()
    try:
        kept = json.loads(grammar_path().with_suffix(".tables.json").read_bytes(), object_pairs_hook=_numbered)
    except (OSError, ValueError):
        kept = {}
    if (kept.get("lark"), kept.get("grammar")) != _marks(source):
        return made(source)
    # What Lark's own stand-alone parsers call.
    return cast(lark.Lark, lark.Lark._load_from_dict(kept["data"], kept["memo"], transformer=Builder(), postlex=_KeepUnknown()))


def made(source: bytes) -> lark.Lark:
    """The parser of a grammar, made from its rules."""
    return lark.Lark(source.decode(), transformer=Builder(), postlex=_KeepUnknown(), **_OPTIONS)


def tables(source: bytes) -> dict[str, Any]:
    """The parser of a grammar as plain data, with the release of Lark and the grammar that it is good for."""
    data, memo = made(source).memo_serialize([TerminalDef, Rule])
    data["options"] = {name: value for name, value in data["options"].items() if name not in ("transformer", "postlex")}
    release, digest = _marks(source)
    return {"lark": release, "grammar": digest, "memo": memo, "data": data}


def _numbered(pairs: list[tuple[str, Any]]) -> dict[str | int, Any]:
    """An object whose keys were numbers before they were JSON, as those of states and terminals were."""
    return {int(key) if key.isdigit() else key: value for key, value in pairs}


def _marks(source: bytes) -> tuple[str, str]:
    return lark.__version__, hashlib.sha256(source).hexdigest()

"""The tables of the parser: the regular expression of the tokens and the LALR moves. Lark computes both from `grammar/lrdsl.lark`.

The tables are kept in a file beside the grammar. To compute them takes longer than most commands, and to load Lark as long as everything else together.
"""

from __future__ import annotations

import json
import re
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import attrs

from lrdsl.pages import beside


@attrs.frozen(eq=False)
class Rule:
    """One rule of the grammar: `size` parts make a `name`.

    `maker` is the method of `Builder` that makes the node; "" makes a list of the parts, None passes the one part on. `splices` says that some of the parts are
    such lists.
    """

    name: str
    size: int
    maker: str | None
    splices: bool


@attrs.frozen(eq=False)
class Grammar:
    """Everything that the parser needs to know of the grammar.

    `scanner` matches the next token, in a group named after its kind. `words` gives the kind of each WORD that is a keyword. Tokens of the `ignored` kinds are
    dropped. `moves` has a table for each state: from the kind of the next token, or the name of a complete rule, to the next state; a number below 0 is the
    complement of the index of the rule that is complete. The parser starts in state 0 and ends in the state `accept`.
    """

    scanner: re.Pattern[str]
    words: dict[str, str]
    ignored: frozenset[str]
    moves: list[dict[str, int]]
    rules: list[Rule]
    accept: int


def grammar_path() -> Path:
    """Returns the path of the grammar file."""
    return beside("grammar/lrdsl.lark")


@cache
def grammar() -> Grammar:
    """Returns the grammar. It is loaded once, when the first text is parsed."""
    source = grammar_path().read_bytes()
    try:
        saved = json.loads(grammar_path().with_suffix(".tables.json").read_bytes())
    except (OSError, ValueError):
        saved = {}
    if saved.get("grammar") != zlib.crc32(source):
        saved = tables(source)
    rules = [Rule(*rule) for rule in saved["rules"]]
    return Grammar(re.compile(saved["scanner"]), saved["words"], frozenset(saved["ignored"]), saved["moves"], rules, saved["accept"])


class _KeepUnused:
    """Tells Lark to keep two kinds of token that no rule uses: a strange character is reported where it stands, and a `;` ends a statement."""

    always_accept = ("UNKNOWN", "SEMICOLON")

    def process(self, stream: Any) -> Any:
        return stream


def tables(source: bytes) -> dict[str, Any]:
    """Returns a `Grammar` as plain data, with a checksum of its grammar file. The same file always gives the same data."""
    import lark
    from lark.parsers.lalr_analysis import Shift

    lark_parser = lark.Lark(source.decode(), parser="lalr", lexer="basic", keep_all_tokens=True, postlex=_KeepUnused())
    table = lark_parser.parser.parser._parse_table
    numbers, queue = {table.start_states["start"]: 0}, [table.start_states["start"]]
    for state in queue:  # Lark numbers the states in another order on each run
        for _, (action, to) in sorted(table.states[state].items()):
            if action is Shift and to not in numbers:
                numbers[to] = len(numbers)
                queue.append(to)
    rules = {rule: i for i, rule in enumerate(lark_parser.rules)}
    moves = [{kind: numbers[to] if action is Shift else ~rules[to] for kind, (action, to) in sorted(table.states[state].items())} for state in queue]
    # The order in which Lark's own lexer tries them. Keywords are told from WORD afterwards: `thenceforth` is not a `then`.
    words = {t.pattern.value: t.name for t in lark_parser.terminals if t.pattern.value.isalpha()}
    kinds = sorted(
        (t for t in lark_parser.terminals if t.name not in words.values()), key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name)
    )
    return {
        "grammar": zlib.crc32(source),
        "scanner": "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in kinds),
        "words": words,
        "ignored": sorted(lark_parser.ignore_tokens),
        "rules": [[r.origin.name, len(r.expansion), _maker(r), any(part.name.startswith("_") for part in r.expansion)] for r in rules],
        "moves": moves,
        "accept": numbers[table.end_states["start"]],
    }


def _maker(rule: Any) -> str | None:
    if rule.origin.name.startswith("_"):
        return ""
    alone = rule.options.expand1 and not rule.alias and len(rule.expansion) == 1
    return None if alone else str(rule.alias or rule.origin.name)

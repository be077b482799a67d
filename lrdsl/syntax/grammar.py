"""The grammar as a machine reads it: an expression that finds words and signs, and LALR tables. Lark makes both from `grammar/lrdsl.lark`.

They are kept beside the grammar, as data, since making them takes longer than most commands do, and loading Lark as long as all the rest.
"""

from __future__ import annotations

import json
import re
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import attrs


@attrs.frozen(eq=False)
class Rule:
    """What is complete: the last `size` parts make a `name`. `maker` names what is made of them: "" for their list, None where the one part stands for it.

    Where the rule `splices`, some of the parts are such lists.
    """

    name: str
    size: int
    maker: str | None
    splices: bool


@attrs.frozen(eq=False)
class Grammar:
    """What there is to know of the grammar to read by it.

    `scanner` matches the next word, sign or number, in a group named after its kind; a WORD that is one of `words` has the kind that is given there; of the
    `ignored` kinds nothing is read. `moves` says for each state what comes of each kind, and of each complete rule: a state to go to, or, below 0, the
    complement of the number of one of `rules`. Reading begins in state 0, and is over in the state `accept`.
    """

    scanner: re.Pattern[str]
    words: dict[str, str]
    ignored: frozenset[str]
    moves: list[dict[str, int]]
    rules: list[Rule]
    accept: int


def grammar_path() -> Path:
    """Where the grammar file lies: beside this module in an installed wheel, in `grammar/` in a checkout."""
    installed = Path(__file__).with_name("lrdsl.lark")
    return installed if installed.exists() else Path(__file__).parents[2] / "grammar" / "lrdsl.lark"


@cache
def grammar() -> Grammar:
    """The grammar, got ready once, when the first text comes."""
    source = grammar_path().read_bytes()
    try:
        kept = json.loads(grammar_path().with_suffix(".tables.json").read_bytes())
    except (OSError, ValueError):
        kept = {}
    if kept.get("grammar") != zlib.crc32(source):
        kept = tables(source)
    rules = [Rule(*rule) for rule in kept["rules"]]
    return Grammar(re.compile(kept["scanner"]), kept["words"], frozenset(kept["ignored"]), kept["moves"], rules, kept["accept"])


class _Also:
    """Tells Lark to keep what no rule uses: a strange character is to be a token with a place, and a `;` is looked for between statements."""

    always_accept = ("UNKNOWN", "SEMICOLON")

    def process(self, stream: Any) -> Any:
        return stream


def tables(source: bytes) -> dict[str, Any]:
    """A `Grammar` as plain data, the same for the same grammar, with a mark of the grammar that it is good for."""
    import lark
    from lark.parsers.lalr_analysis import Shift

    made = lark.Lark(source.decode(), parser="lalr", lexer="basic", keep_all_tokens=True, postlex=_Also())
    table = made.parser.parser._parse_table
    numbers, todo = {table.start_states["start"]: 0}, [table.start_states["start"]]
    for state in todo:  # Lark numbers them as hashes fall
        for _, (action, to) in sorted(table.states[state].items()):
            if action is Shift and to not in numbers:
                numbers[to] = len(numbers)
                todo.append(to)
    rules = {rule: i for i, rule in enumerate(made.rules)}
    moves = [{kind: numbers[to] if action is Shift else ~rules[to] for kind, (action, to) in sorted(table.states[state].items())} for state in todo]
    # As Lark's own lexer tries them. Words are told from WORD afterwards: `thenceforth` is no `then`.
    words = {t.pattern.value: t.name for t in made.terminals if t.pattern.value.isalpha()}
    kinds = sorted(
        (t for t in made.terminals if t.name not in words.values()), key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name)
    )
    return {
        "grammar": zlib.crc32(source),
        "scanner": "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in kinds),
        "words": words,
        "ignored": sorted(made.ignore_tokens),
        "rules": [[r.origin.name, len(r.expansion), _maker(r), any(part.name.startswith("_") for part in r.expansion)] for r in rules],
        "moves": moves,
        "accept": numbers[table.end_states["start"]],
    }


def _maker(rule: Any) -> str | None:
    if rule.origin.name.startswith("_"):
        return ""
    alone = rule.options.expand1 and not rule.alias and len(rule.expansion) == 1
    return None if alone else str(rule.alias or rule.origin.name)

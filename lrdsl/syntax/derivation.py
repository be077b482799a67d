"""From tokens to a tree by the tables of the grammar. Lark does the same as fast as it is general: here a text takes half the time, and Lark is not loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from lrdsl.syntax.builder import Builder
from lrdsl.syntax.grammar import Rule, grammar
from lrdsl.syntax.tokens import Token

#: What makes the whole of a rule of its parts; None where the one part stands for it.
_Maker: TypeAlias = "Callable[[list[Any]], Any] | None"


@cache
def _makers() -> list[_Maker]:
    """What makes nodes, for each rule of the grammar."""
    builder = Builder()

    def maker(rule: Rule) -> _Maker:
        if not rule.maker:
            return None if rule.maker is None else lambda parts: parts
        build = getattr(builder, rule.maker)
        return lambda parts: build(*parts)

    return [maker(rule) for rule in grammar().rules]


@cache
def _behind(state: int, name: str, kind: str) -> int:
    """The state behind a whole of that name, before a token of a kind. Of the rules of an expression, most pass on their one part: they are passed at once."""
    moves, rules = grammar().moves, grammar().rules
    found = moves[state][name]
    while (move := moves[found].get(kind, 0)) < 0 and rules[~move].maker is None:
        found = moves[state][rules[~move].name]
    return found


def _spliced(parts: list[Any]) -> list[Any]:
    """Parts with the lists among them spliced in. The first, which may be long, becomes the list of all: it is part of nothing else."""
    found: list[Any] = parts[0] if isinstance(parts[0], list) else [parts[0]]
    for part in parts[1:]:
        found += part if isinstance(part, list) else [part]
    return found


class Derivation:
    """A reading on its way (LALR): the states that the parser went through, and what has been made of the tokens; None where only the states matter."""

    __slots__ = ("parts", "states")

    def __init__(self, states: list[int], parts: list[Any] | None) -> None:
        self.states, self.parts = states, parts

    def feed(self, token: Token) -> bool:
        """Take the next token, and make what it completes. Whether it fits."""
        known, makers = grammar(), _makers()
        moves = known.moves
        states, parts, kind = self.states, self.parts, token.type
        while True:
            move = moves[states[-1]].get(kind)
            if move is None:
                return False
            if move >= 0:
                states.append(move)
                if parts is not None:
                    parts.append(token)
                return True
            rule, make = known.rules[~move], makers[~move]
            del states[-rule.size :]
            if make is not None and parts is not None:
                taken = parts[-rule.size :]
                parts[-rule.size :] = [make(_spliced(taken) if rule.splices else taken)]
            states.append(_behind(states[-1], rule.name, kind))
            if states[-1] == known.accept:
                return True

    def after(self, kind: str) -> Derivation | None:
        """Where a token of a kind would lead; None where it does not fit."""
        later = Derivation(self.states[:], None)
        return later if later.feed(Token(kind, "")) else None

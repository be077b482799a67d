"""The LALR parser: it takes one token after the other and builds the tree by the tables of the grammar.

Lark could run the same tables. This parser takes half the time, and Lark need not be loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from lrdsl.syntax.builder import Builder
from lrdsl.syntax.grammar import Rule, grammar
from lrdsl.syntax.tokens import Token

#: Builds the result of a rule from its parts; None for a rule that passes its one part on.
_Maker: TypeAlias = "Callable[[list[Any]], Any] | None"


@cache
def _makers() -> list[_Maker]:
    """Returns the function that builds the result, for each rule of the grammar."""
    builder = Builder()

    def maker(rule: Rule) -> _Maker:
        if not rule.maker:
            return None if rule.maker is None else lambda parts: parts
        build = getattr(builder, rule.maker)
        return lambda parts: build(*parts)

    return [maker(rule) for rule in grammar().rules]


@cache
def _state_after(state: int, name: str, kind: str) -> int:
    """Returns the state after a complete rule of this name, when a token of this kind comes next.

    Most rules of an expression pass their one part on. They are completed here at once, without a step of the parser for each.
    """
    moves, rules = grammar().moves, grammar().rules
    following = moves[state][name]
    while (move := moves[following].get(kind, 0)) < 0 and rules[~move].maker is None:
        following = moves[state][rules[~move].name]
    return following


def _flattened(parts: list[Any]) -> list[Any]:
    """Returns the parts as one flat list. A first part that is a list is extended in place: it may be long, and nothing else holds it."""
    items: list[Any] = parts[0] if isinstance(parts[0], list) else [parts[0]]
    for part in parts[1:]:
        items += part if isinstance(part, list) else [part]
    return items


class Derivation:
    """The state of the LALR parser in the middle of a text: its stack of `states`, and its stack of `parts`, the tokens and nodes.

    `parts` is None where nothing is to be built, only to be tried.
    """

    __slots__ = ("parts", "states")

    def __init__(self, states: list[int], parts: list[Any] | None) -> None:
        self.states, self.parts = states, parts

    def feed(self, token: Token) -> bool:
        """Takes the next token and builds every rule that it completes. Returns False for a token that does not fit."""
        tables, makers = grammar(), _makers()
        moves = tables.moves
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
            rule, make = tables.rules[~move], makers[~move]
            del states[-rule.size :]
            if make is not None and parts is not None:
                operands = parts[-rule.size :]
                parts[-rule.size :] = [make(_flattened(operands) if rule.splices else operands)]
            states.append(_state_after(states[-1], rule.name, kind))
            if states[-1] == tables.accept:
                return True

    def after(self, kind: str) -> Derivation | None:
        """Returns the parser after one more token of this kind, or None for a token that does not fit. Nothing is built."""
        later = Derivation(self.states[:], None)
        return later if later.feed(Token(kind, "")) else None

"""From tokens to a tree by the tables of the grammar. Lark does the same as fast as it is general: here a text takes half the time, and Lark is not loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from lrdsl.syntax.builder import Builder
from lrdsl.syntax.grammar import grammar
from lrdsl.syntax.tokens import Token

#: A rule of the grammar: how many parts it takes, its name, what it makes of them, None where the one part stands for it, and whether some are lists of parts.
_Rule: TypeAlias = "tuple[int, str, Callable[..., Any] | None, bool]"


@cache
def _tables() -> tuple[list[dict[str, int]], list[_Rule], int]:
    """The moves of the grammar, its rules with what makes nodes of them, and the state in which all is read."""
    known, builder = grammar(), Builder()
    makers = {None: None, "": lambda *parts: parts}
    rules = [(r.size, r.name, makers[r.maker] if r.maker in makers else getattr(builder, r.maker or ""), r.splices) for r in known.rules]
    return known.moves, rules, known.accept


class Derivation:
    """A reading on its way (LALR): the states that the parser went through, and what has been made of the tokens; None where only the states matter."""

    __slots__ = ("parts", "states")

    def __init__(self, states: list[int], parts: list[Any] | None) -> None:
        self.states, self.parts = states, parts

    def feed(self, token: Token) -> bool:
        """Take the next token, and make what it completes. Whether it fits."""
        moves, rules, accept = _tables()
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
            size, name, make, splices = rules[~move]
            del states[-size:]
            if make is not None and parts is not None:
                taken = parts[-size:]
                if splices:
                    taken = [x for part in taken for x in (part if type(part) is tuple else (part,))]
                parts[-size:] = [make(*taken)]
            states.append(moves[states[-1]][name])
            if states[-1] == accept:
                return True

    def after(self, kind: str) -> Derivation | None:
        """Where a token of a kind would lead; None where it does not fit."""
        later = Derivation(self.states[:], None)
        return later if later.feed(Token(kind, "")) else None

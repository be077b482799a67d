"""Gives letters to the time within a cycle and to the number of the cycle, as papers do: T_cur = t mod 200, and i = ⌊t/200⌋, where a formula has them often."""

from __future__ import annotations

from lrdsl.expr.exact import Exact, quotient
from lrdsl.formulas.notation.tree import Cases, Fence, Group, Modulo, Name, Node, Number, Ratio, Times, leaves, mapped, names

#: A time within a cycle gets a letter if all the places where it and the number of its cycle stand have more letters and numbers than this.
_MOST_LEAVES = 8


def with_named_cycles(pieces: Cases, meanings: list[tuple[Name, Node]]) -> tuple[Cases, list[tuple[Name, Node]]]:
    """Returns a formula with letters for the times within its cycles and for their numbers, and the meanings with theirs."""
    counts: dict[Node, int] = {}

    def count(x: Node) -> Node:
        if isinstance(x, Modulo | Fence):
            counts[x] = counts.get(x, 0) + 1
        return x

    mapped(pieces, count)
    taken = names(pieces).union(*({letter} | names(meaning) for letter, meaning in meanings))
    letters: dict[Node, Name] = {}
    for time in [x for x in counts if isinstance(x, Modulo)]:
        numbers: list[Node] = [x for x in counts if isinstance(x, Fence) and _is_number_of(x, time)]
        if sum(counts[x] * leaves(x) for x in [time, *numbers]) <= _MOST_LEAVES:
            continue
        letters |= {time: _free(Name("T", "cur"), taken), **dict.fromkeys(numbers, _free(Name("i"), taken))}
        taken |= {letters[x] for x in [time, *numbers]}
    if not letters:
        return pieces, meanings
    named = mapped(pieces, lambda x: letters.get(x, x))
    assert isinstance(named, Cases)
    return named, [*((letter, meaning) for meaning, letter in letters.items()), *meanings]


def _is_number_of(floor: Fence, time: Modulo) -> bool:
    """Whether a floor is the number of the cycle in which a time is."""
    top, bottom = (floor.of.top, floor.of.bottom) if isinstance(floor.of, Ratio) else (floor.of, Number(1))
    return floor.kind == "floor" and _share(top, bottom) == _share(time.of, time.by)


def _share(top: Node, bottom: Node) -> tuple[Exact, Node, Node]:
    """Returns a fraction as a number times a fraction: `0.035 t` and `7 t` over `200` are both 7/200 times `t` over 1."""
    (above, part), (below, whole) = _multiple(top), _multiple(bottom)
    return quotient(above, below), part, whole


def _multiple(node: Node) -> tuple[Exact, Node]:
    """Returns a node as a number times another node: `7 t` as 7 and t, 200 as 200 and 1."""
    match node:
        case Number(value) if value:
            return value, Number(1)
        case Group(of):
            return _multiple(of)
        case Times((Number(value), *factors)) if value and factors:
            return value, factors[0] if len(factors) == 1 else Times(tuple(factors))
        case _:
            return 1, node


def _free(letter: Name, taken: set[Name]) -> Name:
    """Returns a letter with a number, if it is taken."""
    number, free = 1, letter
    while free in taken:
        number += 1
        free = Name(letter.letter, ",".join([*([letter.sub] if letter.sub else []), str(number)]))
    return free

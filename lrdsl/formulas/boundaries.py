"""Names the times at which the pieces of a formula begin: `T_1 = T_w + T_s`, where a formula would else repeat long sums."""

from __future__ import annotations

from lrdsl.formulas.notation.tree import Cases, Name, Negative, Node, Sum, mapped, names

#: A boundary gets a letter if a boundary of the formula has more terms than this.
_MOST_TERMS = 2


def with_named_boundaries(pieces: Cases, meanings: list[tuple[Name, Node]]) -> tuple[Cases, list[tuple[Name, Node]]]:
    """Returns a formula with letters for its boundaries, if one of them is a long sum, and the meanings with theirs."""
    bounds = dict.fromkeys(bound for _, when in pieces.rows for c in (when, *when.also) for bound in (c.low, c.high) if isinstance(bound, Sum))
    sums = [bound for bound in bounds if _is_of_letters(bound)]
    if not any(len(bound.terms) > _MOST_TERMS for bound in sums):
        return pieces, meanings
    taken = names(pieces) | {letter for letter, _ in meanings}
    letters: dict[Sum, Name] = {}
    number = 0
    for bound in sums:
        number += 1
        while Name("T", str(number)) in taken:
            number += 1
        letters[bound] = Name("T", str(number))
    named = _named(pieces, letters)
    assert isinstance(named, Cases)
    own = [(letter, _named(bound, {b: x for b, x in letters.items() if len(b.terms) < len(bound.terms)})) for bound, letter in letters.items()]
    return named, [*((letter, _named(meaning, letters)) for letter, meaning in meanings), *own]


def _is_of_letters(bound: Node) -> bool:
    """Whether a boundary is made of letters and numbers that do not depend on events."""
    letters = names(bound)
    return bool(letters) and not any(x.letter in ("tau", "k") and x.sub for x in letters)


def _named(node: Node, letters: dict[Sum, Name]) -> Node:
    """Returns a formula with letters for sums, also where they are part of longer sums. Longer ones come first."""
    ordered = sorted(letters.items(), key=lambda pair: -len(pair[0].terms))

    def change(x: Node) -> Node:
        for bound, letter in ordered:
            x = _with_part(x, bound, letter) if isinstance(x, Sum) else x
        return x

    return mapped(node, change)


def _with_part(whole: Sum, part: Sum, letter: Name) -> Node:
    """Returns a sum with a letter in the place of terms that are the part, or minus the part."""
    for terms, name in ((part.terms, letter), (tuple(_minus(term) for term in part.terms), Negative(letter))):
        if set(terms) <= set(whole.terms):
            place = min(whole.terms.index(term) for term in terms)
            rest: list[Node] = [term for term in whole.terms if term not in terms]
            rest.insert(min(place, len(rest)), name)
            return Sum(tuple(rest)) if len(rest) > 1 else rest[0]
    return whole


def _minus(term: Node) -> Node:
    return term.of if isinstance(term, Negative) else Negative(term)

"""Rows of settings in which every two settings of two options stand together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TypeAlias

#: The settings of each option: the arguments of the command line that make it.
Options: TypeAlias = Mapping[str, tuple[tuple[str, ...], ...]]


def rows(options: Options) -> list[tuple[tuple[str, ...], ...]]:
    """Returns few rows of settings, one of each option, in which every two settings of two options stand together at least once."""
    names = list(options)
    left = {(a, x, b, y) for a, b in itertools.combinations(names, 2) for x in range(len(options[a])) for y in range(len(options[b]))}
    rows: list[tuple[tuple[str, ...], ...]] = []
    while left:
        row: dict[str, int] = {}
        a, x, b, y = min(left)
        row |= {a: x, b: y}
        for name in names:
            if name not in row:
                covered = {
                    i: sum((one, u, two, v) in left for other, w in row.items() for one, u, two, v in ((name, i, other, w), (other, w, name, i)))
                    for i in range(len(options[name]))
                }
                row[name] = max(covered, key=lambda i: (covered[i], -i))
        left -= {(one, row[one], two, row[two]) for one, two in itertools.permutations(names, 2)}
        rows.append(tuple(options[name][row[name]] for name in names))
    return rows


def assert_holds_every_pair(options: Options) -> None:
    """Checks that `rows` holds every pair."""
    every = rows(options)
    for one, two in itertools.combinations(options.values(), 2):
        for x, y in itertools.product(one, two):
            assert any(x in row and y in row for row in every), (x, y)

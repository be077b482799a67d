"""Equal nodes are one object: a table of the nodes that are in use."""

from __future__ import annotations

import os
from fractions import Fraction
from threading import RLock
from typing import Any
from weakref import ref

from lrdsl.expr.exact import Exact
from lrdsl.expr.lettered import Lettered
from lrdsl.work import LEFT, TooMuchWorkError, spend

#: The nodes that are in use, and some that no longer are: those are looked for when the table has grown to its limit, which is twice what it holds after that.
#: Who does not hold the lock may only add.
_NODES: dict[tuple[Any, ...], ref[Any]] = {}
_LEAST = 10_000
#: Denominators above this count for more work than a node does.
_LONG = 1 << 2048
_set = object.__setattr__  # nodes are frozen
_limit = _LEAST
_lock = RLock()


def _unlock() -> None:
    """In a process that was forked while another thread held the lock, nobody would let go of it."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


def _clear() -> None:
    """Take out the nodes that are no longer in use."""
    global _limit
    # Copied at once: of a list that is made item by item, the garbage collector may run in the middle, and with it another thread that adds a node.
    todo = list(_NODES.copy().items())
    while todo:  # from the last made to the first: a key holds the nodes below its own, which are gone when it is
        key, kept = todo.pop()
        if kept() is None:
            _NODES.pop(key, None)
    _limit = max(_LEAST, 2 * len(_NODES))


def work_of(value: Exact) -> int:
    """The work of arithmetic with a fraction, which grows with the square of its length."""
    bits = value.denominator.bit_length()
    return bits * bits >> 22


class Shared(type):
    """Makes equal nodes one object, so that comparing two trees is looking at two objects, however much they share inside."""

    def __call__(cls, *fields: Any) -> Any:
        left = LEFT.get()
        if left is not None:  # one operation, counted here and not by a call: nodes are asked for more often than all else
            left[0] -= 1
            if left[0] < 0:
                raise TooMuchWorkError
        key = cls.key(*fields)
        kept = _NODES.get(key)
        known = None if kept is None else kept()
        if known is None:
            made = super().__call__(*fields)
            holds, height, weight = made.mark, 1, 1
            for part in made.below:
                holds |= part.holds
                height = max(height, part.height + 1)
                weight += part.weight
            _set(made, "holds", holds)
            _set(made, "height", height)
            _set(made, "weight", weight)
            mine = ref(made)
            if kept is None:  # in one step: of two threads that have made a node, one is the first
                known = _NODES.setdefault(key, mine)()
            if known is None:  # what stands there is no longer in use
                with _lock:
                    known = _NODES.setdefault(key, mine)()
                    if known is None:
                        known = made
                        _NODES[key] = mine
            if len(_NODES) > _limit:
                with _lock:
                    _clear()
        return known

    def key(cls, *fields: Any) -> tuple[Any, ...]:
        """What tells a node from others; a class may say it in a faster way.

        A fraction is slow to hash, and is told by its two whole numbers, as is a whole number; 1 and 1.0 are two things.
        """
        key: list[Any] = [cls]
        for field in fields:
            kind = type(field)
            if kind is int or kind is Fraction:  # `isinstance` would ask its abstract classes
                ratio = field.as_integer_ratio()
                key += ratio
                if ratio[1] > _LONG:
                    spend(work_of(field))
            elif kind is Lettered:
                key += (*field.as_integer_ratio(), field.form)
            elif kind is tuple and field and type(field[0]) in (int, Fraction, Lettered):
                key.append(tuple((*x.as_integer_ratio(), x.form if type(x) is Lettered else None) for x in field))
            else:
                key += (field, kind)
        return tuple(key)

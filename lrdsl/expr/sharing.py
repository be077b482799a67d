"""Makes equal nodes one object, with a table of all nodes in use."""

from __future__ import annotations

import os
from fractions import Fraction
from threading import RLock
from typing import Any
from weakref import ref

from lrdsl.expr.exact import Exact
from lrdsl.expr.lettered import Lettered
from lrdsl.work import LEFT, TooMuchWorkError, spend

#: All nodes in use, and some that no longer are. Those are removed when the table grows to its limit; the new limit is twice the nodes that stay.
#: A thread without the lock may only add nodes.
_NODES: dict[tuple[Any, ...], ref[Any]] = {}
_LEAST = 10_000
#: A constant with a larger denominator counts as more work than one node.
_LONG = 1 << 2048
_set = object.__setattr__  # nodes are frozen
_limit = _LEAST
_lock = RLock()


def _unlock() -> None:
    """Makes a new lock in a forked process. If another thread held the old lock during the fork, it would stay locked for ever."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


def _clear() -> None:
    """Removes the nodes that are no longer in use."""
    global _limit
    # `copy` is one step. While a list is made item by item, the garbage collector may run, and with it another thread that adds a node.
    todo = list(_NODES.copy().items())
    while todo:  # from the newest to the oldest: the key of a node keeps the nodes below it alive, and they go after it
        key, slot = todo.pop()
        if slot() is None:
            _NODES.pop(key, None)
    _limit = max(_LEAST, 2 * len(_NODES))


def work_of(value: Exact) -> int:
    """Returns the work of arithmetic with a fraction: it grows with the square of the fraction's length."""
    bits = value.denominator.bit_length()
    return bits * bits >> 22


class Shared(type):
    """The metaclass of nodes: it makes equal nodes one object. So two trees are equal exactly if they are the same object."""

    def __call__(cls, *fields: Any) -> Any:
        left = LEFT.get()
        if left is not None:  # one operation, counted here without a call of `spend`, since this is the most frequent step of all
            left[0] -= 1
            if left[0] < 0:
                raise TooMuchWorkError
        key = cls.key(*fields)
        slot = _NODES.get(key)
        node = None if slot is None else slot()
        if node is None:
            new = super().__call__(*fields)
            holds, height, weight = new.mark, 1, 1
            for part in new.below:
                holds |= part.holds
                height = max(height, part.height + 1)
                weight += part.weight
            _set(new, "holds", holds)
            _set(new, "height", height)
            _set(new, "weight", weight)
            entry = ref(new)
            if slot is None:  # `setdefault` is one step: if two threads make the same node, both get the one that was added first
                node = _NODES.setdefault(key, entry)()
            if node is None:  # the table holds a node that is no longer in use
                with _lock:
                    node = _NODES.setdefault(key, entry)()
                    if node is None:
                        node = new
                        _NODES[key] = entry
            if len(_NODES) > _limit:
                with _lock:
                    _clear()
        return node

    def key(cls, *fields: Any) -> tuple[Any, ...]:
        """Returns the key of a node in the table: equal nodes have equal keys, and 1 and 1.0 differ. A class may override it with a faster one.

        A whole number or a fraction is keyed by its numerator and denominator, since a fraction is slow to hash.
        """
        key: list[Any] = [cls]
        for field in fields:
            kind = type(field)
            if kind is int or kind is Fraction:  # faster than `isinstance`, which asks abstract base classes
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

"""Equal nodes are one object: a table of the nodes that are in use."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from weakref import ref

from lrdsl.expr.lettered import Lettered


class _Kept(ref[Any]):
    """A node that is known, for as long as something else holds it."""

    __slots__ = ("key",)

    key: tuple[Any, ...]


_NODES: dict[tuple[Any, ...], _Kept] = {}


def _forget(kept: _Kept) -> None:
    if _NODES.get(kept.key) is kept:
        del _NODES[kept.key]


class Shared(type):
    """Makes equal nodes one object, so that comparing two trees is looking at two objects, however much they share inside."""

    def __call__(cls, *fields: Any) -> Any:
        key = cls.key(*fields)
        kept = _NODES.get(key)
        known = None if kept is None else kept()
        if known is None:
            known = super().__call__(*fields)
            holds = known.mark
            for part in known.below:
                holds |= part.holds
            object.__setattr__(known, "holds", holds)
            kept = _Kept(known, _forget)
            kept.key = key
            other = _NODES.setdefault(key, kept)
            if other is not kept:  # the same in another thread, or one that has just gone
                known = other() or known
                _NODES[key] = other if other() is known else kept
        return known

    def key(cls, *fields: Any) -> tuple[Any, ...]:
        """What tells a node from others; a class may say it in a faster way.

        A fraction is slow to hash, and is told by its two whole numbers; 1 and 1.0 are two things.
        """
        key: list[Any] = [cls]
        for field in fields:
            kind = type(field)
            if kind is Fraction:  # `isinstance` would ask its abstract classes
                key += (field.numerator, field.denominator)
            elif kind is Lettered:
                key += (field.numerator, field.denominator, field.form)
            else:
                key += (field, kind)
                if kind is tuple and field and type(field[0]) in (Fraction, Lettered):
                    key += [x.form for x in field if type(x) is Lettered]
        return tuple(key)

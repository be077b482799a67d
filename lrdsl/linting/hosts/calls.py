"""`Arguments`: a mapping of a config that may be a call of lrdsl, as Hydra makes it of `_target_: lrdsl.compile` and the arguments beside it, in any order."""

from __future__ import annotations

from typing import Generic, TypeVar

from lrdsl.linting.hosts.functions import TEXTS

#: The key of the function that Hydra calls with the other values of a mapping.
TARGET = "_target_"
_S = TypeVar("_S")


class Arguments(Generic[_S]):
    """Tells which strings of one mapping are texts of a call of lrdsl. Strings that come before the `_target_` are `held` until then.

    >>> arguments = Arguments()
    >>> arguments.add("text", "cosine(20)", 1), arguments.add("_target_", "lrdsl.compile", 2), arguments.add("schedule", "hold(9)", 3)
    ([], [1], [3])
    """

    __slots__ = ("calls", "held")

    def __init__(self) -> None:
        self.calls = False
        self.held: list[_S] = []

    def add(self, key: str, value: str, string: _S) -> list[_S]:
        """Adds a string and its key. Returns the strings that are known to be texts now."""
        if key == TARGET and value.startswith("lrdsl."):
            self.calls = True
            known, self.held = self.held, []
            return known
        if key in TEXTS:
            if self.calls:
                return [string]
            self.held.append(string)
        return []

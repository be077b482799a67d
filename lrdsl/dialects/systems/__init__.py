"""The schedulers of systems that no dialect reads: each with the text that it comes to, or the reason why it has none. The page `coming-from` shows them.

A line has the arguments of the other system as names. A recipe that has the whole scheduler is its line, with all its parameters.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

import attrs

from lrdsl.check.prelude import recipe, words_of
from lrdsl.syntax import parse

#: The modules of the systems, in the order of the page.
_MODULES = ("frameworks", "language", "speech", "vision")
#: The phases that are a formula of the step, as Python would have it.
_FORMULAS = ("scale", "cumprod")


@attrs.frozen
class Line:
    """A scheduler of a system: its name there, and its `text`; a recipe by its name alone. One without a text has the reason as its `note`."""

    scheduler: str
    text: str = ""
    note: str = ""

    @property
    def written(self) -> str:
        """The text, with the arguments of a recipe."""
        binding = recipe(self.text)
        return self.text if binding is None else f"{self.text}({', '.join(p.name for p in binding.function.parameters)})"

    @property
    def is_natural(self) -> bool:
        """Whether the scheduler has a text that names phases, and no formula of the step."""
        return bool(self.text) and not any(word in _FORMULAS for word in words_of(parse(self.written)))


@attrs.frozen
class System:
    """A system of schedulers: its `title`, how it counts ticks, and its schedulers. `where` is the file of its sources."""

    title: str
    where: str
    counting: str
    lines: tuple[Line, ...]


@cache
def systems() -> tuple[System, ...]:
    """Returns all systems that no dialect reads."""
    return tuple(system for name in _MODULES for system in import_module(f"lrdsl.dialects.systems.{name}").SYSTEMS)

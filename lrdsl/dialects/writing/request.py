"""`Request`: a schedule that is to be written in a dialect."""

from __future__ import annotations

from functools import cached_property

import attrs

from lrdsl.escaping.quoting import python_names
from lrdsl.escaping.visible import encodable, visible
from lrdsl.schedule import Schedule
from lrdsl.targets import Target

#: The words that programs use: of Python and of modules, and names of the base and of what a program offers. Helper functions begin with an underscore.
_WORDS = (
    *("any", "enumerate", "factor", "float", "group", "int", "isinstance", "len", "str", "zip", "ValueError"),
    *("BASE", "LambdaLR", "fnmatchcase", "make_scheduler", "np"),
)


@attrs.frozen(slots=False)
class Request:
    """What is to be written: a schedule, for a base or for any (None), and one target of it or all (None)."""

    schedule: Schedule
    base: float | None
    target: str | None

    @cached_property
    def main(self) -> Target:
        """The target that is asked for; by default `lr`, or the first."""
        return self.schedule.target(self.target)

    @cached_property
    def functions(self) -> dict[str, Target]:
        """The targets that are asked for, by names for their functions: all, unless one is named."""
        targets = self.schedule.targets if self.target is None else (self.main,)
        names = python_names((target.name for target in targets), _WORDS, public=True)
        return {names[target.name]: target for target in targets}

    @property
    def base_name(self) -> str:
        """The name of the base in code: a constant for a base that is given, else a parameter."""
        return "base" if self.base is None else "BASE"

    @property
    def default_base(self) -> str:
        """The default of the parameter: what the text sets, or 1."""
        return repr(self.schedule.program.base_value)

    @property
    def constants(self) -> list[str]:
        """The lines that define the base, if it is given."""
        return [] if self.base is None else ["# The base, as the peak of a learning rate.", f"BASE = {self.base!r}"]

    def parameters(self, step: str) -> str:
        """Returns the parameters of a function of a step."""
        return step if self.base is not None else f"{step}, base={self.default_base}"


def described(target: Target) -> str:
    """Returns the name of a target for a docstring, in which nothing ends the string."""
    name = encodable(visible(target.name)).replace("\\", "\\\\").replace('"', "'")
    return f"`{name}`"

"""The words of each language of code: how a generated function writes the operations of formulas."""

from __future__ import annotations

import attrs

#: The largest whole number of 32 bits, and the largest below which doubles hold every whole number.
INT32, WHOLE = 2**31 - 1, 2**53
#: The functions of one argument.
_FUNCTIONS = ("abs", "cos", "exp", "expm1", "log", "log1p", "sin", "sqrt")


@attrs.frozen
class Vocabulary:
    """The words of one language.

    `functions` has a name for each function, `pi` that of the number. `choice` is a template for a choice by lists of conditions, "" for a language that
    branches by statements. `filled` is one for a number at all ticks, `clip` for a time that is kept in a range, and `real` for a float of a whole number, ""
    where the language makes one itself. `where` is the function that chooses between two. `whole` is the largest size of a whole number, None for any; with
    `ticks`, ticks are whole numbers. `single` says that floats may have single precision.
    """

    functions: dict[str, str]
    pi: str
    choice: str = ""
    filled: str = "{}"
    where: str = ""
    clip: str = ""
    whole: int | None = None
    ticks: bool = False
    real: str = ""
    single: bool = False

    @property
    def branches(self) -> bool:
        """Whether the language branches by statements, and computes one number at a time."""
        return not self.choice


def _named(module: str, **others: str) -> dict[str, str]:
    return {name: f"{module}.{name}" for name in _FUNCTIONS} | others


PYTHON = Vocabulary(_named("math", abs="abs", min="min", max="max", floor="math.floor", ceil="math.ceil"), "math.pi")
NUMPY = Vocabulary(
    _named("np", min="np.minimum", max="np.maximum", floor="np.floor", ceil="np.ceil"),
    "np.pi",
    choice="np.select({conditions}, {values}, {last})[()]",
    where="np.where",
    filled="np.full_like(t, {})[()]",
    clip="np.clip({time}, {low}, {high})",
    whole=WHOLE,
)
JAX = Vocabulary(
    _named("jnp", min="jnp.minimum", max="jnp.maximum", floor="jnp.floor", ceil="jnp.ceil"),
    "jnp.pi",
    choice="jnp.select({conditions}, {values}, {last})",
    where="jnp.where",
    filled="jnp.full_like(t, {}, float)",
    clip="jnp.clip({time}, {low}, {high})",
    whole=INT32,
    ticks=True,
    single=True,
)
KERAS = Vocabulary(
    _named("_arrays", min="_minimum", max="_maximum", floor="_arrays.floor", ceil="_arrays.ceil"),
    "math.pi",
    choice="ops.select({conditions}, {values}, {last})",
    where="_where",
    filled="ops.full_like(t, {}, _FLOAT)",
    clip="ops.clip({time}, {low}, {high})",
    whole=INT32,
    ticks=True,
    real="_real({})",
    single=True,
)

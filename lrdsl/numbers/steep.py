"""Operations in code without branches that may be infinite, or as steep as that. Where a slope is too large for the machine, it counts as 0.

A compiler of slopes multiplies them all, those of what is not used by 0. An infinite one would make NaN of a finite slope.
"""

from __future__ import annotations

from collections.abc import Sequence

from lrdsl.numbers.pairs import WIDE_OPERATIONS

#: The operations that may take what is infinite, or may make it -> the usual ones. Those of processors give infinity of themselves.
USUAL = {wide: op for op, wide in WIDE_OPERATIONS.items()}
#: Operation -> the numbers that are small enough where its slopes are, beside its value `z`. Each belongs to an argument, and is needed if that varies.
_STEEP: dict[str, tuple[tuple[int, str], ...]] = {
    "div": ((1, "1.0 / ({1} * {1})"),),
    "exp": (),
    "expm1": (),
    "log": ((0, "1.0 / {0}"),),
    "log1p": ((0, "1.0 / (1.0 + {0})"),),
    "mul": ((0, "{0}"), (1, "{1}")),
    "pow": ((0, "{1} * {0} ** ({1} - 1.0)"), (1, "{z} * log(zero + {0})")),
    "sqrt": ((0, "1.0 / {z}"),),
}


def is_steep(op: str, constants: Sequence[float | None]) -> bool:
    """Returns whether an operation may be infinite, or have an infinite slope. `constants` are the values of those arguments that are constant."""
    if op in USUAL:
        return USUAL[op] in _STEEP
    if op != "pow":
        return op in ("log", "sqrt")
    base, exponent = constants
    return (base is None or base <= 0) and (exponent is None or exponent < 1)


def has_slope(op: str, constants: Sequence[float | None]) -> bool:
    """Returns whether an operation has a slope anywhere: one of constants has none, nor has a power of a negative constant."""
    base = constants[0]
    return None in constants and (USUAL.get(op, op) != "pow" or base is None or base > 0)


def small(op: str, constants: Sequence[float | None], args: Sequence[str], z: str) -> list[str]:
    """Returns the texts of the numbers that are small where an operation of these texts has a slope. The text of its value is `z`."""
    return [z, *(text.format(*args, z=z) for of, text in _STEEP[USUAL.get(op, op)] if constants[of] is None)]

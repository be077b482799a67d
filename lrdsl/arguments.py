"""Arguments from the host: numbers and words of whatever type, made into what lrdsl works with, or refused by a diagnostic."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Collection
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Any

from lrdsl.diagnostics import ScheduleError, did_you_mean, refuse, shown
from lrdsl.expr.exact import Exact, exact, reduced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Numbers in formulas are up to this in size.
_HUGE = 10**100
#: Whole numbers of more bits than this are shown by their size.
_SHOWN_BITS = 200
#: Decimals with an exponent beyond this, and fractions of more bits, are no numbers here.
_MOST_PLACES, _MOST_BITS = 1000, 4000


class _Short(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        bits = x.bit_length()
        return super().repr_int(x, level) if bits <= _SHOWN_BITS else f"a whole number of about {int(bits * math.log10(2)) + 1} digits"


_SHORT = _Short()


def quoted(value: Any) -> str:
    """A host's value as a message shows it: on one line, short, whatever it is.

    >>> quoted("hour"), quoted(10**5000), quoted([1] * 1000)
    ("'hour'", 'a whole number of about 5001 digits', '[1, 1, 1, 1, 1, 1, ...]')
    """
    try:
        return shown(_SHORT.repr(value), 60)
    except Exception:
        return f"a {type(value).__name__}"


def exactly(value: Any) -> Exact | None:
    """A host's number, as the decimal that it prints as; None for what is no finite number, as truth values, texts and tensors of several elements.

    >>> exactly(0.1), exactly(10**400) == 10**400, exactly(True), exactly("1")
    (Fraction(1, 10), True, None, None)
    """
    if type(value) is int:
        return value
    if isinstance(value, float):
        return exact(value) if math.isfinite(value) else None
    if isinstance(value, Fraction):
        return reduced(value) if value.denominator.bit_length() <= _MOST_BITS else None
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):  # one of NumPy's too
        return int(value)
    plain = _plain(value)
    return None if plain is None else exactly(plain)


def floating(value: Any) -> float | None:
    """A host's number as a double; None for what is no finite number, or one that no double holds.

    >>> floating(1), floating(10**400), floating(float("nan"))
    (1.0, None, None)
    """
    if type(value) is float:
        return value if math.isfinite(value) else None
    known = exactly(value)
    try:
        return None if known is None else float(known)
    except OverflowError:
        return None


def measured(value: Any) -> float | None:
    """A host's number as a double that may be infinite or NaN, as what a run measures may be; None for what is no number.

    >>> measured(float("inf")), measured("0.3")
    (inf, None)
    """
    if isinstance(value, float):
        return float(value)
    plain = value if isinstance(value, int | Fraction) else _plain(value)
    return float(plain) if isinstance(plain, float) else floating(plain)


def whole(value: Any) -> int | None:
    """A host's whole number; None for any other value, a float among them.

    >>> whole(5), whole(5.0), whole(True)
    (5, None, None)
    """
    if type(value) is int:
        return value
    if isinstance(value, bool | float | Fraction):
        return None
    plain = int(value) if isinstance(value, Integral) else _plain(value)
    return plain if type(plain) is int else None


def _plain(value: Any) -> int | float | Fraction | None:
    """A number of another library as one of Python's: a `Decimal`, an array or tensor of one element, what else can be made a float."""
    try:
        if hasattr(value, "adjusted"):
            return _of_decimal(value)
        if hasattr(value, "dtype") and hasattr(value, "item"):
            value = value.item()
            if isinstance(value, int | float):
                return None if isinstance(value, bool) else value
        return float(value) if hasattr(type(value), "__float__") else None
    except Exception:  # it belongs to another library, which may raise what it likes
        return None


def _of_decimal(value: Any) -> float | Fraction | None:
    if not value.is_finite():
        return float(value)
    return Fraction(value) if abs(value.adjusted()) <= _MOST_PLACES else None


def number(what: str, value: Any, help: str, *, low: Exact | None = None, high: Exact | None = None, text: str = "", code: str = "LR152") -> Exact:
    """A host's number between two bounds, exactly. Raises `ScheduleError` for anything else; `what` it is, and what `help`s."""
    known = exactly(value)
    if known is None or (low is not None and known < low) or (high is not None and known > high):
        raise refuse(code, f"{what} is {quoted(value)}", help, text)
    return known


def whole_number(what: str, value: Any, help: str, *, low: int = 0, high: int, text: str = "", code: str = "LR152") -> int:
    """A host's whole number between two bounds. Raises `ScheduleError` for anything else."""
    known = whole(value)
    if known is None or not low <= known <= high:
        raise refuse(code, f"{what} is {quoted(value)}", help, text)
    return known


def one_of(what: str, value: Any, options: Collection[str], text: str = "") -> str:
    """A host's word that is one of several. Raises `ScheduleError` for anything else."""
    if not isinstance(value, str) or value not in options:
        near = did_you_mean(value, options) if isinstance(value, str) and len(value) < 100 else None
        help = f"did you mean {near!r}?" if near else f"it is one of {', '.join(repr(option) for option in options)}"
        raise refuse("LR152", f"{what} is {quoted(value)}", help, text)
    return value


def tick(value: Any, most: int, text: str = "") -> float:
    """A host's tick, whole or not, an int where it is whole. Raises `ScheduleError` for anything else, and for one after `most`."""
    known = floating(value)
    if known is None or not 0 <= known <= most:
        raise refuse("LR152", f"tick is {quoted(value)}", f"ticks run from 0 to {most:.0e}", text)
    return int(known) if known.is_integer() else known


def ticks(value: Any, most: int, count: int, text: str = "") -> NDArray[np.float64]:
    """A host's ticks: 0 .. n - 1 where it gives a number, up to `count` of them, else those of an array or a list. Raises `ScheduleError` for anything else."""
    import numpy as np

    n = whole(value) if not hasattr(value, "__len__") else None
    if n is not None:
        if not 0 <= n <= count:
            raise refuse("LR152", f"{quoted(value)} ticks are asked for", f"give a number from 0 to {count}, or an array of the ticks", text)
        return np.arange(n, dtype=np.float64)
    try:
        if hasattr(value, "__len__") and not hasattr(value, "dtype") and len(value) > count:
            raise refuse("LR152", f"ticks is {quoted(value)}", f"give at most {count} at once, or an array", text)
        plain = np.asarray(value, dtype=object if isinstance(value, list | tuple) and not {type(x) for x in value} <= {int, float} else None)
        if plain.dtype.kind not in "iuf" and plain.size:
            plain = np.array([_sure(floating(x)) for x in plain.reshape(-1).tolist()], dtype=np.float64).reshape(plain.shape)
        at = plain.astype(np.float64, copy=False)
    except ScheduleError:
        raise
    except Exception:  # ours, or of a library that the host's value comes from
        raise refuse("LR152", f"ticks is {quoted(value)}", "give a number of ticks, or an array of ticks", text) from None
    if at.size and not (at.min() >= 0 and at.max() <= most):
        raise refuse("LR152", f"a tick of {quoted(value)} is out of range", f"ticks run from 0 to {most:.0e}", text)
    return at


def _sure(known: float | None) -> float:
    if known is None:
        raise ValueError
    return known


def letter(what: str, value: Any, text: str = "") -> str | Exact:
    """A host's letter for a formula, or the number that stands in its place. Raises `ScheduleError` for anything else."""
    return value if isinstance(value, str) else number(what, value, "give the name of a letter, or a number", low=-_HUGE, high=_HUGE, text=text)


def string(what: str, value: Any, help: str, text: str = "") -> str:
    """A host's text. Raises `ScheduleError` for anything else."""
    if not isinstance(value, str):
        raise refuse("LR152", f"{what} is {quoted(value)}, and not a string", help, text)
    return str(value)

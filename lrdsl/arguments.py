"""Checks the arguments of the public functions. Numbers, words and arrays of any type are converted to lrdsl's own types, or refused with a diagnostic."""

from __future__ import annotations

import math
import os
import re
import reprlib
from collections.abc import Collection, Sequence
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Any

from lrdsl.diagnostics import ScheduleError, did_you_mean, refuse, shown
from lrdsl.expr.exact import Exact, exact, reduced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The largest number that may stand for a letter of a formula.
_HUGE = 10**100
#: Messages show a whole number of more bits than this only by its number of digits.
_SHOWN_BITS = 200
#: Decimals with a larger exponent, and fractions with more bits, are refused.
_MOST_PLACES, _MOST_BITS = 1000, 4000
#: A number as a config writes it, and the most characters of one.
_WRITTEN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?|[+-]?\d+/\d+", re.ASCII | re.IGNORECASE)
_MOST_WRITTEN = 100
#: How configs and libraries write a number that nobody knows.
_UNKNOWN = ("inf", "infinity", "none", "null", "-1", "-1.0")
#: The ending of a schedule file.
ENDING = ".lrs"
#: The longest text that is taken for a path, and the characters that say it is a schedule.
_LONGEST_PATH, _NO_PATH = 1000, frozenset("\n;()=*#")


class _Short(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        bits = x.bit_length()
        return super().repr_int(x, level) if bits <= _SHOWN_BITS else f"a whole number of about {int(bits * math.log10(2)) + 1} digits"


_SHORT = _Short()


def quoted(value: Any) -> str:
    """Returns any value as a message shows it: short, and on one line.

    >>> quoted("hour"), quoted(10**5000), quoted([1] * 1000)
    ("'hour'", 'a whole number of about 5001 digits', '[1, 1, 1, 1, 1, 1, ...]')
    """
    try:
        return shown(_SHORT.repr(value), 60)
    except Exception:
        return f"a {type(value).__name__}"


def exactly(value: Any) -> Exact | None:
    """Returns a number exactly; a float is the decimal that it prints as. Returns None for other values: infinities, NaN, booleans, strings, longer arrays.

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
    if isinstance(value, Integral):  # includes NumPy's integers
        return int(value)
    plain = _plain(value)
    return None if plain is None else exactly(plain)


def written(text: str) -> Exact | None:
    """Returns a number that is written in text, as configs and environments give it. Returns None for any other text.

    >>> written("1e-5"), written(" 1_000 "), written("1/3"), written("5ep")
    (Fraction(1, 100000), 1000, Fraction(1, 3), None)
    """
    digits = re.sub(r"(?<=\d)_(?=\d)", "", text.strip()) if len(text) <= _MOST_WRITTEN else ""
    try:
        return reduced(Fraction(digits)) if _WRITTEN.fullmatch(digits) else None
    except ZeroDivisionError:
        return None


def unknown(value: Any) -> bool:
    """Returns whether a library says by this value that it does not know a number: -1, an infinity above 0, or their names as text.

    >>> unknown(-1), unknown(float("inf")), unknown("Infinity"), unknown(0)
    (True, True, True, False)
    """
    if isinstance(value, str):
        return value.strip().lstrip("+.").lower() in _UNKNOWN
    return measured(value) in (-1, math.inf)


def listed(value: Any) -> list[Any] | None:
    """Returns the items of a list, of a tuple, or of an array of one dimension. Returns None for any other value.

    >>> listed((30, 60)), listed("30"), listed(30)
    ([30, 60], None, None)
    """
    try:
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):  # a list of OmegaConf is one too
            return list(value)
        return list(value.tolist()) if getattr(value, "ndim", 0) == 1 else None
    except Exception:  # code of another library may raise any exception
        return None


def floating(value: Any) -> float | None:
    """Returns a number as a double, or None if it is not finite, too large for a double, or no number.

    >>> floating(1), floating(10**400), floating(float("nan"))
    (1.0, None, None)
    """
    if type(value) is float:
        return value if math.isfinite(value) else None
    amount = exactly(value)
    try:
        return None if amount is None else float(amount)
    except OverflowError:
        return None


def measured(value: Any) -> float | None:
    """Returns a measured value as a double, which may be infinite or NaN. Returns None for a value that is no number.

    >>> measured(float("inf")), measured("0.3")
    (inf, None)
    """
    if isinstance(value, float):
        return float(value)
    plain = value if isinstance(value, int | Fraction) else _plain(value)
    return float(plain) if isinstance(plain, float) else floating(plain)


def whole(value: Any) -> int | None:
    """Returns a whole number, or None for any other value, floats included.

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
    """Returns a number of another library as a Python number: a `Decimal`, an array or tensor of one element, or anything that converts to a float."""
    try:
        if hasattr(value, "adjusted"):
            return _of_decimal(value)
        if hasattr(value, "dtype") and hasattr(value, "item"):
            value = value.item()
            if isinstance(value, int | float):
                return None if isinstance(value, bool) else value
        return float(value) if hasattr(type(value), "__float__") else None
    except Exception:  # code of another library may raise any exception
        return None


def _of_decimal(value: Any) -> float | Fraction | None:
    if not value.is_finite():
        return float(value)
    return Fraction(value) if abs(value.adjusted()) <= _MOST_PLACES else None


def number(what: str, value: Any, help: str, *, low: Exact | None = None, high: Exact | None = None, text: str = "", code: str = "LR152") -> Exact:
    """Returns a number between two bounds, exactly. Raises `ScheduleError` for any other value. `what` names the argument, `help` says how to repair it."""
    amount = exactly(value)
    if amount is None or (low is not None and amount < low) or (high is not None and amount > high):
        raise refuse(code, f"{what} is {quoted(value)}", help, text)
    return amount


def setting(what: str, value: Any, help: str, *, low: Exact | None = None, high: Exact | None = None) -> Exact:
    """Returns a number of a config, exactly, as `number` does. The number may be written in text: `"1e-5"`, `"1_000"`, `"1/3"`."""
    amount = written(value) if isinstance(value, str) else None
    return number(what, value if amount is None else amount, help, low=low, high=high)


def whole_number(what: str, value: Any, help: str, *, low: int = 0, high: int, text: str = "", code: str = "LR152") -> int:
    """Returns a whole number between two bounds. Raises `ScheduleError` for any other value."""
    n = whole(value)
    if n is None or not low <= n <= high:
        raise refuse(code, f"{what} is {quoted(value)}", help, text)
    return n


def one_of(what: str, value: Any, options: Collection[str], text: str = "") -> str:
    """Returns a word that is one of `options`. Raises `ScheduleError` for any other value."""
    if not isinstance(value, str) or value not in options:
        near = did_you_mean(value, options) if isinstance(value, str) and len(value) < 100 else None
        help = f"did you mean {near!r}?" if near else f"it is one of {', '.join(repr(option) for option in options)}"
        raise refuse("LR152", f"{what} is {quoted(value)}", help, text)
    return value


def tick(value: Any, most: int, text: str = "") -> float:
    """Returns a tick from 0 to `most`, as an int if it is whole, else as a float. Raises `ScheduleError` for any other value."""
    position = floating(value)
    if position is None or not 0 <= position <= most:
        raise refuse("LR152", f"tick is {quoted(value)}", f"ticks run from 0 to {most:.0e}", text)
    return int(position) if position.is_integer() else position


def ticks(value: Any, most: int, count: int, text: str = "") -> NDArray[np.float64]:
    """Returns an array of ticks: 0 .. n - 1 for a number n up to `count`, else the ticks of an array or a list. Raises `ScheduleError` for any other value."""
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
            plain = np.array([_required(floating(x)) for x in plain.reshape(-1).tolist()], dtype=np.float64).reshape(plain.shape)
        at = plain.astype(np.float64, copy=False)
    except ScheduleError:
        raise
    except Exception:  # from `_required`, or from the library that the value belongs to
        raise refuse("LR152", f"ticks is {quoted(value)}", "give a number of ticks, or an array of ticks", text) from None
    if at.size and not (at.min() >= 0 and at.max() <= most):
        raise refuse("LR152", f"a tick of {quoted(value)} is out of range", f"ticks run from 0 to {most:.0e}", text)
    return at


def _required(value: float | None) -> float:
    if value is None:
        raise ValueError
    return value


def letter(what: str, value: Any, text: str = "") -> str | Exact:
    """Returns a letter of a formula, or the number that takes its place. Raises `ScheduleError` for any other value."""
    return value if isinstance(value, str) else number(what, value, "give the name of a letter, or a number", low=-_HUGE, high=_HUGE, text=text)


def string(what: str, value: Any, help: str, text: str = "") -> str:
    """Returns a string. Raises `ScheduleError` for any other value."""
    if not isinstance(value, str):
        raise refuse("LR152", f"{what} is {quoted(value)}, and not a string", help, text)
    return str(value)


def is_schedule_file(path: str | os.PathLike[str]) -> bool:
    """Whether the name of a file says that it holds a schedule, and no other format.

    >>> is_schedule_file("runs/a.lrs"), is_schedule_file("a.yaml")
    (True, False)
    """
    return os.fspath(path).lower().endswith(ENDING)


def schedule(what: str, value: Any, help: str = "give the schedule as a string", text: str = "") -> str:
    """Returns the text of a schedule. Raises `ScheduleError` for any other value, and for the path of a file: `load` reads files."""
    path = os.fsdecode(value) if isinstance(value, os.PathLike) else value
    named = isinstance(path, str) and len(path) < _LONGEST_PATH and is_schedule_file(path.rstrip()) and not _NO_PATH.intersection(path.strip())
    if named or isinstance(value, os.PathLike):
        call = f"lrdsl.load({str(path).strip()!r})"
        raise refuse("LR152", f"{what} is {quoted(str(path))}, the path of a file", f"read the file: `{shown(call, 80)}`", text)
    return string(what, value, help, text)

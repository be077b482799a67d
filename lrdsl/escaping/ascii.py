"""Writes what people read in ASCII, for terminals that have no other signs: `η₀` is `eta_0`, and `→` is `->`."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = {
    "…": "..",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",
    "–": "-",
    "·": "*",
    "×": "x",
    "∞": "inf",
    "⌊": "floor(",
    "⌋": ")",
    "⌈": "ceil(",
    "⌉": ")",
    "∏": "prod",
    "√": "sqrt",
    "λ": "lambda",  # Unicode calls it lamda
    "✓": "ok",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
}
#: The scripts of Unicode, by the sign that stands before them.
_SCRIPTS = {"_": "₀₁₂₃₄₅₆₇₈₉", "^": "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"}


def ascii_of(text: str) -> str:
    """Returns a text in ASCII. A sign that has no other way to be written is a `?`.

    >>> ascii_of("0.1·η₀/2·(1 + cos(π(t − 3)/20)), 3 ≤ t < 23"), ascii_of("10⁻⁴ … √t")
    ('0.1*eta_0/2*(1 + cos(pi*(t - 3)/20)), 3 <= t < 23', '10^-4 .. sqrt(t)')
    """
    text = re.sub(r"√(\w+)", r"√(\1)", text)
    text = re.sub(r"(?<=[α-ω])(?=\()", "·", text)  # a letter, as pi, before a bracket is a factor
    for sign, scripts in _SCRIPTS.items():
        text = re.sub(f"[{scripts}]+", lambda m, sign=sign: sign + unicodedata.normalize("NFKD", m[0]).replace("−", "-"), text)  # type: ignore[misc]
    return "".join(letter if letter.isascii() else _SIGNS.get(letter) or _named(letter) for letter in text)


def _named(letter: str) -> str:
    """The name of a Greek letter; a letter without its accents; or `?`."""
    name = unicodedata.name(letter, "").lower()
    if name.startswith("greek small letter "):
        return name.rpartition(" ")[2]
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain or "?"


def can_write(encoding: str | None, text: str) -> bool:
    """Whether an encoding has all signs of a text."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True

r"""Estimates how wide LaTeX is set, in ems of the text: formulas, words and code, in Computer Modern, whose letters are wider than those of most papers."""

from __future__ import annotations

import re
from functools import lru_cache

#: Signs around letters that become commands: the first of many that open one, and the one that closes it. They have no width.
MARKS = "\ue000", "\uf8ff"
#: A letter of code, and an indent.
CODE, QUAD = 0.525, 1.0
#: A word has the widths of its letters.
_WORDS = {
    letter: width
    for width, letters in {
        0.28: "il.,:;!'[]",
        0.33: " -",
        0.39: "fj()rstI",
        0.47: "cez?",
        0.5: "ago0123456789/_",
        0.53: "kqvxyJ",
        0.56: "bdhnpuS",
        0.65: "FLZ",
        0.75: "ABCEHNPRTUVXYDw",
        0.78: "GKOQ+=&<>",
        0.84: "m%",
        0.92: "M",
        1.03: "W",
        1.24: "…→—",
    }.items()
    for letter in letters
}
#: Any other letter of a word.
_OTHER = 0.56
#: The width of signs in formulas. All others are as wide as a letter.
_SIGNS = (
    dict.fromkeys(["{", "}", " ", "^", "_", r"\allowbreak"], 0.0)
    | dict.fromkeys([r"\left", r"\right"], 0.42)
    | dict.fromkeys([r"\bigl", r"\bigr"], 0.17)
    | dict.fromkeys([".", "|"], 0.28)
    | {"T": 0.7, "m": 0.88, "w": 0.72}
    | dict.fromkeys(["[", "]"], 0.35)
    | dict.fromkeys(["(", ")", ",", r"\lfloor", r"\rfloor"], 0.45)
    | dict.fromkeys(["+", "-"], 1.25)
    | dict.fromkeys(["=", "<", r"\le", r"\ge", r"\times"], 1.35)
    | {
        r"\,": 0.17,
        r"\;": 0.28,
        r"\quad": QUAD,
        r"\qquad": 2 * QUAD,
        r"\cdot": 0.72,
        r"\bmod": 2.4,
        r"\sqrt": 0.85,
        r"\prod": 1.5,
        r"\ldots": 1.5,
        r"\to": 1.56,
    }
    | {r"\cos": 1.4, r"\sin": 1.3, r"\min": 1.6, r"\max": 1.8, r"\exp": 1.5, r"\log": 1.3}
)
#: What tall brackets after a function take beside their signs.
_SPACE = 0.4
#: A sign, or what begins a fraction, words, or something raised or lowered.
_SIGN = re.compile(r"\\(?P<size>[td]?)frac|(?P<words>\\text(?:tt)?)(?=\{)|(?P<raised>[\^_])|\\(?:[a-zA-Z]+|.)|.", re.DOTALL)


@lru_cache(maxsize=4096)
def width(source: str, display: bool = False) -> float:
    """Returns the width of a formula, as TeX sets it in a case or in a line of text; `display`: in a displayed formula, which is larger.

    Cached, since a line is measured anew for each place where it may break.
    """
    total, i = 0.0, 0
    while i < len(source):
        sign = _SIGN.match(source, i)
        assert sign is not None
        if (size := sign["size"]) is not None:
            top, at = _group_at(source, sign.end())
            bottom, i = _group_at(source, at)
            total += (1.0 if size == "d" or (display and not size) else 0.72) * max(width(top), width(bottom)) + 0.25
        elif sign["words"]:
            words, i = _group_at(source, sign.end())
            total += width_of_words(words)
        elif sign["raised"]:
            raised, i = _group_at(source, sign.end())
            total += 0.72 * width(raised)
        else:
            total += 0.0 if MARKS[0] <= sign[0] <= MARKS[1] else _SIGNS.get(sign[0], 0.5 if sign[0].isdigit() else 0.58)
            i = sign.end()
            total += _SPACE if sign[0] in (r"\max", r"\min") and source.startswith(r"\left", i) else 0.0
    return total


def width_of_words(source: str) -> float:
    """Returns the width of a line of text, with its escaped signs, spaces, code in `\\texttt{...}`, and formulas between dollars.

    >>> round(width_of_words(r"$10 \\ldots 20$ \\texttt{a\\_b}"), 2)
    5.41
    """
    total = 0.0
    for i, part in enumerate(re.split(r"(?<!\\)\$", source)):
        if i % 2:
            total += width(part)
            continue
        for j, piece in enumerate(re.split(r"\\texttt\{((?:\\[a-z]+\{\}|\\.|[^{}\\])*)\}", part)):
            letters = re.findall(r"\\[a-z]+(?:\{\}| )?|\\.|.", piece)
            total += sum(_width_of_letter(letter, CODE if j % 2 else None) for letter in letters)
    return total


def _width_of_letter(letter: str, fixed: float | None) -> float:
    command = letter.rstrip("{} ") if letter.startswith("\\") and letter[1:2].isalpha() else ""
    if command:
        return _SIGNS.get(command, _OTHER if fixed is None else fixed)
    return _WORDS.get(letter.removeprefix("\\"), _OTHER) if fixed is None else fixed


_WORD = re.compile(r"\\[a-zA-Z]+|.")


def _group_at(source: str, i: int) -> tuple[str, int]:
    """Returns the group in braces that begins at a place, without its braces, and where it ends; without braces, a single sign or command."""
    if source[i] != "{":
        word = _WORD.match(source, i)
        assert word is not None
        return word[0], i + len(word[0])
    depth = 0
    for j in range(i, len(source)):
        depth += {"{": 1, "}": -1}.get(source[j], 0) if source[j - 1] != "\\" else 0
        if depth == 0:
            return source[i + 1 : j], j + 1
    raise AssertionError(source)

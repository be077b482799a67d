"""Reads the LaTeX of a formula back, as a reader of a paper would, and computes it with 60 digits. It shares no code with the printer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import mpmath

DIGITS = 60
#: A reader sees that log2(8) is 3; 60 digits may fall short of it.
_HAIR = mpmath.mpf(10) ** -40

_TOKEN = re.compile(r"\s+|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|.", re.DOTALL)
#: Between two conditions that must both hold.
_ALSO = r",\s*\\;|,(?:\s*\\q?quad)+"
_SPACES = {r"\,", r"\;", r"\quad", r"\qquad", r"\left", r"\right", r"\bigl", r"\bigr", "&"}


class Formula:
    """A formula in LaTeX: `value(t, base)` is its value."""

    def __init__(self, source: str, per_tick: Mapping[str, Any] | None = None) -> None:
        self.approximate = False
        self.meanings: dict[str, str] = {}
        self.remarks: list[str] = []
        source = re.sub(r"\\d(?=frac)", r"\\", source.replace("{,}", ""))
        if source.startswith(r"\begin{gathered}"):
            inside = source.removeprefix("\\begin{gathered}\n").removesuffix("\n\\end{gathered}")
            source, where = re.split(r" \\\\\[3pt\]\n\\text\{where(?: \}|\} \\\\\n)", inside)
            for clause in re.split(r",\\; |, \\\\\n", where):
                name, sign, of = clause.replace(" \\\\\n", "").replace(r"}\text{", " ").partition(" = ")
                if sign:
                    self.meanings[name.strip()] = self._length(of, per_tick or {}) if of.startswith(r"\text{") else of
                else:
                    self.remarks.append(clause)
        self.pieces = _pieces(source)
        self.otherwise: Any = mpmath.mpf(0) if "[" in source.replace("\\\\[3pt]", "") else None

    def _length(self, words: str, per_tick: Mapping[str, Any]) -> str:
        """A length in words, as `2B tokens (about 476.8 steps)`, in ticks: exactly, if the tokens of a tick are known."""
        amount = re.match(r"\\text\{([\d.]+)([kMBT]?) (token|sample)s \(", words)
        if amount is not None and amount[3] in per_tick:
            ticks = mpmath.mpf(amount[1]) * 10 ** (3 * " kMBT".index(amount[2] or " ")) / mpmath.mpf(per_tick[amount[3]])
            return mpmath.nstr(ticks, 50, min_fixed=-100, max_fixed=100)
        self.approximate = True
        about = re.search(r"([\d.,]+) \w+\)?\}$", words)
        assert about is not None, words
        return about[1].replace(",", "")

    def value(self, t: Any, base: Any, letter: str = r"\eta_0") -> Any:
        """The value at a tick, with the base under its letter."""
        with mpmath.workdps(DIGITS):
            names = {"t": mpmath.mpf(t), letter: mpmath.mpf(base)}
            for value, condition in self.pieces:
                if all(_holds(part, names, self.meanings) for part in condition):
                    return _Reader(value, names, self.meanings).whole()
        assert self.otherwise is not None, f"nothing holds at {t}"  # of Iverson's brackets all may be 0
        return self.otherwise


def _pieces(source: str) -> list[tuple[str, list[str]]]:
    """(value, conditions) of each piece of a formula with cases, or of one that always holds."""
    cases = re.fullmatch(r"[^=]* = \\begin\{cases\}\n(.*)\n\\end\{cases\}", source, re.DOTALL)
    if cases is None:
        plain = re.sub(r"^\\begin\{aligned\}\n|\n\\end\{aligned\}$", "", source)
        if "[" in plain.replace("\\\\[3pt]", ""):
            return _bracketed(plain.replace("\\\\[3pt]", ""))
        return [_row(row) for row in plain.split("\\\\[3pt]")]
    found = []
    for row in re.split(r"\\\\\[[369]pt\]", cases[1]):
        value, condition = re.split(r"&|\\text\{for \}", row)
        found.append((value.replace("\\\\\n", ""), re.split(_ALSO, condition.replace("\\\\\n", ""))))
    return found


def _bracketed(source: str) -> list[tuple[str, list[str]]]:
    """The pieces of a sum with Iverson's brackets; of those, one bracket holds at a time."""
    parts = re.split(r"\[([^\]]*)\]", source.replace("\\\\\n", "").replace("&", "").partition("=")[2])
    values = [re.sub(r"^\s*(\\quad\s*)*\+\s", "", value) for value in parts[::2]]
    return [(value, re.split(_ALSO, when)) for value, when in zip(values, parts[1::2], strict=False)]


def _row(row: str) -> tuple[str, list[str]]:
    """A row of an aligned formula: where it has several lines, those of the condition have an indentation of their own."""
    first, *lines = row.split("\\\\\n")
    when = [line for line in lines if re.match(r"\s*&\\quad \\qquad (?!\\q?quad)", line)]
    rest = "".join([first, *(line for line in lines if line not in when)]).partition("=")[2].replace("&", "")
    return (rest, re.split(_ALSO, "".join(when).replace("&", ""))) if when else _line(rest)


def _line(row: str) -> tuple[str, list[str]]:
    """A line of an aligned formula: what stands apart and compares something is the condition."""
    parts = re.split(r",\\quad|\\qquad|\\quad", row)
    compares = [bool(re.search(r"<|\\le |\\ge ", part)) for part in parts]
    value = "".join(part for part, is_condition in zip(parts, compares, strict=True) if not is_condition)
    when = r"\quad".join(part for part, is_condition in zip(parts, compares, strict=True) if is_condition)
    return value, re.split(_ALSO, when) if when else []


def _holds(condition: str, names: Mapping[str, Any], meanings: Mapping[str, str]) -> bool:
    parts = re.split(r"(<|\\le |\\ge )", condition)
    values = [_Reader(part, names, meanings).whole() for part in parts[::2]]
    signs: dict[str, Callable[[Any, Any], bool]] = {"<": lambda a, b: a < b, r"\le ": lambda a, b: a <= b, r"\ge ": lambda a, b: a >= b}
    return all(signs[sign](a, b) for a, sign, b in zip(values, parts[1::2], values[1:], strict=False))


class _Reader:
    """A reader of one expression, from left to right."""

    def __init__(self, source: str, names: Mapping[str, Any], meanings: Mapping[str, str]) -> None:
        found = [token for token in _TOKEN.findall(source) if not token.isspace()]
        self.tokens = [token for token in found if token not in _SPACES]
        self.names, self.meanings, self.at = names, meanings, 0

    def whole(self) -> Any:
        value = self.sum()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return value

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        assert token, self.tokens
        assert wanted in ("", token), (wanted, self.tokens[self.at :])
        self.at += 1
        return token

    def sum(self) -> Any:
        negative = self.next == "-"
        if negative or self.next == "+":
            self.take()
        value = -self.product() if negative else self.product()
        while self.next in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> Any:
        value = self.power()
        while self.next not in ("", "+", "-", ")", "}", ",", r"\rfloor", r"\rceil", r"\rvert", "]"):
            if self.next in (r"\cdot", r"\times"):
                self.take()
                value *= self.power()
            elif self.next == "/":
                self.take()
                value /= self.power()
            elif self.next == r"\bmod":
                self.take()
                by = self.power()
                value -= by * mpmath.floor(value / by + _HAIR)
            else:
                value *= self.power()
        return value

    def power(self) -> Any:
        base = self.atom()
        if self.next == "^":
            self.take()
            return base ** self.group()
        return base

    def group(self) -> Any:
        """What is in braces, or a single sign."""
        if self.next != "{":
            return self.atom()
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def brackets(self) -> list[Any]:
        self.take("(")
        values = [self.sum()]
        while self.next == ",":
            self.take()
            values.append(self.sum())
        self.take(")")
        return values

    def atom(self) -> Any:
        token = self.take()
        if token[0].isdigit():
            return mpmath.mpf(token)
        if token == "(":
            self.at -= 1
            (value,) = self.brackets()
            return value
        if token in (r"\frac", r"\tfrac"):
            return self.group() / self.group()
        if token == r"\sqrt":
            return mpmath.sqrt(self.group())
        if token in (r"\lfloor", r"\lceil"):
            value = self.sum()
            self.take(token.replace("l", "r", 1))
            return mpmath.floor(value + _HAIR) if token == r"\lfloor" else mpmath.ceil(value - _HAIR)
        if token == r"\lvert":
            value = abs(self.sum())
            self.take(r"\rvert")
            return value
        if token in (r"\min", r"\max"):
            return (min if token == r"\min" else max)(self.brackets())
        if token == r"\log" and self.next == "_":
            self.take()
            base = self.group()
            (value,) = self.brackets()
            return mpmath.log(value) / mpmath.log(base)
        if token in (r"\cos", r"\sin", r"\exp", r"\log"):
            value = self.brackets()[0] if self.next == "(" else self.power()
            return getattr(mpmath, token[1:])(value)
        if token == r"\prod":
            return self.long_product()
        return self.name(token)

    def long_product(self) -> Any:
        for sign in ("_", "{"):
            self.take(sign)
        index = self.take()
        for sign in ("=", "1", "}", "^"):
            self.take(sign)
        upto, start, total = self.group(), self.at, mpmath.mpf(1)
        names = self.names
        for k in range(1, int(upto) + 1):
            self.at, self.names = start, {**names, index: mpmath.mpf(k)}
            total *= self.power()
        if not upto:  # reads on behind the factor
            self.names = {**names, index: mpmath.mpf(1)}
            self.power()
        self.names = names
        return total

    def name(self, token: str) -> Any:
        if token == r"\pi":
            return mpmath.pi
        if token == r"\mathrm":
            while not token.endswith("}"):
                token += self.take()
        if self.next == "_":
            token += self.take()
            if self.next == "{":
                while not token.endswith("}") or token.count("{") > token.count("}"):
                    token += self.take()
            else:
                token += self.take()
        if token in self.meanings:
            return _Reader(self.meanings[token], self.names, self.meanings).whole()
        return self.names[token]

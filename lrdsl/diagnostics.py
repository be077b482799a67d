"""Diagnostics: each says what is wrong with a text, where, and what to write instead.

A `Diagnostic` is data. `render` shows diagnostics with carets, `styled` gives the same lines in pieces for colouring, and `to_json` gives JSON data. `Problems`
collects the diagnostics of one text, so that all mistakes are reported at once.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import attrs

from lrdsl.escaping.visible import glyphs, visible, width

#: Every code and its meaning. A code never changes its meaning.
CODES = {
    "LR001": "character that the language does not use",
    "LR002": "word or sign out of place",
    "LR003": "bracket without its partner",
    "LR004": "nothing to read",
    "LR005": "text over the size limit, or that costs too much work",
    "LR006": "nesting over the depth limit",
    "LR007": "number over the limits",
    "LR101": "unknown shape",
    "LR102": "unknown parameter",
    "LR103": "unknown name",
    "LR104": "unknown unit",
    "LR105": "unknown option",
    "LR106": "missing argument",
    "LR107": "too many arguments",
    "LR108": "argument given twice",
    "LR109": "positional argument after a named one",
    "LR111": "value of the wrong kind",
    "LR112": "value where a phase belongs",
    "LR113": "phase where a value belongs",
    "LR114": "operation on kinds that do not fit",
    "LR115": "absolute level inside a factor",
    "LR116": "name that is taken",
    "LR117": "target that cannot be scheduled",
    "LR118": "condition that compares no metric with a number",
    "LR119": "time of the run that has passed, or has no meaning",
    "LR121": "missing clock fact",
    "LR122": "`rest` where it has no meaning",
    "LR123": "length in tokens or samples that is no fixed number of ticks",
    "LR124": "clock facts that contradict each other",
    "LR125": "batch that does not stay the same between jumps",
    "LR131": "value out of range",
    "LR132": "count that is not a whole number",
    "LR133": "milestones out of order",
    "LR134": "lists of different length",
    "LR141": "endless phase that is not last",
    "LR142": "endless phase where a finite one is needed",
    "LR143": "repeat without a closed form",
    "LR144": "value that is not finite",
    "LR145": "assertion that does not hold",
    "LR146": "file that cannot be used",
    "LR147": "phase that follows a metric, where time alone counts",
    "LR151": "state of another schedule",
    "LR152": "argument from the program that cannot be used",
    "LR153": "target without its param group",
    "LR154": "metric without its name, or that is no number",
    "LR155": "schedule that another library cannot say",
    "LR160": "schedule of another library that cannot be read",
}


@attrs.frozen(order=True)
class Position:
    """A place in a text: `line` and `column` from 1, `offset` in characters from 0."""

    line: int
    column: int
    offset: int


@attrs.frozen(order=True)
class Span:
    """A part of a text, from `start` up to but not including `end`."""

    start: Position
    end: Position

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        """Returns the span between two offsets. Offsets outside the text are moved to its ends.

        >>> Span.of("hold(3)\\nx", 8, 9).start
        Position(line=2, column=1, offset=8)
        """
        start = max(0, min(start, len(text)))
        lines = Lines.of(text)
        return cls(lines.position(start), lines.position(max(start, min(end, len(text)))))


@attrs.frozen(eq=False)
class Lines:
    """The offsets at which the lines of a text begin."""

    starts: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Lines:
        """Returns the lines of a text. The last few texts are cached, since one text has many spans."""
        return _lines(text)

    def number(self, offset: int) -> int:
        """Returns the number of the line that holds an offset, counted from 1."""
        return bisect_right(self.starts, offset)

    def position(self, offset: int) -> Position:
        """Returns the position of an offset."""
        line = self.number(offset)
        return Position(line, offset - self.starts[line - 1] + 1, offset)


@lru_cache(maxsize=4)
def _lines(text: str) -> Lines:
    starts = array("Q", [0])
    starts.extend(newline.end() for newline in re.finditer("\n", text))
    return Lines(starts)


@attrs.frozen
class Fix:
    """A repair that a program can apply: replace the text from offset `start` to offset `end` by `replacement`."""

    start: int
    end: int
    replacement: str


@attrs.frozen
class Diagnostic:
    """One problem: its `code` in `CODES`, its `severity` ("error", "warning" or "note"), a one-line `message`, and a `help` line that says what to do."""

    code: str
    severity: str
    message: str
    help: str
    span: Span
    fix: Fix | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the diagnostic as plain JSON data."""
        return attrs.asdict(self)


class UsageError(Exception):
    """Wrong settings or options, as opposed to a wrong schedule. The message says why."""


class ScheduleError(ValueError):
    """lrdsl refuses a text, or a request about a schedule. `diagnostics` says why; `str()` shows them with carets.

    >>> import lrdsl
    >>> try:
    ...     lrdsl.parse("cosin(20)")
    ... except lrdsl.ScheduleError as error:
    ...     error.diagnostics[0].code
    'LR101'
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], text: str = "", source: str = "<schedule>") -> None:
        self.diagnostics = list(diagnostics)
        self.text = text
        self.source = source
        super().__init__(text)

    def __str__(self) -> str:
        return "\n" + render(self.diagnostics, self.text, self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.diagnostics, self.text, self.source)


class ScheduleWarning(UserWarning):
    """A rule finds that a schedule surely does not do what is meant, for the groups and the clock that `lrdsl.compile` was given; or groups are not what they
    seem, or are set by two schedulers (LR152). `diagnostic` says what, and names the remedy.

    The text begins with the code of the rule, so that Python's filters can pick one: `warnings.filterwarnings("ignore", "LR301")`.
    """

    def __init__(self, diagnostic: Diagnostic, text: str = "", source: str = "<schedule>") -> None:
        self.diagnostic, self.text, self.source = diagnostic, text, source
        super().__init__(text)

    def __str__(self) -> str:
        first, *rest = render([self.diagnostic], self.text, self.source).split("\n")
        return "\n".join([self.diagnostic.code + first.partition("]")[2], *rest])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.diagnostic, self.text, self.source)


#: The most problems that are reported for one text.
MOST_PROBLEMS = 100


@attrs.define
class Problems:
    """Collects the diagnostics of one text, up to `MOST_PROBLEMS` errors."""

    text: str
    found: list[Diagnostic] = attrs.Factory(list)

    def error(self, code: str, extent: tuple[int, int], message: str, help: str, replacement: str | None = None, fix: Fix | None = None) -> None:
        """Records an error between two offsets. `replacement` repairs the text there; `fix` repairs it in another place."""
        assert code in CODES, code
        if len(self.found) < MOST_PROBLEMS:
            fix = fix if replacement is None else Fix(*extent, replacement)
            self.add(Diagnostic(code, "error", message, help, Span.of(self.text, *extent), fix))

    def near(self, word: str, candidates: Iterable[str]) -> str | None:
        """Returns what `did_you_mean` does, while problems are still recorded."""
        return did_you_mean(word, candidates) if len(self.found) < MOST_PROBLEMS else None

    def add(self, diagnostic: Diagnostic) -> None:
        """Records a diagnostic, unless it is recorded already."""
        if diagnostic not in self.found:
            self.found.append(diagnostic)

    def raise_any(self) -> None:
        """Raises a `ScheduleError` with all diagnostics, in the order of the text, if there are any."""
        if self.found:
            raise ScheduleError(sorted(self.found, key=lambda d: (d.span.start.offset, d.code)), self.text)


def refuse(code: str, message: str, help: str, text: str = "") -> ScheduleError:
    """Returns an error about a whole text, or about an argument of the calling program. The caller raises it."""
    return ScheduleError([Diagnostic(code, "error", message, help, Span.of(text, 0, len(text)))], text)


#: A word is compared with this many candidates, the likeliest by their letters, and not at all if it is longer: a comparison takes the product of the lengths.
_COMPARED, _LONGEST_WORD = 12, 40


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """Returns the candidate that `word` most likely stands for, or None. Names that share a word must be alike in their others too.

    >>> did_you_mean("cosin", ["linear", "cosine"])
    'cosine'
    >>> did_you_mean("weight_decy", ["weight_decay"]), did_you_mean("ema_decay", ["weight_decay"])
    ('weight_decay', None)
    """
    names = sorted(set(candidates))
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    for name in names:
        if name.lower() == plain:
            return name
    if not 3 <= len(word) <= _LONGEST_WORD:
        return None
    from difflib import get_close_matches  # slow to import, and most texts are right
    from heapq import nsmallest

    letters = {*word.lower(), *plain}
    likely = nsmallest(_COMPARED, names, key=lambda name: abs(len(name) - len(word)) + len(letters.symmetric_difference(name)))
    close = get_close_matches(word.lower(), likely, 3, 0.6) or get_close_matches(plain, likely, 3, 0.6)
    return next((name for name in close if all(get_close_matches(rest, [other], 1, 0.6) for rest, other in _unshared(plain, name.lower()))), None)


def _unshared(one: str, two: str) -> list[tuple[str, str]]:
    """Returns what each of two names has beside the words that they share; nothing if they share none, or if one of the two has no others."""
    (first, second) = (name.split("_") for name in (one, two))
    shared = {*first} & {*second}
    rests = ["_".join(word for word in words if word not in shared) for words in (first, second)]
    return [(rests[0], rests[1])] if shared and all(rests) else []


def foreign_letter(word: str) -> str | None:
    """Returns a note that names the first character of `word` that is not ASCII, or None if all are."""
    for character in word:
        if not character.isascii():
            return f"`{visible(character)}` is {unicodedata.name(character, 'a character without a name')} (U+{ord(character):04X}), not ASCII"
    return None


def shown(text: str, limit: int = 40) -> str:
    """Returns a piece of untrusted text, escaped and cut to `limit` characters, to quote in a message."""
    parts = glyphs(text[: limit + 1])
    if len(text) == len(parts) and sum(map(len, parts)) <= limit:
        return "".join(parts)
    size = 0
    for i, part in enumerate(parts):
        size += len(part)
        if size >= limit:
            return "".join(parts[:i]) + "…"
    return "".join(parts) + "…"


#: A style and a piece of a line. The styles error, warning, rule, help and strong may be coloured; "" is plain.
Styled: TypeAlias = "tuple[str, str]"


def render(diagnostics: Iterable[Diagnostic], text: str, source: str = "<schedule>") -> str:
    """Returns diagnostics as text for people.

    >>> problem = Diagnostic("LR101", "error", "no shape is called `hld`", "did you mean `hold`?", Span.of("hld(3)", 0, 3))
    >>> print(render([problem], "hld(3)"))
    error[LR101]: no shape is called `hld`
     --> <schedule>:1:1
      |
    1 | hld(3)
      | ^^^
      = help: did you mean `hold`?
    """
    return "\n".join("".join(piece for _, piece in line) for line in styled(diagnostics, text, source))


def styled(
    diagnostics: Iterable[Diagnostic], text: str, source: str = "<schedule>", marks: Callable[[Diagnostic], bool] = lambda _: False
) -> Iterator[tuple[Styled, ...]]:
    """Yields the lines of diagnostics, each as styled pieces. Untrusted text in them is escaped and stays on its line. `marks` says which get a `[*]`."""
    lines = text.split("\n")
    for i, d in enumerate(diagnostics):
        if i:
            yield ()
        yield from _block(d, lines, visible(source), marks(d))


def _block(d: Diagnostic, lines: list[str], source: str, marked: bool) -> Iterator[tuple[Styled, ...]]:
    start, end = d.span.start, d.span.end
    number = str(start.line)
    gutter = " " * len(number)
    yield (d.severity, f"{d.severity}[{d.code}]"), ("help", " [*]" * marked), ("strong", f": {visible(d.message)}")
    yield ("", gutter), ("rule", "-->"), ("", f" {source}:{start.line}:{start.column}")
    line = lines[start.line - 1].removesuffix("\r") if start.line <= len(lines) else ""
    if line.strip():
        stop = end.column - 1 if end.line == start.line else len(line)
        first, last = start.column - 1, max(stop, start.column)
        cut = max(0, first - 40) if len(line) > 100 else 0
        window = glyphs(line[cut : cut + 100].replace("\t", " ") if len(line) > 100 else line.replace("\t", " "))
        lead = "…" if cut else ""
        under = "".join(window[first - cut : last - cut])
        caret = " " * width(lead + "".join(window[: first - cut])) + "^" * max(1, width(under))
        yield (("rule", f"{gutter} |"),)
        yield ("rule", f"{number} |"), ("", f" {lead}{''.join(window)}{'…' if cut + len(window) < len(line) else ''}")
        yield ("rule", f"{gutter} |"), ("", " "), (d.severity, caret)
    yield ("rule", f"{gutter} ="), ("", " "), ("help", "help"), ("", f": {visible(d.help)}")

"""What rules find in a text, as diagnostics, and the comments that silence diagnostics: `# lrs: ignore`, `# lrs: ignore[LR203, LR3]`, `# lrs: ignore-file`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import attrs

from lrdsl.diagnostics import Diagnostic, Fix, Lines, Span
from lrdsl.rules.rule import Facts, Rule
from lrdsl.syntax.grammar import grammar
from lrdsl.syntax.nodes import Extent
from lrdsl.work import TooMuchWorkError, limited

#: A comment that silences: alone, or as a part of another comment. A mention in quotes or backticks is none.
_WORDS = r"\s*lrs:\s*ignore(?P<file{0}>-file)?(?:\s*\[(?P<codes{0}>[^\]\n]*)\])?"
_IGNORE = re.compile(rf"(?<!\S)(?:(?:#|//){_WORDS.format('')}(?=[\s#]|\Z)|/\*{_WORDS.format('_')}\s*\*/)", re.IGNORECASE)
#: Whether a text may hold such a comment, so that it is worth reading for comments.
_MAY_SILENCE = re.compile(r"lrs:\s*ignore", re.IGNORECASE)
_CODE = re.compile(r"[^\s,]+")
_NEWLINE = re.compile(r"\r?\n")
#: The code of a comment that silences nothing.
UNUSED = "LR901"


def findings(facts: Facts, rules: Iterable[Rule]) -> list[Diagnostic]:
    """Returns what some rules find, whether a comment silences it or not. They have one budget of work: the rules that it is too small for find nothing."""
    problems = []
    with limited():
        for rule in rules:
            if rule.about and facts.holds.isdisjoint(rule.about):
                continue
            try:
                for finding in rule.look(facts):
                    d = Diagnostic(rule.code, "warning", finding.message, finding.help, Span.of(facts.text, *finding.extent), finding.fix)
                    problems.append(without_lossy_fix(facts.text, d))
            except TooMuchWorkError:
                break
    return problems


def without_lossy_fix(text: str, d: Diagnostic) -> Diagnostic:
    """The diagnostic, without its repair if that would delete a comment: the author must decide where the comment goes."""
    loses = d.fix is not None and text.count("#", d.fix.start, d.fix.end) > d.fix.replacement.count("#")
    return attrs.evolve(d, fix=None) if loses else d


@attrs.frozen
class Silencer:
    """A comment that silences diagnostics: its extent in a text, the extent of its line, and its codes, each with its extent; no codes mean all.

    `whole` says that it silences the whole text. A code may be the beginning of several, as `LR3`.
    """

    extent: Extent
    line: Extent
    codes: tuple[tuple[str, Extent], ...]
    whole: bool


#: A comment of a text: its extent, and the extent of its line.
Comment = tuple[Extent, Extent]


def may_silence(text: str) -> bool:
    """Whether a text may have a comment that silences. Most have none, and are not read for comments."""
    return _MAY_SILENCE.search(text) is not None


def text_silencers(text: str) -> list[Silencer]:
    """Returns the comments in a schedule's text that silence diagnostics."""
    return silencers(text, _comments(text)) if may_silence(text) else []


def _comments(text: str) -> Iterator[Comment]:
    """The comments of a schedule's text."""
    tables = grammar()
    lines = Lines.of(text)
    for match in tables.scanner.finditer(text):
        if match.lastgroup in tables.ignored and match.group().startswith("#"):
            yield match.span(), line_at(text, lines, match.start())


def line_at(text: str, lines: Lines, offset: int) -> Extent:
    """Returns the extent of the line that holds an offset, without its end."""
    number = lines.number(offset)
    start = lines.starts[number - 1]
    end = lines.starts[number] - 1 if number < len(lines.starts) else len(text)
    return start, end - (end > start and text[end - 1] == "\r")


def silencers(text: str, comments: Iterable[Comment]) -> list[Silencer]:
    """Returns the comments that silence diagnostics, in the order of the text."""
    return [_silencer(match, start, line) for (start, end), line in comments for match in _IGNORE.finditer(text[start:end])]


def _silencer(match: re.Match[str], offset: int, line: Extent) -> Silencer:
    """The comment of a match. The text that was searched begins at an offset."""
    kind = "_" if match["codes_"] is not None or match["file_"] is not None else ""
    at = offset + max(match.start(f"codes{kind}"), 0)
    codes = tuple([(code.group().upper(), (at + code.start(), at + code.end())) for code in _CODE.finditer(match[f"codes{kind}"] or "")])
    return Silencer((offset + match.start(), offset + match.end()), line, codes, match[f"file{kind}"] is not None)


def apply_comments(
    text: str,
    silencers: Sequence[Silencer],
    problems: Iterable[Diagnostic],
    places: Callable[[Diagnostic], Collection[int]] | None = None,
    judges: Callable[[Silencer, str], bool] = lambda _, __: True,
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Returns the problems that no comment silences, and a warning for each comment with a code that silences nothing.

    `places` gives the offsets of a problem: a comment on the line of one of them silences it. By default they are those of its start and its end. `judges`
    says whether it is known what a comment's code silences; "" stands for all codes.
    """
    if not silencers:
        return list(problems), []
    used: set[tuple[Silencer, str]] = set()
    kept = []
    for d in problems:
        offsets = (d.span.start.offset, max(d.span.start.offset, d.span.end.offset - 1)) if places is None else places(d)
        uses = [
            (silencer, code)
            for silencer in silencers
            if silencer.whole or any(silencer.line[0] <= offset <= silencer.line[1] for offset in offsets)
            for code in [code for code, _ in silencer.codes] or [""]
            if d.code.startswith(code)
        ]
        used.update(uses)
        if not uses:
            kept.append(d)
    idle = (_idle(text, silencer, used, judges) for silencer in silencers)
    return kept, [d for d in idle if d is not None]


def _idle(text: str, silencer: Silencer, used: Collection[tuple[Silencer, str]], judges: Callable[[Silencer, str], bool]) -> Diagnostic | None:
    """The warning for a comment that silences nothing, or that has codes that silence nothing; None if all of it is used."""
    codes = [code for code, _ in silencer.codes] or [""]
    idle = [code for code in codes if (silencer, code) not in used and judges(silencer, code)]
    idle += [code for i, code in enumerate(codes) if code in codes[:i] and code not in idle]
    if not idle:
        return None
    names = ", ".join(f"`{code}`" for code in dict.fromkeys(idle) if code)
    message = f"there is no problem for this comment to silence{f': {names}' if names else ''}"
    rest = [code for code in dict.fromkeys(codes) if code not in idle or (silencer, code) in used]
    if not rest:
        fix, help = removal(text, silencer), "remove it"
    else:
        start, end = silencer.codes[0][1][0], silencer.codes[-1][1][1]
        fix, help = Fix(start, end, ", ".join(rest)), f"remove {names}"
    return Diagnostic(UNUSED, "warning", message, help, Span.of(text, *silencer.extent), fix)


def removal(text: str, silencer: Silencer) -> Fix:
    """Returns the edit that takes a comment out, with its line if nothing else stands there. Words that follow it stay, as a comment of their own."""
    (start, end), (first, last) = silencer.extent, silencer.line
    before, after = text[first:start].rstrip(" \t"), text[end:last]
    if not after.strip():
        newline = _NEWLINE.match(text, last)
        return Fix(first + len(before), last, "") if before or newline is None else Fix(first, newline.end(), "")
    if text.startswith("/*", start):
        return Fix(start, end, "")
    rest = len(after) - len(after.lstrip())
    sign = "#" if text.startswith("#", start) else "//"
    return Fix(start, end + rest, "" if after.startswith(sign, rest) else f"{sign} ")

"""Linting a text: its errors, and, where it is sound, what the rules find in it. Comments may silence rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from lrdsl.check.notes import Notes
from lrdsl.check.program import Library
from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError, Span
from lrdsl.linting.fixes import applied, compatible, composed
from lrdsl.linting.rules import RULES, Facts, Finding, Rule
from lrdsl.schedule import parse
from lrdsl.work import bounded

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lrdsl.clock import Options

#: `# lrs: ignore[LR203, LR207]` silences rules on its line, `# lrs: ignore` all of them.
_IGNORE = re.compile(r"#\s*lrs:\s*ignore(?:\[([^\]]*)\])?")
#: What repairs bring to light is repaired too, so many times.
MOST_ROUNDS = 20
#: The codes of a comment that silences nothing, and of a file or a text that cannot be read; and what each is about.
UNUSED, UNREADABLE = "LR901", "LR903"
ABOUT = {UNUSED: "comment that silences nothing", UNREADABLE: "file or text that cannot be read"}


@attrs.frozen
class Selection:
    """Which rules speak: those whose codes begin with one of `select`, and not with one of `ignore`; all of them unless said. Errors cannot be silenced."""

    select: tuple[str, ...] = ("LR",)
    ignore: tuple[str, ...] = ()

    def __contains__(self, code: str) -> bool:
        return code.startswith(self.select) and not (self.ignore and code.startswith(self.ignore))


_ALL = Selection()


@lru_cache
def _speaking(selection: Selection) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES.values() if rule.code in selection)


def lint(text: str, *, library: Library | None = None, selection: Selection | None = None, **options: Unpack[Options]) -> list[Diagnostic]:
    """The problems of a text: errors, or, where there are none, warnings of the rules; never raises on bad text. Options as in `parse`.

    >>> import lrdsl
    >>> [d.code for d in lrdsl.lint("cosin(20) then step(0)")]
    ['LR101', 'LR131']
    >>> [(d.code, d.severity) for d in lrdsl.lint("warmup(100) then cosine(1000)", total_steps=1000)]
    [('LR203', 'warning')]
    """
    selection = selection or _ALL
    try:
        with bounded(text):
            facts = _facts(text, library, options)
            found = [_diagnostic(text, rule, finding) for rule in _speaking(selection) for finding in rule.look(facts)]
    except ScheduleError as error:
        return [_gentle(text, d) for d in error.diagnostics]
    kept, unused = _silenced(text, found)
    if UNUSED in selection:
        kept += unused
    return sorted(kept, key=lambda d: (d.span.start.offset, d.code))


def _facts(text: str, library: Library | None, options: Options) -> Facts:
    """What is known of a sound text; raises `ScheduleError` for another."""
    notes = Notes(text)
    s = parse(text, library=library, notes=notes, **options)
    return Facts(text, s.tree, s.program, s.clock, notes)


def _diagnostic(text: str, rule: Rule, finding: Finding) -> Diagnostic:
    return _gentle(text, Diagnostic(rule.code, "warning", finding.message, finding.help, Span.of(text, *finding.extent), finding.fix))


def _gentle(text: str, d: Diagnostic) -> Diagnostic:
    """The diagnostic, without its repair if that would take a comment out: the author has to say where it goes."""
    loses = d.fix is not None and text.count("#", d.fix.start, d.fix.end) > d.fix.replacement.count("#")
    return attrs.evolve(d, fix=None) if loses else d


def _silenced(text: str, found: list[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The diagnostics that no comment silences, and a diagnostic for each code of a comment that silences nothing."""
    comments = dict(_comments(text))
    used: set[tuple[int, str]] = set()
    kept = []
    for d in found:
        _, codes = comments.get(d.span.start.line, ((0, 0), None))
        if codes is not None and (not codes or d.code in codes):
            used.add((d.span.start.line, d.code if codes else ""))
        else:
            kept.append(d)
    unused = []
    for line, (extent, codes) in comments.items():
        idle = [code for code in codes or [""] if (line, code) not in used]
        if idle:
            what = ", ".join(f"`{code}`" for code in idle if code) or "nothing"
            unused.append(Diagnostic(UNUSED, "warning", f"this comment silences what is not there: {what}", "take it out", Span.of(text, *extent)))
    return kept, unused


def _comments(text: str) -> Iterator[tuple[int, tuple[tuple[int, int], Collection[str]]]]:
    """The line of each comment that silences, its extent, and the codes in it, none for all."""
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        found = _IGNORE.search(line)
        if found:
            codes = [code.strip() for code in (found[1] or "").split(",") if code.strip()]
            yield number, ((offset + found.start(), offset + found.end()), codes)
        offset += len(line) + 1


def fixed(text: str, *, unsafe: bool = False, library: Library | None = None, selection: Selection | None = None, **options: Unpack[Options]) -> str:
    """A text with all repairs made that keep every level; the `unsafe` ones too where they are asked for. A text with errors has only theirs made.

    >>> import lrdsl.linting.linter
    >>> lrdsl.linting.linter.fixed("warmup(5) then restart cosine(95)")
    'warmup(5) then cosine(95)'
    """

    def look(text: str) -> list[Diagnostic]:
        return lint(text, library=library, selection=selection, **options)

    return applied(text, all_repairs(text, unsafe, look)[0])


def all_repairs(text: str, unsafe: bool, look: Callable[[str], list[Diagnostic]]) -> tuple[list[Fix], int]:
    """All repairs to make in a text, also of what others bring to light, as repairs of the text as it is; and how many they were."""
    fixes: list[Fix] = []
    count = 0
    repaired = text
    for _ in range(MOST_ROUNDS):
        more = compatible(repairs(repaired, look(repaired), unsafe, look))
        after = applied(repaired, more)
        if after == repaired:
            break
        fixes, count, repaired = composed(len(text), fixes, more), count + len(more), after
    return fixes, count


def repairs(text: str, found: list[Diagnostic], unsafe: bool, look: Callable[[str], list[Diagnostic]]) -> list[Fix]:
    """The repairs to make in a text, of what was found in it; of a text with errors only those after which it has fewer."""
    fixes = [d.fix for d in found if d.fix is not None and _may_apply(d, unsafe)]
    errors = _errors(found)
    return fixes if not errors or not fixes or _errors(look(applied(text, fixes))) < errors else []


def _errors(found: list[Diagnostic]) -> int:
    return sum(d.severity == "error" for d in found)


def _may_apply(d: Diagnostic, unsafe: bool) -> bool:
    """Whether a repair is made: a safe one always, another where that is asked for."""
    rule = RULES.get(d.code)
    return unsafe if rule is None or rule.fix != "safe" else True

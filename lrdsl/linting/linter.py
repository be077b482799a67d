"""The linter: `lint` gives the errors of a text, or the warnings of the rules if it has none; `all_repairs` gives the repairs. Comments silence rules."""

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

#: `# lrs: ignore[LR203, LR207]` silences these rules on its line, and `# lrs: ignore` silences all.
_IGNORE = re.compile(r"#\s*lrs:\s*ignore(?:\[([^\]]*)\])?")
#: A repair may reveal another problem, which is repaired in the next round. There are at most so many rounds.
MOST_ROUNDS = 20
#: The codes of a comment that silences nothing, and of a file or text that cannot be read, with their titles.
UNUSED, UNREADABLE = "LR901", "LR903"
ABOUT = {UNUSED: "comment that silences nothing", UNREADABLE: "file or text that cannot be read"}


@attrs.frozen
class Selection:
    """The rules to use: those whose code begins with one of `select`, but not with one of `ignore`. The default is all rules. Errors cannot be silenced."""

    select: tuple[str, ...] = ("LR",)
    ignore: tuple[str, ...] = ()

    def __contains__(self, code: str) -> bool:
        return code.startswith(self.select) and not (self.ignore and code.startswith(self.ignore))


_ALL = Selection()


@lru_cache
def _selected_rules(selection: Selection) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES.values() if rule.code in selection)


def lint(text: str, *, library: Library | None = None, selection: Selection | None = None, **options: Unpack[Options]) -> list[Diagnostic]:
    """Returns the problems of a text: its errors, or the warnings of the rules if it has no errors. Never raises for a bad text.

    Parameters: `text`; `library`, the folder whose files the text may use; `selection`, the rules to use (default: all); the options of `parse`.

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
            problems = [_diagnostic(text, rule, finding) for rule in _selected_rules(selection) for finding in rule.look(facts)]
    except ScheduleError as error:
        return [_without_lossy_fix(text, d) for d in error.diagnostics]
    kept, unused = _apply_comments(text, problems)
    if UNUSED in selection:
        kept += unused
    return sorted(kept, key=lambda d: (d.span.start.offset, d.code))


def _facts(text: str, library: Library | None, options: Options) -> Facts:
    """The facts of a text for the rules. Raises `ScheduleError` for a text with errors."""
    notes = Notes(text)
    s = parse(text, library=library, notes=notes, **options)
    return Facts(text, s.tree, s.program, s.clock, notes)


def _diagnostic(text: str, rule: Rule, finding: Finding) -> Diagnostic:
    return _without_lossy_fix(text, Diagnostic(rule.code, "warning", finding.message, finding.help, Span.of(text, *finding.extent), finding.fix))


def _without_lossy_fix(text: str, d: Diagnostic) -> Diagnostic:
    """The diagnostic, without its repair if that would delete a comment: the author must decide where the comment goes."""
    loses = d.fix is not None and text.count("#", d.fix.start, d.fix.end) > d.fix.replacement.count("#")
    return attrs.evolve(d, fix=None) if loses else d


def _apply_comments(text: str, problems: list[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Returns the problems that no comment silences, and a warning for each comment with a code that silences nothing."""
    comments = dict(_comments(text))
    used: set[tuple[int, str]] = set()
    kept = []
    for d in problems:
        _, codes = comments.get(d.span.start.line, ((0, 0), None))
        if codes is not None and (not codes or d.code in codes):
            used.add((d.span.start.line, d.code if codes else ""))
        else:
            kept.append(d)
    unused = []
    for line, (extent, codes) in comments.items():
        idle = [code for code in codes or [""] if (line, code) not in used]
        if idle:
            names = ", ".join(f"`{code}`" for code in idle if code)
            message = f"there is no problem for this comment to silence{f': {names}' if names else ''}"
            unused.append(Diagnostic(UNUSED, "warning", message, "remove it", Span.of(text, *extent)))
    return kept, unused


def _comments(text: str) -> Iterator[tuple[int, tuple[tuple[int, int], Collection[str]]]]:
    """The line of each comment that silences rules, its extent, and its codes; no codes mean all rules."""
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        comment = _IGNORE.search(line)
        if comment:
            codes = [code.strip() for code in (comment[1] or "").split(",") if code.strip()]
            yield number, ((offset + comment.start(), offset + comment.end()), codes)
        offset += len(line) + 1


def all_repairs(text: str, unsafe: bool, look: Callable[[str], list[Diagnostic]]) -> tuple[list[Fix], int]:
    """Returns the repairs of a text, and how many problems they repair. They include repairs of problems that other repairs reveal.

    `look` gives the problems of a text. With `unsafe`, repairs that change levels are made too.

    >>> all_repairs("warmup(5) then restart cosine(95)", False, lint)
    ([Fix(start=15, end=23, replacement='')], 1)
    """
    fixes: list[Fix] = []
    count = 0
    repaired = text
    for _ in range(MOST_ROUNDS):
        more = compatible(_repairs(repaired, look(repaired), unsafe, look))
        after = applied(repaired, more)
        if after == repaired:
            break
        fixes, count, repaired = composed(len(text), fixes, more), count + len(more), after
    return fixes, count


def _repairs(text: str, problems: list[Diagnostic], unsafe: bool, look: Callable[[str], list[Diagnostic]]) -> list[Fix]:
    """The repairs of one round. If the text has errors, they are made only if it has fewer errors after them."""
    fixes = [d.fix for d in problems if d.fix is not None and _may_apply(d, unsafe)]
    errors = _count_errors(problems)
    return fixes if not errors or not fixes or _count_errors(look(applied(text, fixes))) < errors else []


def _count_errors(problems: list[Diagnostic]) -> int:
    return sum(d.severity == "error" for d in problems)


def _may_apply(d: Diagnostic, unsafe: bool) -> bool:
    """Whether to make a repair: a safe one always, another one only with `unsafe`."""
    rule = RULES.get(d.code)
    return unsafe if rule is None or rule.fix != "safe" else True

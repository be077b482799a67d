"""What rules find in a text, as diagnostics, and the comments in the text that silence rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import attrs

from lrdsl.diagnostics import Diagnostic, Span
from lrdsl.rules.rule import Facts, Rule
from lrdsl.work import TooMuchWorkError, limited

#: `# lrs: ignore[LR203, LR207]` silences these rules on its line, and `# lrs: ignore` silences all.
_IGNORE = re.compile(r"#\s*lrs:\s*ignore(?:\[([^\]]*)\])?")
#: The code of a comment that silences nothing.
UNUSED = "LR901"


def findings(facts: Facts, rules: Iterable[Rule]) -> list[Diagnostic]:
    """Returns what some rules find, whether a comment silences it or not. They have one budget of work: the rules that it is too small for find nothing."""
    problems = []
    with limited():
        for rule in rules:
            try:
                for found in rule.look(facts):
                    d = Diagnostic(rule.code, "warning", found.message, found.help, Span.of(facts.text, *found.extent), found.fix)
                    problems.append(without_lossy_fix(facts.text, d))
            except TooMuchWorkError:
                break
    return problems


def without_lossy_fix(text: str, d: Diagnostic) -> Diagnostic:
    """The diagnostic, without its repair if that would delete a comment: the author must decide where the comment goes."""
    loses = d.fix is not None and text.count("#", d.fix.start, d.fix.end) > d.fix.replacement.count("#")
    return attrs.evolve(d, fix=None) if loses else d


def apply_comments(text: str, problems: list[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
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

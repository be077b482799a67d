"""The linter: `lint` gives the errors of a text, or the warnings of the rules if it has none; `all_repairs` gives the repairs. Comments silence rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from lrdsl.arguments import number
from lrdsl.check.program import Library
from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError
from lrdsl.linting.fixes import applied, compatible, composed
from lrdsl.rules.catalogue import RULES
from lrdsl.rules.finding import UNUSED, apply_comments, findings, without_lossy_fix
from lrdsl.rules.rule import Facts, Rule
from lrdsl.schedule import parse
from lrdsl.work import bounded

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lrdsl.clock import Options

#: A repair may reveal another problem, which is repaired in the next round. There are at most so many rounds.
MOST_ROUNDS = 20
#: The code of a file or text that cannot be read, and the titles of the codes that no rule has.
UNREADABLE = "LR903"
ABOUT = {UNUSED: "comment that silences nothing", UNREADABLE: "file or text that cannot be read"}


@attrs.frozen
class Selection:
    """The rules to use: the code begins with one of `select`, or of `extend`, and not with one of `ignore` that is as long or longer. By default, all.

    >>> "LR501" in Selection(ignore=("LR5",)), "LR501" in Selection(extend=("LR501",), ignore=("LR5",))
    (False, True)
    """

    select: tuple[str, ...] = ("LR",)
    ignore: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()

    def __contains__(self, code: str) -> bool:
        return _longest(code, (*self.select, *self.extend)) > _longest(code, self.ignore)

    def changed(self, select: tuple[str, ...] | None, extend: tuple[str, ...] = (), ignore: tuple[str, ...] | None = None) -> Selection:
        """The rules after another choice. A new `select` puts all that was chosen before aside."""
        if select is not None:
            return Selection(select, ignore or (), extend)
        return Selection(self.select, self.ignore if ignore is None else ignore, (*self.extend, *extend))

    def without(self, prefixes: tuple[str, ...]) -> Selection:
        """These rules without all whose code begins with one of some prefixes."""
        return attrs.evolve(self, ignore=(*self.ignore, *(code for code in (*RULES, *ABOUT) if code.startswith(prefixes))))


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    """The length of the longest prefix that a code begins with; 0 if there is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


_ALL = Selection()


@lru_cache
def _selected_rules(selection: Selection) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES.values() if rule.code in selection)


def lint(
    text: str, *, library: Library | None = None, selection: Selection | None = None, base: float | None = None, **options: Unpack[Options]
) -> list[Diagnostic]:
    """Returns the problems of a text: its errors, or the warnings of the rules if it has no errors. Never raises for a bad text.

    Parameters: `text`; `library`, the folder whose files the text may use; `selection`, the rules to use (default: all); `base`, the optimizer's own rate
    (default: what the text sets, else unknown); the options of `parse`.

    >>> import lrdsl
    >>> [d.code for d in lrdsl.lint("cosin(20) then step(0)")]
    ['LR101', 'LR131']
    >>> [(d.code, d.severity) for d in lrdsl.lint("warmup(100) then cosine(1000)", total_steps=1000)]
    [('LR203', 'warning')]
    >>> [d.message for d in lrdsl.lint("cosine(1000, to=0.1)", base=0.001)]
    ['`to=0.1` is an absolute level, 100 times the base of 0.001']
    """
    selection = selection or _ALL
    try:
        with bounded(text):
            known = None if base is None else number("base", base, "give the optimizer's own rate, as 0.1", text=text)
            schedule = parse(text, library=library, **options)
    except ScheduleError as error:
        return [without_lossy_fix(text, d) for d in error.diagnostics]
    problems = findings(Facts.of(schedule, known), _selected_rules(selection))
    kept, unused = apply_comments(text, problems)
    if UNUSED in selection:
        kept += unused
    return sorted(kept, key=lambda d: (d.span.start.offset, d.code))


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
    return unsafe or is_safe(d)


def is_safe(d: Diagnostic) -> bool:
    """Whether the repair of a problem keeps every level: the author of a rule says so."""
    rule = RULES.get(d.code)
    return rule is not None and rule.fix == "safe"

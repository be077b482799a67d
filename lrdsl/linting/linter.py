"""The linter: `lint` gives the errors of a text, or the warnings of the rules if it has none; `repairs` gives repairs. Comments in the text silence both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from lrdsl.arguments import number
from lrdsl.check.program import Library
from lrdsl.diagnostics import Diagnostic, Fix, ScheduleError
from lrdsl.rules.catalogue import RULES
from lrdsl.rules.finding import UNUSED, Silencer, apply_comments, findings, text_silencers, without_lossy_fix
from lrdsl.rules.rule import Facts, Rule
from lrdsl.schedule import parse
from lrdsl.work import bounded

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lrdsl.clock import Options

#: The code of a file or text that cannot be read.
UNREADABLE = "LR903"
#: The code of a text whose lines its file's format joins, or that it splits.
JOINED = "LR904"
#: The titles of the codes that no rule has.
ABOUT = {UNUSED: "comment that silences nothing", UNREADABLE: "file or text that cannot be read", JOINED: "text that its file's format joins or splits"}


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
        from lrdsl.linting.codes import all_codes

        return attrs.evolve(self, ignore=(*self.ignore, *(code for code in all_codes() if code.startswith(prefixes))))

    def reports(self, d: Diagnostic) -> bool:
        """Whether a diagnostic is to be reported."""
        return d.severity == "error" or d.code in self


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    """The length of the longest prefix that a code begins with; 0 if there is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def lint(
    text: str, *, library: Library | None = None, selection: Selection | None = None, base: float | None = None, **options: Unpack[Options]
) -> list[Diagnostic]:
    """Returns the problems of a text: its errors, or the warnings of the rules if it has no errors. Never raises for a bad text.

    Parameters: `text`; `library`, the folder whose files the text may use; `selection`, the rules to use (default: all); `base`, the optimizer's own rate
    (default: what the text sets, else unknown); the options of `parse`. A comment `# lrs: ignore[LR203]` in the text silences problems on its line.

    >>> import lrdsl
    >>> [d.code for d in lrdsl.lint("cosin(20) then step(0)")]
    ['LR101', 'LR131']
    >>> [(d.code, d.severity) for d in lrdsl.lint("warmup(100) then cosine(1000)", total_steps=1000)]
    [('LR203', 'warning')]
    >>> [d.message for d in lrdsl.lint("cosine(1000, to=0.1)", base=0.001)]
    ['`to=0.1` is an absolute level, 100 times the base of 0.001']
    """
    problems = problems_of(text, RULES.values(), library, base, **options)
    if isinstance(text, str):  # else the problem is that it is no text
        problems = silenced(text, problems)
    return problems if selection is None else [d for d in problems if selection.reports(d)]


def problems_of(text: str, rules: Iterable[Rule], library: Library | None = None, base: float | None = None, **options: Unpack[Options]) -> list[Diagnostic]:
    """Returns the errors of a text, or what some rules find if it has none, whether comments silence it or not."""
    try:
        with bounded(text):
            base_number = None if base is None else number("base", base, "give the optimizer's own rate, as 0.1", text=text)
            schedule = parse(text, library=library, **options)
    except ScheduleError as error:
        return [without_lossy_fix(text, d) for d in error.diagnostics]
    return findings(Facts.of(schedule, base_number), rules)


def silenced(text: str, problems: list[Diagnostic]) -> list[Diagnostic]:
    """Returns the problems of a text that no comment in it silences, and those of comments that silence nothing, in the order of the text."""
    partly = is_partly_checked(problems)

    def judges(_: Silencer, code: str) -> bool:
        return not (partly and is_about_rules(code)) and not any(
            rule.compiles and not rule.alone and code and rule.code.startswith(code) for rule in RULES.values()
        )

    kept, unused = apply_comments(text, text_silencers(text), problems, judges=judges)
    return sorted([*kept, *unused], key=lambda d: (d.span.start.offset, d.code))


def is_partly_checked(problems: Iterable[Diagnostic]) -> bool:
    """Whether a text with these problems was not looked at by the rules: it has errors, or could not be read."""
    return any(d.severity == "error" or d.code == UNREADABLE for d in problems)


def is_about_rules(code: str) -> bool:
    """Whether a code, or the beginning of one, may be that of a rule; no code stands for all."""
    return any(rule.startswith(code) for rule in RULES)


def repairs(text: str, problems: list[Diagnostic], unsafe: bool, look: Callable[[str], list[Diagnostic]]) -> list[Fix]:
    """Returns the repairs of a text that can be made together; with `unsafe`, those too that change levels.

    If the text has errors, they are made only if it has fewer errors after them. `look` gives the problems of a text.

    >>> repairs("warmup(5) then restart cosine(95)", lint("warmup(5) then restart cosine(95)"), False, lint)
    [Fix(start=15, end=23, replacement='')]
    """
    from lrdsl.linting.fixes import applied, compatible  # most checks repair nothing

    fixes = compatible(d.fix for d in problems if d.fix is not None and may_apply(d, unsafe))
    if not fixes or not count_errors(problems):
        return fixes
    return fixes if count_errors(look(applied(text, fixes))) < count_errors(look(text)) else []


def count_errors(problems: Iterable[Diagnostic]) -> int:
    """How many problems are errors."""
    return sum(d.severity == "error" for d in problems)


def may_apply(d: Diagnostic, unsafe: bool) -> bool:
    """Whether to make a repair: a safe one always, another one only with `unsafe`."""
    return unsafe or is_safe(d)


def is_safe(d: Diagnostic) -> bool:
    """Whether the repair of a problem keeps every level: the author of a rule says so."""
    rule = RULES.get(d.code)
    return d.code == UNUSED or (rule is not None and rule.fix == "safe")

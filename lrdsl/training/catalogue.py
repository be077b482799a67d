"""All rules about training code, and `reports`: what they find in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lrdsl.diagnostics import Diagnostic, Span
from lrdsl.training import counting, effects, lengths, levels
from lrdsl.training.cases import cases, line_of
from lrdsl.training.rule import Look, RunRule

#: Every rule by its code.
RUN_RULES: dict[str, RunRule] = {
    rule.code: rule for rule in sorted((*counting.RULES, *lengths.RULES, *levels.RULES, *effects.RULES), key=lambda rule: rule.code)
}

#: The rules that find a schedule that counts in another unit than its run.
_UNITS = ("LR601", "LR608")


def reports(text: str, name: str, folder: Path | None = None, line: Callable[[int], str] = line_of) -> list[Diagnostic]:
    """Returns what the rules find in the schedules of other libraries in a file, in the order of the file.

    Parameters: `text`; `name`, the name of the file, whose ending says what it is; `folder`, inside which files that a config builds on are looked for;
    `line`, how a line of the text is told.
    """
    problems = []
    for case in cases(text, name, folder, line):
        look = Look(case)
        counts_otherwise = any(any(RUN_RULES[code].look(look)) for code in _UNITS)
        for rule in RUN_RULES.values():
            for report in () if counts_otherwise and rule.levels else rule.look(look):
                severity = "note" if report.note else "warning"
                problems.append(
                    Diagnostic(rule.code, severity, report.message, report.help, Span.of(text, *(report.extent if report.extent[1] else look.extent)))
                )
    return sorted(problems, key=lambda d: (d.span.start.offset, d.code))

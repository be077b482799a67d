"""The answers to the page's questions, from JSON to JSON. `answer` is all that a server or a browser calls. It runs nothing of a text, and opens no file.

Offsets in answers, and in questions, count UTF-16 units, as the page's editor does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lrdsl.analysis.overview import head, rows
from lrdsl.analysis.plotting import picture_of
from lrdsl.clock import MAX_TICKS
from lrdsl.diagnostics import Diagnostic, Problems, ScheduleError, refuse, shown
from lrdsl.editor.colours import words_of
from lrdsl.editor.editing import Document
from lrdsl.editor.positions import Positions
from lrdsl.escaping.strict_json import json_of
from lrdsl.escaping.visible import visible, visible_lines
from lrdsl.expr.exact import nearest_number
from lrdsl.figures.picture import Panel
from lrdsl.linting.linter import lint
from lrdsl.plan import MOST_TICKS
from lrdsl.play import gallery
from lrdsl.play.questions import BadQuestionError, Question
from lrdsl.schedule import Schedule, parse
from lrdsl.schedule.assertions import hold, untested
from lrdsl.syntax.formatter import format
from lrdsl.syntax.tokens import MAX_TEXT
from lrdsl.targets import Target
from lrdsl.work import Memory, bounded, remembering

#: The most rows of a table, problems, schedules of an import, and characters of a formula or of code that are sent.
_MOST_ROWS, _MOST_PROBLEMS, _MOST_READINGS, _MOST_CODE = 200, 100, 50, 200_000
#: The width of a formula on the page, in ems.
_WIDTH = 46
#: The formats in which a formula is copied.
FORMATS = ("latex", "typst", "markdown", "python", "mathml", "text")

Answer = dict[str, Any]


def answer(source: str) -> str:
    """Answers a question of the page. Never raises: a question that cannot be answered gets an object with `problems`, or with `error`.

    >>> answer('{"ask": "levels", "text": "linear(4)", "tick": 1}')
    '{"levels": [{"target": "lr", "level": 0.75, "phase": 0}]}'
    """
    try:
        question = Question.of(source)
        if question.kind not in ANSWERS:
            raise BadQuestionError("the question is unknown")
        with bounded(question.text), remembering(Memory()), untested():
            answered = ANSWERS[question.kind](question)
    except BadQuestionError as error:
        answered = {"error": str(error)}
    except ScheduleError as error:
        answered = {"problems": _problems(error.diagnostics, error.text)}
    return json_of(answered)


@lru_cache(maxsize=8)
def _schedule(text: str, options: tuple[tuple[str, Any], ...], events: tuple[int, ...]) -> Schedule:
    facts: dict[str, Any] = {name: dict(value) if name == "names" else value for name, value in options}
    return parse(text, **facts).supposing(*events)


def _schedule_of(q: Question, text: str | None = None) -> Schedule:
    options = tuple((name, tuple(value.items()) if isinstance(value, Mapping) else value) for name, value in q.options.items())
    return _schedule(q.text if text is None else text, options, q.events if text is None else ())


def _problems(diagnostics: list[Diagnostic], text: str) -> list[Answer]:
    """Diagnostics as data, with places in the text."""
    at = Positions.of(text)
    return [
        {
            "code": d.code,
            "severity": d.severity,
            "message": visible(d.message),
            "help": visible(d.help),
            "from": at.units(d.span.start.offset),
            "to": at.units(d.span.end.offset),
            "line": d.span.start.line,
            "fix": None if d.fix is None else {"from": at.units(d.fix.start), "to": at.units(d.fix.end), "insert": d.fix.replacement},
        }
        for d in diagnostics[:_MOST_PROBLEMS]
    ]


def _look(q: Question) -> Answer:
    """What the page shows at each key: the problems and, if there is no error, the curves and what there is to say of each target.

    `other` is a second text, to lay over the first. `first` and `ticks` are the part of the run that is shown, `log` is for a logarithmic axis.
    """
    problems = lint(q.text, base=q.base, **q.options)
    answered: Answer = {"problems": _problems(problems, q.text), **_words(q)}
    if any(d.severity == "error" for d in problems):
        return answered
    s = _schedule_of(q)
    both, other = [s], q.text_of("other")
    if other:
        try:
            both.append(_schedule_of(q, other))
        except ScheduleError as error:
            answered["other"] = _problems(error.diagnostics, error.text)
    base = s.program.base_value if q.base is None else q.base
    shown_ticks = min(q.whole("ticks"), MOST_TICKS)
    first = min(q.whole("first"), MAX_TICKS - MOST_TICKS)
    names = ["other groups"] if len(both) == 1 else ["this text", "the other text"]
    picture = picture_of(*both, names=names, base=base, ticks=shown_ticks or None, log=bool(q.rest.get("log")), first=first, exponents=False)
    return answered | {
        "base": base,
        "unit": picture.unit,
        "start": picture.start,
        "end": picture.end,
        "panels": [_panel(panel) for panel in picture.panels],
        "targets": [_target(s, target, base, q.base) for target in s.targets[:_MOST_ROWS]],
        "follows": list(s.metrics),
        "assertions": len(s.program.assertions),
    }


def _assertions(q: Question) -> Answer:
    """Which assertions hold, and the problems of those that do not. They are tested when the keys rest: that may take a while."""
    s, problems = _schedule_of(q), Problems(q.text)
    hold(s.program.assertions, s.program.base_value, problems)
    broken = {(d.span.start.offset, d.span.end.offset) for d in problems.found}
    held = [visible(assertion.text) for assertion in s.program.assertions if assertion.extent not in broken]
    return {"problems": _problems(problems.found, q.text), "held": held}


def _panel(panel: Panel) -> Answer:
    """A panel, with its curves as a list of times and a list of levels."""
    curves = [{"label": curve.label, "x": [x for x, _ in curve.points], "y": [None if y != y else y for _, y in curve.points]} for curve in panel.curves]
    return {"name": panel.name, "curves": curves, "phases": [{"text": visible(p.text), "start": p.start, "end": p.end} for p in panel.phases]}


def _target(s: Schedule, target: Target, base: float, stated: float | None) -> Answer:
    """What a target does: its sentence, and its table of phases."""
    table = rows(s, target, base)
    columns = head(table)
    cells = [[row.depth, visible(row.text), *(getattr(row, name) for name in columns[1:])] for row in table[:_MOST_ROWS]]
    sentence = visible(s.sentence(stated, target.name))
    return {"name": visible(target.name), "sentence": sentence, "columns": columns, "rows": cells, "more": len(table) - len(cells)}


def _words(q: Question) -> Answer:
    """The words to colour, each with its kind."""
    at = Positions.of(q.text)
    return {"words": [[at.units(start), at.units(end), kind] for (start, end), kind in words_of(q.text[: MAX_TEXT + 1])]}


def _levels(q: Question) -> Answer:
    """The level of each target at a tick, and the number of its phase."""
    s, tick = _schedule_of(q), q.whole("tick")
    base = s.program.base_value if q.base is None else q.base
    levels = [(t, s.at(min(tick, MAX_TICKS), base, t.name)) for t in s.targets]
    return {"levels": [{"target": visible(t.name), "level": level, "phase": t.plan.phase_at(tick)} for t, level in levels]}


def _document(q: Question) -> tuple[Document, int, Positions]:
    """The document of a text, and the place in it that the question is about."""
    at = Positions.of(q.text)
    return Document.of(q.text[:MAX_TEXT], q.options), at.after(q.whole("at")), at


def _hover(q: Question) -> Answer:
    """What a word means, in Markdown."""
    document, offset, at = _document(q)
    hover = document.hover(offset)
    if hover is None:
        return {"text": ""}
    (start, end), text = hover
    return {"text": visible_lines(text), "from": at.units(start), "to": at.units(end)}


def _complete(q: Question) -> Answer:
    """The words that may stand at a place, best first."""
    document, offset, _ = _document(q)
    options = [{"label": s.text, "kind": s.kind, "detail": shown(s.detail, 80), "doc": visible_lines(s.doc)} for s in document.suggestions(offset)]
    return {"options": options}


def _signature(q: Question) -> Answer:
    """The call that is being typed: its parts, and which of them."""
    document, offset, _ = _document(q)
    call = document.signatures(offset)
    if call is None:
        return {"label": ""}
    signatures, best, active = call
    slots = signatures[best].slots
    line = "" if active is None or active >= len(slots) else slots[active].line or slots[active].doc
    return {"label": visible(signatures[best].label), "slot": "" if not line or active is None else slots[active].label, "doc": visible_lines(line)}


def _format(q: Question) -> Answer:
    """The text in its canonical form, with its comments."""
    return {"text": format(q.text)}


def _formulas(q: Question) -> Answer:
    """The closed form of a target, in every format; in place of one that is too long, nothing."""
    s, target = _schedule_of(q), q.text_of("target") or None
    symbolic = bool(q.rest.get("symbolic"))
    base = None if symbolic else q.base
    texts = {format: s.typeset(format, base, target, symbolic=symbolic, width=_WIDTH) for format in FORMATS}
    return {"formulas": {format: text if len(text) <= _MOST_CODE else "" for format, text in texts.items()}}


def _export(q: Question) -> Answer:
    """The code of another library."""
    code = _schedule_of(q).export(q.text_of("to"), q.base, q.text_of("target") or None)
    if len(code) > _MOST_CODE:
        raise refuse("LR155", f"the code is longer than {_MOST_CODE:,} characters", "`lrdsl export` writes it to a file", q.text)
    return {"code": code}


def _dialects(_: Question) -> Answer:
    """The libraries that code is written for, and those whose code or configs are read."""
    from lrdsl.dialects.overview import libraries

    return {
        "written": [{"name": row["name"], "title": row["library"]} for row in libraries() if row["written"]],
        "read": [row["library"] for row in libraries() if row["read"]],
    }


def _compare(q: Question) -> Answer:
    """What the comparison of two texts comes to."""
    from lrdsl.analysis.comparison import compare
    from lrdsl.analysis.verdict import sentence

    differences = compare(_schedule_of(q), _schedule_of(q, q.text_of("other")), q.base)
    named = len(differences) > 1
    sentences = [visible((f"{d.target}: " if named else "") + sentence(d)) for d in differences]
    return {"same": all(d.same for d in differences), "proved": all(d.proved for d in differences), "sentences": sentences}


def _read(q: Question) -> Answer:
    """The schedules of another library in code, or in a config."""
    from lrdsl.dialects.sources import readings_of

    readings = readings_of(q.text)[:_MOST_READINGS]
    return {
        "readings": [
            {
                "dialect": one.dialect,
                "source": shown(one.source, 200),
                "line": one.line,
                "text": one.text,
                "facts": {name: str(nearest_number(value)) if name != "tick" else value for name, value in one.clock.items() if not isinstance(value, dict)},
                "base": "" if one.base is None else str(nearest_number(one.base)),
                "unknown": list(one.unknown),
                "notes": [visible(problem) for problem in one.problems] + [f"{name} is {value} by default" for name, value in one.assumed.items()],
            }
            for one in readings
        ]
    }


def _gallery(_: Question) -> Answer:
    """The schedules to begin with, each with where it is from."""
    return {"entries": gallery.entries()}


#: How each question is answered.
ANSWERS: dict[str, Callable[[Question], Answer]] = {
    "look": _look,
    "words": _words,
    "assertions": _assertions,
    "levels": _levels,
    "hover": _hover,
    "complete": _complete,
    "signature": _signature,
    "format": _format,
    "formulas": _formulas,
    "export": _export,
    "dialects": _dialects,
    "compare": _compare,
    "read": _read,
    "gallery": _gallery,
}

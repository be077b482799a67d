"""The check of the schedules in one file: `File`, its texts, and `Checker`, which gives their problems, without those that comments in the file silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lrdsl import syntax
from lrdsl.arguments import is_schedule_file
from lrdsl.check.program import SETTINGS
from lrdsl.diagnostics import Diagnostic, ScheduleError, Span, shown
from lrdsl.dialects.signs import may_have
from lrdsl.files.folder import Folder
from lrdsl.linting.hosts import Embedded, Finder, UnreadableError, pages_in, texts_in
from lrdsl.linting.hosts.embedded import Given, Remedy
from lrdsl.linting.hosts.placeholders import stood_in
from lrdsl.linting.linter import JOINED, UNREADABLE, Selection, count_errors, is_about_rules, is_partly_checked, problems_of, silenced
from lrdsl.linting.settings import Settings
from lrdsl.rules.catalogue import RULES
from lrdsl.rules.finding import Silencer, apply_comments, may_silence, silencers
from lrdsl.rules.shares import goes_by_shares
from lrdsl.schedule import parse
from lrdsl.syntax.nodes import Extent
from lrdsl.work import MOST, limited, spent

if TYPE_CHECKING:
    from lrdsl.dialects.code.parsing import Fault

#: Example runs. If a text needs facts of a run that are unknown, it is checked for each of these; a problem that all of them have is a problem of the text.
_RUNS: tuple[dict[str, Any], ...] = (
    {"steps_per_epoch": 1000, "batch_size": 256, "tokens_per_step": 10**6},
    {"steps_per_epoch": 10, "batch_size": 32, "tokens_per_step": 10**4},
    {"steps_per_epoch": 10**5, "batch_size": 4096, "tokens_per_step": 10**7},
)
#: The numbers of names in these runs, if only the program knows them.
_NUMBERS = (10, 0.5, 1)
#: The length of these runs, if the text does not give it.
_EPOCHS = 100
#: The problems that a part of a text has whatever the placeholders in other parts stand for: they are about what the part says itself, and of the phases
#: around it at most about the level at which they end.
_SURE = frozenset(
    ("LR101", "LR102", "LR210", "LR219", "LR304", "LR307", "LR315", "LR316", "LR317", "LR319", "LR402", "LR403", "LR406", "LR407", "LR408", "LR409")
)
#: A setting of a text.
_SET = re.compile(r"\bset\s+(\w+)")
#: A small total without a unit, and a tick that is an epoch: together they count epochs, if nothing says how long one is.
_BARE_TOTAL, _EPOCH_TICK = re.compile(r"\bset\s+total\s*=\s*\d{1,3}\s*(?:[;#\r\n]|\Z)"), re.compile(r"\bset\s+tick\s*=\s*epoch\b")
#: The most work for all texts of one file together.
_MOST_WORK = 2 * MOST


@attrs.frozen
class File:
    """A file: its content, its schedules, and the error that kept the search from finding more."""

    path: Path
    source: str
    settings: Settings
    texts: tuple[Embedded, ...]
    unread: UnreadableError | None

    @classmethod
    def of(cls, path: Path, source: str, settings: Settings, most: int | None = None) -> File:
        """Finds the schedules in a file, at most so many."""
        texts: list[Embedded] = []
        unread = None
        try:
            texts.extend(texts_in(path, source, Finder(settings.keys), most))
        except UnreadableError as error:
            unread = error
        nul = source.find("\0")
        if nul >= 0 and unread is None and may_have(source, path.suffix):  # schedules of other libraries, which are not read either
            unread = UnreadableError("the file has a character NUL: it is no text", nul)
        return cls(path, source, settings, tuple(texts), unread)

    @property
    def is_schedule(self) -> bool:
        """Whether the file is a schedule itself, and not a file of another format."""
        return is_schedule_file(self.path)

    def silencers(self) -> list[Silencer]:
        """The comments of the file that silence diagnostics. Those in the text of a schedule are not among them, but for a schedule file."""
        if not may_silence(self.source):
            return []
        return silencers(self.source, (comment for page in pages_in(self.path, self.source) for comment in page.comments()))


@attrs.frozen
class Problem:
    """A problem of a file. `index` is the number of its text, and `inner` is the same problem with its place and its repair in the text.

    A problem of the file itself has no index, and one without `inner` is about how the file holds the text: `meant` is the text after its repair.
    `is_passing` says that it is no program of Python for now, as while somebody types.
    """

    diagnostic: Diagnostic
    index: int | None = None
    inner: Diagnostic | None = None
    meant: str = ""
    is_passing: bool = False


@attrs.define
class Checker:
    """Checks the schedules of one file: each different text once, and none after too much work for the file."""

    path: Path
    root: Path
    library: Folder | None
    selection: Selection
    options: dict[str, Any]
    _problems: dict[tuple[str, Given], list[Diagnostic]] = attrs.field(factory=dict)
    _spent: int = 0

    @classmethod
    def of(cls, path: Path, settings: Settings, library: Folder | None = None) -> Checker:
        """The checker for a file. `library` has the files that a schedule file may use, if they are not just those in its folder."""
        library = (library or Folder.of(path)) if is_schedule_file(path) else None
        return cls(path, settings.root, library, settings.selected(path), settings.options(path))

    def look(self, text: str, given: Given) -> list[Diagnostic]:
        """The problems of a text that no comment in it silences, whether they are selected or not."""
        key = (text, given)
        if key not in self._problems:
            if self._spent < _MOST_WORK:
                with limited():
                    self._problems[key] = silenced(text, self._raw(text, given))
                    self._spent += spent()
            else:
                message, help = "the schedules before this one in the file take too much work", "it was not checked: make the schedules before it smaller"
                self._problems[key] = [Diagnostic(UNREADABLE, "warning", message, help, Span.of(text, 0, 0))]
        return self._problems[key]

    def _raw(self, text: str, given: Given) -> list[Diagnostic]:
        """The problems of a text, whether comments silence them or not."""
        problems = _problems_of(text, self.library, given.among(self.options), given)
        if self.library is None or [d.code for d in problems] != ["LR004"]:
            return problems
        from lrdsl.linting.libraries import is_library, problems_of_definitions  # few files are libraries

        if is_library(text, self.path, self.root):
            return problems_of_definitions(text, lambda text: _problems_of(text, self.library, self.options, given))
        return problems

    def check(self, file: File) -> list[Problem]:
        """The problems of a file that are selected, and that no comment silences."""
        by_text = [self._of_text(i, embedded, file.source) for i, embedded in enumerate(file.texts)]
        problems = [problem for of_text in by_text for problem in of_text]
        why = _fault(file)
        problems += [_of_fault(why, file)] if why is not None else [Problem(d) for d in _reports(file)]
        is_read = file.unread is None and why is None
        comments = [] if file.is_schedule else file.silencers()
        if comments:
            places = {id(problem.diagnostic): _places(problem, file) for problem in problems}
            blind = [file.texts[i].extent for i, of_text in enumerate(by_text) if is_partly_checked(problem.diagnostic for problem in of_text)]

            def judges(silencer: Silencer, code: str) -> bool:
                first, last = silencer.line
                unclear = any(silencer.whole or (start <= last and first <= end) for start, end in blind)
                return is_read and not (unclear and is_about_rules(code))

            kept, unused = apply_comments(file.source, comments, [p.diagnostic for p in problems], lambda d: places[id(d)], judges)
            remaining = {id(d) for d in kept}
            problems = [p for p in problems if id(p.diagnostic) in remaining] + [Problem(d) for d in unused]
        problems += [Problem(d, is_passing=file.unread is not None and file.unread.passing) for d in _unread(file)]
        return [p for p in problems if self.selection.reports(p.diagnostic)]

    def _of_text(self, i: int, embedded: Embedded, source: str) -> list[Problem]:
        """The problems of a text in a file."""
        if embedded.remedy is not None and self._is_remedied(embedded, embedded.remedy):
            remedy = embedded.remedy
            d = Diagnostic(JOINED, "error", remedy.message, remedy.help, Span.of(source, *remedy.extent), remedy.fix)
            return [Problem(d, i, None, remedy.meant)]
        if embedded.hole is not None:
            hole = shown(embedded.text[slice(*embedded.hole)])
            message, help = f"a program fills in `{hole}`", "not checked here: the program checks it when it runs"
            if hole.startswith("<"):
                message, help = f"`{hole}` is to be filled in", "not checked here: put a value in its place"
            note = Diagnostic(UNREADABLE, "note", message, help, Span.of(embedded.text, *embedded.hole))
            return [Problem(embedded.moved(d, source), i, d) for d in (note, *self._around_holes(embedded))]
        return [Problem(embedded.moved(d, source), i, d) for d in self.look(embedded.text, embedded.given)]

    def _around_holes(self, embedded: Embedded) -> list[Diagnostic]:
        """The problems that a text with placeholders has whatever a program fills in: shapes that there are not, open brackets, a decay from 0."""
        holes = embedded.holes
        stood = stood_in(embedded.text, holes)
        if stood is None:
            return []
        text, name = stood
        given = attrs.evolve(embedded.given, names=(*embedded.given.names, (name, None)))
        found = [d for d in self.look(text, given) if d.code in _SURE or _is_bracket_alone(d, text, holes)]
        found = [d for d in found if not _touches(d.span.start.offset, d.span.end.offset, holes)]
        return [attrs.evolve(d, fix=None) if d.fix is not None and _touches(d.fix.start, d.fix.end, holes) else d for d in found]

    def _is_remedied(self, embedded: Embedded, remedy: Remedy) -> bool:
        """Whether a text has errors because the file's format joined its lines or split it, or lacks what stands behind a comment."""
        if remedy.sure:
            return True
        errors, meant = (count_errors(self.look(text, embedded.given)) for text in (embedded.text, remedy.meant))
        return meant < errors or (errors == meant == 0 and "#" in embedded.text and _differ(embedded.text, remedy.meant))


def _touches(start: int, end: int, holes: tuple[Extent, ...]) -> bool:
    """Whether a stretch of a text has a part of a placeholder."""
    return any(start < b and a < end for a, b in holes)


def _is_bracket_alone(d: Diagnostic, text: str, holes: tuple[Extent, ...]) -> bool:
    """Whether a problem is a bracket whose partner no placeholder can bring: it opens after the last of them, or closes before the first."""
    at = d.span.start.offset
    return d.code == "LR003" and (at >= holes[-1][1] if text[at] in "([" else at < holes[0][0])


def _differ(text: str, meant: str) -> bool:
    """Whether two texts are different schedules, as far as their trees show it."""
    try:
        return parse(text).tree != parse(meant).tree
    except ScheduleError:
        return False


def _fault(file: File) -> Fault | None:
    """Why a program that names schedulers of other libraries is not read for them."""
    if file.path.suffix != ".py" or file.unread is not None or not may_have(file.source, file.path.suffix):
        return None
    from lrdsl.dialects.code.parsing import fault

    return fault(file.source)


def _of_fault(why: Fault, file: File) -> Problem:
    """What is said of a program that is not read for the schedulers of other libraries."""
    span = Span.of(file.source, why.offset, why.offset + 1)
    d = Diagnostic(UNREADABLE, "note" if why.is_foreign else "warning", why.reason, "its schedulers were not checked", span)
    return Problem(d, is_passing=why.is_passing)


def _reports(file: File) -> list[Diagnostic]:
    """What is found in the schedules of other libraries. Most files have none: they are not read for them."""
    if file.path.suffix.lower() == ".ipynb":
        return _reports_of_cells(file)
    if not may_have(file.source, file.path.suffix):
        return []
    from lrdsl.linting.listing import building_in
    from lrdsl.training.catalogue import reports

    return reports(file.source, str(file.path), building_in(file.path))


def _reports_of_cells(file: File) -> list[Diagnostic]:
    """What is found in the cells of a notebook, which are one program."""
    if not may_have(file.source, ".py"):
        return []
    from lrdsl.linting.hosts.notebook import program
    from lrdsl.linting.listing import building_in
    from lrdsl.training.catalogue import reports

    made = program(file.source)
    if made is None:
        return []
    cells, embedded = made
    problems = reports(cells.text, f"{file.path}.py", building_in(file.path), cells.line)
    return [embedded.moved(attrs.evolve(d, message=f"{cells.line(d.span.start.line)}: {d.message}"), file.source) for d in problems]


def _places(problem: Problem, file: File) -> tuple[int, ...]:
    """The offsets whose lines may have a comment that silences a problem: those of the problem, and of the first and the last line of the whole value."""
    span = problem.diagnostic.span
    start, end = file.texts[problem.index].extent if problem.index is not None else (span.start.offset, span.end.offset)
    return span.start.offset, max(span.start.offset, span.end.offset - 1), start, max(start, end - 1)


def _unread(file: File) -> list[Diagnostic]:
    """What is said of a part of a file that cannot be read."""
    unread = file.unread
    if unread is None:
        return []
    at = min(unread.offset, len(file.source))
    span = Span.of(file.source, at, at + 1)
    if not unread.template:
        return [Diagnostic(UNREADABLE, "warning", unread.message, "the text from here on was not checked", span)]
    note = Diagnostic(UNREADABLE, "note", "a program makes the file from this template", "not checked here: check the file that comes out", span)
    return [note] if unread.holds else []


def _problems_of(text: str, library: Folder | None, options: Mapping[str, Any], given: Given) -> list[Diagnostic]:
    """The problems of a text, whether comments silence them or not. If facts of the run are missing, only those that it has in every example run.

    An example run has no fact that the text sets. A rule about the length of the run looks where the text gives that, or gives all times as shares of it; its
    finding must hold for ticks that are epochs too, if nothing says what a tick is.
    """
    facts = {name: value for name, value in options.items() if value is not None}
    numbers = {**facts.pop("names", {}), **dict(given.names)}
    unknown = [name for name, value in numbers.items() if value is None]
    rules = tuple(RULES.values())

    def look(run: Mapping[str, Any] = {}, rules: Iterable[Any] = rules, number: float = 1) -> list[Diagnostic]:
        names = {name: number if value is None else value for name, value in numbers.items()} | dict.fromkeys(unknown, number)
        return problems_of(text, rules, library, given.base, **{**run, **facts, **({"names": names} if names else {})})

    problems = look()
    if given.open:  # the program may give these names too
        words = [text[d.span.start.offset : d.span.end.offset] for d in problems if d.code == "LR103"]
        unknown += [word for word in words if word.isidentifier()]
        problems = look() if unknown else problems
    if not _lacks_facts(problems) and not unknown:
        return [d for d in problems if d.code != "LR121"]
    lasting = tuple(rule for rule in rules if not rule.run)
    own = {SETTINGS.get(word) for word in _SET.findall(text)}
    shares = _goes_by_shares(text)
    common: list[Diagnostic] | None = None
    counts_epochs = _BARE_TOTAL.search(text) is not None and _EPOCH_TICK.search(text) is not None
    for example, number in zip(_RUNS, _NUMBERS, strict=True):
        run = {name: fact for name, fact in example.items() if name not in own} | (
            {"steps_per_epoch": 1} if counts_epochs and "steps_per_epoch" not in own else {}
        )
        problems = look(run, rules, number)
        if _lacks_facts(problems):
            problems = look({**run, "total_epochs": _EPOCHS}, rules if shares else lasting, number)
        common = _shared(common, problems)
        if not common:
            return []
    if any(RULES[d.code].run for d in common or () if d.code in RULES) and "tick" not in facts and "tick" not in own:
        epochs = look({**{name: fact for name, fact in _RUNS[0].items() if name not in own}, "tick": "epoch", **({"total_epochs": _EPOCHS} if shares else {})})
        return [d for d in common or () if d.code not in RULES or not RULES[d.code].run or _shared([d], epochs)]
    return common or []


def _goes_by_shares(text: str) -> bool:
    """Whether what a text says does not go by how long the run is, since all its times are shares of it."""
    try:
        return "%" in text and goes_by_shares(syntax.parse(text))
    except ScheduleError:
        return False


def _shared(common: list[Diagnostic] | None, problems: list[Diagnostic]) -> list[Diagnostic]:
    """The problems of some example runs that another one has too; all of its own for the first one."""
    places = {(d.code, d.span.start.offset) for d in problems if d.code not in ("LR121", "LR145")}
    return [d for d in (problems if common is None else common) if (d.code, d.span.start.offset) in places]


def _lacks_facts(problems: list[Diagnostic]) -> bool:
    """Whether the only problem is that facts of the run are missing."""
    return bool(problems) and all(d.code == "LR121" for d in problems)

"""The reports of `lrdsl check`: text for people, JSON for programs, and the formats of GitHub, GitLab, SARIF and JUnit."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lrdsl import __version__
from lrdsl.diagnostics import CODES, Diagnostic, Styled, styled
from lrdsl.escaping.visible import encodable, visible, xml
from lrdsl.linting.codes import declared, rule_of
from lrdsl.linting.linter import ABOUT, is_safe
from lrdsl.linting.projects import Checked
from lrdsl.rules.catalogue import page


def text(files: Sequence[Checked], unsafe: bool = False) -> Iterator[tuple[Styled, ...]]:
    """Lines for people: every problem with its place in the text. `[*]` marks those that `--fix` repairs."""
    for i, c in enumerate(c for c in files if c.diagnostics):
        yield from [()] * (i > 0)
        yield from styled(c.diagnostics, c.source, c.path, lambda d: is_fixable(d, unsafe))


def concise(files: Sequence[Checked], unsafe: bool = False) -> Iterator[tuple[Styled, ...]]:
    """One line for people and editors for each problem."""
    for c in files:
        for d in c.diagnostics:
            start, mark = d.span.start, " [*]" * is_fixable(d, unsafe)
            yield ("strong", c.path), ("", f":{start.line}:{start.column}: "), (d.severity, d.code), ("help", mark), ("", f" {d.message}; {d.help}")


def is_fixable(d: Diagnostic, unsafe: bool = False) -> bool:
    """Whether `--fix` makes the repair of a problem, or, with `unsafe`, `--fix --unsafe-fixes`."""
    return d.fix is not None and (unsafe or applicability(d) == "safe")


def applicability(d: Diagnostic) -> str:
    """Whether the repair of a problem keeps every level: "safe" or "unsafe"; "" if there is none."""
    return "" if d.fix is None else "safe" if is_safe(d) else "unsafe"


def _json(data: Any) -> str:
    """Data as JSON."""
    from lrdsl.escaping.strict_json import json_of  # a report for people needs none

    return json_of(data, 2)


def as_json(files: Sequence[Checked]) -> str:
    """A JSON list of the diagnostics, each with the path of its file, the name of its rule, the address of its explanation, and what its repair is."""
    return _json(
        [{"path": c.path, **d.to_json(), "name": name(d.code), "url": url(d.code), "applicability": applicability(d)} for c in files for d in c.diagnostics]
    )


def github(files: Sequence[Checked]) -> str:
    """Workflow commands, which GitHub shows as annotations."""
    return "\n".join(_command(c.path, d) for c in files for d in c.diagnostics)


def _command(path: str, d: Diagnostic) -> str:
    def escaped(value: str, more: str = "") -> str:
        for character in f"%\r\n{more}":
            value = value.replace(character, f"%{ord(character):02X}")
        return visible(value)

    start, end = d.span.start, d.span.end
    place = f"file={escaped(path, ':,')},line={start.line},col={start.column},endLine={end.line},endColumn={end.column}"
    return f"::{'notice' if d.severity == 'note' else d.severity} {place},title={escaped(f'lrdsl {d.code}', ':,')}::{escaped(f'{d.message}; {d.help}')}"


#: What GitLab calls the severities.
_GITLAB = {"error": "major", "warning": "minor", "note": "info"}


def gitlab(files: Sequence[Checked]) -> str:
    """GitLab's code quality report. If a line has the same problem twice, a number makes the fingerprints differ."""
    import hashlib

    entries: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()
    for c in files:
        for d in c.diagnostics:
            path = _relative(c.path)
            problem = f"{path}:{d.code}:{d.span.start.line}:{d.message}"
            again = f":{counts[problem]}" if counts[problem] else ""
            counts[problem] += 1
            mark = hashlib.sha256(f"{problem}{again}".encode("utf-8", "backslashreplace")).hexdigest()
            severity = _GITLAB[d.severity]
            place = {"path": path, "lines": {"begin": d.span.start.line, "end": d.span.end.line}}
            entries.append({"description": f"{d.message}; {d.help}", "check_name": d.code, "fingerprint": mark, "severity": severity, "location": place})
    return _json(entries)


def _relative(path: str) -> str:
    """A path with slashes, relative to the current folder if it lies in it."""
    is_below = Path(path).is_absolute() and Path(path).is_relative_to(Path.cwd())
    return (Path(path).relative_to(Path.cwd()) if is_below else Path(path)).as_posix()


def sarif(files: Sequence[Checked]) -> str:
    """A report in SARIF 2.1.0."""
    codes = sorted({d.code for c in files for d in c.diagnostics})
    results: list[dict[str, Any]] = []
    for c in files:
        for d in c.diagnostics:
            start, end = d.span.start, d.span.end
            region = {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": max(end.column, start.column)}
            location = {"physicalLocation": {"artifactLocation": {"uri": _uri(c.path)}, "region": region}}
            message = {"text": f"{d.message}; {d.help}"}
            results.append({"ruleId": d.code, "ruleIndex": codes.index(d.code), "level": d.severity, "message": message, "locations": [location]})
    driver = {"name": "lrdsl", "version": __version__, "rules": [_described(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _uri(path: str) -> str:
    """A path as a URI reference, percent-encoded byte by byte, so that no part of it is taken for a scheme."""
    try:
        return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(Path(path).as_posix()))
    except UnicodeEncodeError:  # no file can have this name
        return _uri(encodable(path))


def _described(code: str) -> dict[str, Any]:
    """The description of a rule in a SARIF report."""
    help = explained(code)
    named = {"id": code, "name": name(code), "shortDescription": {"text": title(code)}}
    return {**named, "fullDescription": {"text": declared(code).why}, "help": {"text": help, "markdown": help}}


def explained(code: str) -> str:
    """What a code means, why it matters, its two examples, and what they need."""
    about = declared(code)
    bad, good = (text.rstrip().replace("\n", "\n    ") for text in (about.bad, about.good))
    clock = getattr(about, "clock", None)
    facts = f"\n\nin a run with {', '.join(f'{name}={value}' for name, value in clock.items())}" if clock else ""
    return f"{about.finds} {about.why}\n\nnot so:\n\n    {bad}\n\nbut:\n\n    {good}{facts}"


def junit(files: Sequence[Checked]) -> str:
    """JUnit's XML with one test case per file, in ASCII: other characters are written by their numbers. A case with notes alone passes, and says them."""
    failures = sum(bool(c.problems) for c in files)
    from xml.etree import ElementTree  # imported here, as other modules below: few reports need it

    suite = ElementTree.Element("testsuite", name="lrdsl", tests=str(len(files)), failures=str(failures))
    for c in files:
        case = ElementTree.SubElement(suite, "testcase", name=xml(c.path), classname="lrdsl")
        for d in c.problems:
            failure = ElementTree.SubElement(case, "failure", message=visible(f"{d.code}: {d.message}"), type=d.severity)
            failure.text = visible(f"{c.path}:{d.span.start.line}:{d.span.start.column}: {d.help}")
        notes = [d for d in c.diagnostics if d.severity == "note"]
        if notes:
            places = [f"{c.path}:{d.span.start.line}:{d.span.start.column}: {d.code}: {d.message}" for d in notes]
            ElementTree.SubElement(case, "system-out").text = "\n".join(map(visible, places))
    written: bytes = ElementTree.tostring(suite, encoding="us-ascii")
    return written.decode("ascii").replace("##", "#&#35;")


FORMATS: dict[str, Callable[[Sequence[Checked]], str]] = {
    "json": as_json,
    "github": github,
    "gitlab": gitlab,
    "sarif": sarif,
    "junit": junit,
}


def report(kind: str, files: Sequence[Checked], unsafe: bool, statistics: bool) -> str | Iterable[str | tuple[Styled, ...]]:
    """A report: lines for people if `kind` is "text" or "concise", else the text of one of `FORMATS`. `statistics` asks for the counts of the codes instead."""
    if statistics:
        return _json(counts(files)) if kind == "json" else [f"{row['count']:6}  {row['code']}  {title(row['code'])}" for row in counts(files)]
    if kind in ("text", "concise"):
        return list((text if kind == "text" else concise)(files, unsafe))
    return FORMATS[kind](files)


def counts(files: Sequence[Checked]) -> list[dict[str, Any]]:
    """How often each code occurs, the most frequent one first, and how many of these problems `--fix` repairs."""
    totals = Counter(d.code for c in files for d in c.diagnostics)
    fixable = Counter(d.code for c in files for d in c.diagnostics if is_fixable(d))
    return [{"code": code, "name": name(code), "count": n, "fixable": fixable[code]} for code, n in totals.most_common()]


def summary(files: Sequence[Checked], unsafe: bool) -> Iterator[str]:
    """Lines that say how many schedules, files and problems there are, and how many repairs."""
    problems = [d for c in files for d in c.problems]
    notes = sum(len(c.diagnostics) for c in files) - len(problems)
    numbers = [("schedule", sum(c.texts for c in files)), ("file", len(files)), ("problem", len(problems)), ("note", notes)]
    texts, read, problem_count, noted = (f"{n} {word}{'' if n == 1 else 's'}" for word, n in numbers)
    repaired, silenced = sum(c.repaired for c in files), sum(c.silenced for c in files)
    more_of_it = [noted] * (notes > 0) + [f"{repaired} repaired"] * (repaired > 0) + [f"{silenced} silenced"] * (silenced > 0)
    yield ", ".join([f"{texts} in {read}: {problem_count}", *more_of_it])
    safe, more = (sum(d.fix is not None and is_safe(d) is kind for d in problems) for kind in (True, False))
    parts = [f"{n} can be repaired with {command}" for n, command in ((safe, "`--fix`"), (more, "`--fix --unsafe-fixes`")) if n]
    if unsafe and parts:
        parts = [f"{safe + more} can be repaired with `--fix --unsafe-fixes`"]
    if parts:
        yield "[*] " * bool(safe or unsafe) + ", ".join(parts)


def name(code: str) -> str:
    """The name of a code: that of its rule, or its title with hyphens."""
    rule = rule_of(code)
    return rule.name if rule is not None else re.sub(r"[^\w -]", "", title(code)).replace(" ", "-")


def url(code: str) -> str:
    """The address of the explanation of a code, in the page that comes with lrdsl."""
    return f"{page().as_uri()}#{code.lower()}-{name(code)}"


def title(code: str) -> str:
    """The title of a code."""
    rule = rule_of(code)
    return rule.finds if rule is not None else CODES.get(code) or ABOUT[code]

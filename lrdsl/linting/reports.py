"""What `lrdsl check` prints: for people, for programs, and for the services that show it beside the code."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from lrdsl import __version__
from lrdsl.diagnostics import CODES, Diagnostic, Styled, styled
from lrdsl.escaping.strict_json import json_of
from lrdsl.escaping.visible import encodable, visible, xml
from lrdsl.linting.linter import ABOUT
from lrdsl.linting.projects import Checked
from lrdsl.linting.rules import RULES, Rule


def text(found: Sequence[Checked]) -> Iterator[tuple[Styled, ...]]:
    """Every problem with its caret, as lines for people."""
    for i, c in enumerate(c for c in found if c.diagnostics):
        yield from [()] * (i > 0)
        yield from styled(c.diagnostics, c.source, c.path)


def as_json(found: Sequence[Checked]) -> str:
    """A list of diagnostics, each with its file."""
    return json_of([{"path": c.path, **d.to_json()} for c in found for d in c.diagnostics], 2)


def github(found: Sequence[Checked]) -> str:
    """Workflow commands, which GitHub shows as annotations."""
    return "\n".join(_command(c.path, d) for c in found for d in c.diagnostics)


def _command(path: str, d: Diagnostic) -> str:
    def escaped(value: str, more: str = "") -> str:
        for character in f"%\r\n{more}":
            value = value.replace(character, f"%{ord(character):02X}")
        return visible(value)

    start, end = d.span.start, d.span.end
    place = f"file={escaped(path, ':,')},line={start.line},col={start.column},endLine={end.line},endColumn={end.column}"
    return f"::{d.severity} {place},title={escaped(f'lrdsl {d.code}', ':,')}::{escaped(f'{d.message}; {d.help}')}"


def gitlab(found: Sequence[Checked]) -> str:
    """A code quality report. Where one problem stands twice in a line, its fingerprint has a number."""
    entries: list[dict[str, Any]] = []
    before: Counter[str] = Counter()
    for c in found:
        for d in c.diagnostics:
            path = _relative(c.path)
            problem = f"{path}:{d.code}:{d.span.start.line}:{d.message}"
            again = f":{before[problem]}" if before[problem] else ""
            before[problem] += 1
            mark = hashlib.sha256(f"{problem}{again}".encode("utf-8", "backslashreplace")).hexdigest()
            severity = "major" if d.severity == "error" else "minor"
            place = {"path": path, "lines": {"begin": d.span.start.line, "end": d.span.end.line}}
            entries.append({"description": f"{d.message}; {d.help}", "check_name": d.code, "fingerprint": mark, "severity": severity, "location": place})
    return json_of(entries, 2)


def _relative(path: str) -> str:
    """A path from here on, if it leads to what lies here or below, with slashes."""
    inside = Path(path).is_absolute() and Path(path).is_relative_to(Path.cwd())
    return (Path(path).relative_to(Path.cwd()) if inside else Path(path)).as_posix()


def sarif(found: Sequence[Checked]) -> str:
    """SARIF 2.1.0."""
    codes = sorted({d.code for c in found for d in c.diagnostics})
    results: list[dict[str, Any]] = []
    for c in found:
        for d in c.diagnostics:
            start, end = d.span.start, d.span.end
            region = {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": max(end.column, start.column)}
            location = {"physicalLocation": {"artifactLocation": {"uri": _uri(c.path)}, "region": region}}
            message = {"text": f"{d.message}; {d.help}"}
            results.append({"ruleId": d.code, "ruleIndex": codes.index(d.code), "level": d.severity, "message": message, "locations": [location]})
    driver = {"name": "lrdsl", "version": __version__, "rules": [_described(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json_of({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, 2)


def _uri(path: str) -> str:
    """A path as a reference: the bytes of its name in percent signs where they are no plain letters, and no part of it taken for a scheme."""
    try:
        return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(Path(path).as_posix()))
    except UnicodeEncodeError:  # no name that a file can have
        return _uri(encodable(path))


def _described(code: str) -> dict[str, Any]:
    """What a report says of a rule."""
    rule = RULES.get(code)
    short = {"id": code, "shortDescription": {"text": title(code)}}
    if rule is None:
        return short
    help = explained(rule)
    return {**short, "name": rule.name, "fullDescription": {"text": rule.why}, "help": {"text": help, "markdown": help}}


def explained(rule: Rule) -> str:
    """What a rule finds and why, and both of its examples."""
    bad, good = (text.replace("\n", "\n    ") for text in (rule.bad, rule.good))
    return f"{rule.finds} {rule.why}\n\nnot so:\n\n    {bad}\n\nbut:\n\n    {good}"


def junit(found: Sequence[Checked]) -> str:
    """JUnit's XML, a test case a file, in ASCII: all else stands in it by its number."""
    failures = sum(bool(c.diagnostics) for c in found)
    suite = ElementTree.Element("testsuite", name="lrdsl", tests=str(len(found)), failures=str(failures))
    for c in found:
        case = ElementTree.SubElement(suite, "testcase", name=xml(c.path), classname="lrdsl")
        for d in c.diagnostics:
            failure = ElementTree.SubElement(case, "failure", message=visible(f"{d.code}: {d.message}"), type=d.severity)
            failure.text = visible(f"{c.path}:{d.span.start.line}:{d.span.start.column}: {d.help}")
    written: bytes = ElementTree.tostring(suite, encoding="us-ascii")
    return written.decode("ascii").replace("##", "#&#35;")


FORMATS: dict[str, Callable[[Sequence[Checked]], str]] = {
    "json": as_json,
    "github": github,
    "gitlab": gitlab,
    "sarif": sarif,
    "junit": junit,
}


def statistics(found: Sequence[Checked]) -> list[str]:
    """How often each code was found, a line each."""
    counts = Counter(d.code for c in found for d in c.diagnostics)
    return [f"{n:6}  {code}  {title(code)}" for code, n in counts.most_common()]


def title(code: str) -> str:
    """What a code is about, in a few words."""
    return RULES[code].finds if code in RULES else CODES.get(code) or ABOUT[code]

"""The reports of `lrdsl check`: text for people, JSON for programs, and the formats of GitHub, GitLab, SARIF and JUnit."""

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
from lrdsl.rules.catalogue import RULES
from lrdsl.rules.rule import Rule


def text(files: Sequence[Checked]) -> Iterator[tuple[Styled, ...]]:
    """Lines for people: every problem with its place in the text."""
    for i, c in enumerate(c for c in files if c.diagnostics):
        yield from [()] * (i > 0)
        yield from styled(c.diagnostics, c.source, c.path)


def as_json(files: Sequence[Checked]) -> str:
    """A JSON list of the diagnostics, each with the path of its file."""
    return json_of([{"path": c.path, **d.to_json()} for c in files for d in c.diagnostics], 2)


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
    return f"::{d.severity} {place},title={escaped(f'lrdsl {d.code}', ':,')}::{escaped(f'{d.message}; {d.help}')}"


def gitlab(files: Sequence[Checked]) -> str:
    """GitLab's code quality report. If a line has the same problem twice, a number makes the fingerprints differ."""
    entries: list[dict[str, Any]] = []
    counts: Counter[str] = Counter()
    for c in files:
        for d in c.diagnostics:
            path = _relative(c.path)
            problem = f"{path}:{d.code}:{d.span.start.line}:{d.message}"
            again = f":{counts[problem]}" if counts[problem] else ""
            counts[problem] += 1
            mark = hashlib.sha256(f"{problem}{again}".encode("utf-8", "backslashreplace")).hexdigest()
            severity = "major" if d.severity == "error" else "minor"
            place = {"path": path, "lines": {"begin": d.span.start.line, "end": d.span.end.line}}
            entries.append({"description": f"{d.message}; {d.help}", "check_name": d.code, "fingerprint": mark, "severity": severity, "location": place})
    return json_of(entries, 2)


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
    return json_of({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, 2)


def _uri(path: str) -> str:
    """A path as a URI reference, percent-encoded byte by byte, so that no part of it is taken for a scheme."""
    try:
        return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(Path(path).as_posix()))
    except UnicodeEncodeError:  # no file can have this name
        return _uri(encodable(path))


def _described(code: str) -> dict[str, Any]:
    """The description of a rule in a SARIF report."""
    rule = RULES.get(code)
    short = {"id": code, "shortDescription": {"text": title(code)}}
    if rule is None:
        return short
    help = explained(rule)
    return {**short, "name": rule.name, "fullDescription": {"text": rule.why}, "help": {"text": help, "markdown": help}}


def explained(rule: Rule) -> str:
    """What a rule finds, why it matters, and its two examples."""
    bad, good = (text.replace("\n", "\n    ") for text in (rule.bad, rule.good))
    return f"{rule.finds} {rule.why}\n\nnot so:\n\n    {bad}\n\nbut:\n\n    {good}"


def junit(files: Sequence[Checked]) -> str:
    """JUnit's XML with one test case per file, in ASCII: other characters are written by their numbers."""
    failures = sum(bool(c.diagnostics) for c in files)
    suite = ElementTree.Element("testsuite", name="lrdsl", tests=str(len(files)), failures=str(failures))
    for c in files:
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


def statistics(files: Sequence[Checked]) -> list[str]:
    """One line per code: how often it occurs, and its title."""
    counts = Counter(d.code for c in files for d in c.diagnostics)
    return [f"{n:6}  {code}  {title(code)}" for code, n in counts.most_common()]


def title(code: str) -> str:
    """The title of a code."""
    return RULES[code].finds if code in RULES else CODES.get(code) or ABOUT[code]

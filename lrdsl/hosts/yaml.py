"""Schedule strings in YAML: plain, quoted, and in blocks, in any number of documents. PyYAML says where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError, is_marked

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DOUBLE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|.)|[ \t]*\r?\n[ \t\r\n]*|.", re.DOTALL)
_PLAIN = re.compile(r"[ \t]*\r?\n[ \t\r\n]*|.", re.DOTALL)
#: An anchor and a tag before a scalar.
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_SINGLE = re.compile(r"''|[ \t]*\r?\n[ \t\r\n]*|.", re.DOTALL)


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a stream of YAML documents."""
    try:
        documents = list(yaml.compose_all(source, _LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(f"this is not YAML: {error.problem or error.context}", mark.index if mark is not None else 0) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableError(f"this is not YAML: {error}", 0) from None
    lines = source.split("\n")
    seen: set[int] = set()
    todo: list[tuple[Any, str]] = [(node, "") for node in reversed(documents) if node is not None]
    while todo:
        node, key = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            todo += [(value, str(name.value)) for name, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            todo += [(item, key) for item in reversed(node.value)]
        elif isinstance(node, yaml.ScalarNode) and isinstance(node.value, str):
            marked = is_marked(lines, node.start_mark.line)
            if finder.wants(key, node.value, marked):
                yield _embedded(source, node)


def _embedded(source: str, node: Any) -> Embedded:
    start, end = node.start_mark.index, node.end_mark.index
    value: str = node.value
    properties = _PROPERTIES.match(source, start)
    start = properties.end() if properties is not None else start
    if node.style in ("|", ">"):
        return _block(source, start, end, value)
    if node.style == '"':
        return _quoted(source, start + 1, end - 1, value, _DOUBLE, lambda added: added.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    if node.style == "'":
        return _quoted(source, start + 1, end - 1, value, _SINGLE, lambda added: added.replace("'", "''"))
    return _quoted(source, start, end, value, _PLAIN, str)


def _quoted(source: str, start: int, end: int, value: str, piece: re.Pattern[str], quote: Any) -> Embedded:
    """A scalar on one line or folded over several: a break is a blank, several are one less."""
    offsets: list[int] = []
    for found in piece.finditer(source, start, end):
        text = found[0]
        count = 1
        if "\n" in text:
            count = 0 if text.startswith("\\") else max(1, text.count("\n") - 1)
        offsets += [found.start()] * count
    if len(offsets) != len(value):  # a form that is not known here: the whole stands for each of its parts
        offsets = [start] * len(value)
    return Embedded(value, (*offsets, end), quote)


def _block(source: str, start: int, end: int, value: str) -> Embedded:
    """A literal or folded block: its lines, without the indentation."""
    at = source.index("\n", start) + 1
    margin = re.compile(r"(?:[ \t]*\r?\n)*( *)").match(source, at)
    broken = f"\n{margin[1] if margin else ''}"

    def quote(added: str) -> str:
        return re.sub(r"\n(?=[^\n])", broken, added)

    offsets: list[int] = []
    lines = value.split("\n")
    for i, line in enumerate(lines):
        here = source.find(line, at) if line else at
        if here < 0 or (here >= end and line):  # folded: lines joined by a blank
            folded = _folded(source, at, end, value, offsets)
            return Embedded(value, (*folded, min(end, folded[-1] + 1)), quote)
        offsets += range(here, here + len(line) + (i + 1 < len(lines)))
        newline = source.find("\n", here)
        at = len(source) if newline < 0 else newline + 1
    ends = tuple(at + 1 + (source[at : at + 2] == "\r\n") for at in offsets[: len(value)])
    return Embedded(value, (*offsets[: len(value)], min(end, ends[-1]) if value else end), quote, ends)


def _folded(source: str, at: int, end: int, value: str, known: list[int]) -> list[int]:
    """The places of the rest of a folded block, word by word."""
    offsets = list(known)
    for word in re.finditer(r"\S+|\s", value[len(known) :]):
        if word[0].isspace():
            offsets.append(at)
            at += source[at] == word[0]
        else:
            here = source.find(word[0], at, end)
            at = here if here >= 0 else at
            offsets += range(at, at + len(word[0]))
            at += len(word[0])
    return offsets

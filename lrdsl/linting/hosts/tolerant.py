"""`text_at`: the schedule at a place of a file that is being typed. It finds texts that do not look like schedules yet, and those of files with errors."""

from __future__ import annotations

import re
from json import dumps
from pathlib import Path

import attrs

from lrdsl.documents.places import Places, closing
from lrdsl.linting.hosts import ENDINGS, texts_in
from lrdsl.linting.hosts.embedded import Embedded, Finder, UnreadableError
from lrdsl.syntax.nodes import Extent

#: How many characters before a place are searched for the start of its text.
_NEAR = 5_000
#: The files whose values may stand without quotes.
_PLAIN = (".yaml", ".yml")
#: Those whose strings all have quotes, and that have no variables.
_QUOTED = (".toml", ".json", ".jsonc", ".jsonl")
#: What may be the beginning of a schedule where a format wants quotes.
_BEGUN = re.compile(r"(?P<word>(?:(?!(?:true|false|null|inf|nan)\b)[A-Za-z][\w.]*)?)[ \t]*(?=[,}\]#\r\n]|//|\Z)")
#: The start of a value: a key with `:` or `=`, or a call of ours; then quotes, or the sign of a block, or nothing.
_START = re.compile(
    r"""(?:(?P<key>\w[\w.-]{0,80})["']?\]?[ \t]*(?::[^=:\n"']{0,40}=|[:=])(?=["'\s]|[^=\s])|\blrdsl\.(?P<call>\w+)\((?:[\w.]+,)?)"""
    r"""[ \t]*(?P<quote>\"{3}|'{3}|["']|(?P<block>[|>])[-+0-9]*[ \t]*(?:\#[^\n]*)?\n|)"""
)


def text_at(path: Path, source: str, offset: int, finder: Finder) -> Embedded | None:
    """The schedule at an offset of a file; None if there is none.

    Any string under a key that fits counts. If the file cannot be read, the lines before the offset say where the text starts and ends.

    >>> source = 'a: [\\nlr_schedule: "war'
    >>> embedded = text_at(Path("a.yaml"), source, len(source), Finder())
    >>> embedded.text, embedded.offsets[0]
    ('war', 19)
    """
    try:
        for embedded in texts_in(path, source, attrs.evolve(finder, every=True)):
            if embedded.offsets[0] <= offset <= embedded.offsets[-1]:
                return embedded
    except UnreadableError:
        pass
    return _near(path, source, offset, finder) if path.suffix.lower() in ENDINGS[1:] else None


def _near(path: Path, source: str, offset: int, finder: Finder) -> Embedded | None:
    """The text whose start is the last one before an offset, if it reaches to the offset."""
    first = max(0, offset - _NEAR)
    is_plain = path.suffix.lower() in _PLAIN
    for start in reversed(list(_START.finditer(source, source.rfind("\n", 0, first) + 1))):
        at = start.end()
        if at > offset or not (start["call"] or finder.names(start["key"])):
            continue
        if start["block"]:
            embedded = _block(source, start) if is_plain else None
        elif start["quote"]:
            embedded = _stretch(source, at, _end_of_string(source, at, start["quote"]))
        else:
            embedded = None if start["call"] else _stretch(source, *_plain(source, at)) if is_plain else _unquoted(path, source, at)
        if embedded is not None and embedded.offsets[0] <= offset <= embedded.offsets[-1]:
            return embedded
    return None


def _stretch(source: str, start: int, end: int) -> Embedded:
    """A stretch of a file as a text. Escapes in it are not read."""
    return Embedded(source[start:end], Places.of([(start, end - start + 1)]), str)


def _unquoted(path: Path, source: str, start: int) -> Embedded | None:
    """A value that has no quotes yet, in a file of TOML or JSON: nothing, or the beginning of a word. New text gets the quotes."""
    match = _BEGUN.match(source, start) if path.suffix.lower() in _QUOTED else None
    return None if match is None else attrs.evolve(_stretch(source, *match.span("word")), quote=dumps)


def _end_of_line(source: str, at: int) -> int:
    end = source.find("\n", at)
    return len(source) if end < 0 else end


def _end_of_string(source: str, start: int, quote: str) -> int:
    """Where a string ends: at its quotes, or, if they are missing, at the end of the line or of the file."""
    last = len(source) if len(quote) == 3 else _end_of_line(source, start)
    end = closing(source, start, quote)
    return end if 0 <= end <= last else last


def _plain(source: str, start: int) -> Extent:
    """The extent of a value without quotes: up to a comment or the end of the line."""
    line = source[start : _end_of_line(source, start)].removesuffix("\r")
    comment = re.search(r"(?:^|[ \t])#", line)
    return start, start + (len(line) if comment is None else comment.start())


def _block(source: str, start: re.Match[str]) -> Embedded:
    """A block of lines that are indented more than the line of its key."""
    line = source.rfind("\n", 0, start.start()) + 1
    margin = len(source[line:]) - len(source[line:].lstrip(" "))
    runs, text, at, indent = [], "", start.end(), 0
    while at < len(source):
        end = _end_of_line(source, at)
        body = source[at:end]
        own = len(body) - len(body.lstrip(" "))
        if body.strip() and own <= margin:
            break
        indent = indent or (own if body.strip() else 0)
        begin = at + min(own, indent or own)
        runs.append((begin, end - begin + 1))
        text += source[begin:end] + "\n"
        at = end + 1
    return Embedded(text[:-1], Places.of(runs), str) if runs else _stretch(source, start.end(), start.end())

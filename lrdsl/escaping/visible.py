"""Text from outside as it is shown. What a terminal obeys, a reader cannot see, or a log takes for a command is written out: `\\x1b`, `\\u202e`, `\\n`."""

from __future__ import annotations

import re
import unicodedata

#: What is written out: controls, formats (direction marks, zero widths), surrogates, what has no meaning yet or only a private one, separators of lines.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
#: Letters and marks that Unicode says may be left blank: fillers and selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {*map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))}
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: So many marks may stand on one letter; more would run into the lines around it.
_MOST_MARKS = 3
#: `##[error]` and `##vso[...]` are commands anywhere in a line of a CI log, `::error` at its beginning.
_COMMAND = r"#(?=#\w*\[)"
_SURROGATE = "[\ud800-\udfff]"


def glyphs(text: str) -> list[str]:
    """What is shown for each character of a text, all in one line.

    >>> glyphs("a\\x1b\\u202e\\n")
    ['a', '\\\\x1b', '\\\\u202e', '\\\\n']
    """
    shown: list[str] = []
    marks = _MOST_MARKS  # a mark without its letter would stand on what is before the text
    for c in text:
        category = "" if c.isascii() else unicodedata.category(c)
        if category in ("Mn", "Me"):
            marks += 1
            shown.append(c if marks <= _MOST_MARKS and c not in _BLANK else _written(c))
            continue
        marks = 0
        hidden = not c.isprintable() if c.isascii() else category in _HIDDEN or c in _BLANK
        shown.append(_written(c) if hidden else c)
    for found in re.finditer(_COMMAND, text):
        shown[found.start()] = _written("#")
    return shown


def visible(text: str) -> str:
    """A text in one line, with all that is in it to be seen.

    >>> visible("a\\n::error::b"), visible("lr \\N{RIGHT-TO-LEFT OVERRIDE}")
    ('a\\\\n::error::b', 'lr \\\\u202e')
    """
    return text if text.isascii() and text.isprintable() and "##" not in text else "".join(glyphs(text))


def visible_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(line(part) for part in text.split("\n"))


def line(text: str) -> str:
    """A line of its own, which no log takes for a command.

    >>> line(" ::error::b")
    ' \\\\x3a:error::b'
    """
    shown = visible(text)
    start = len(shown) - len(shown.lstrip())
    return f"{shown[:start]}{_written(':')}{shown[start + 1 :]}" if shown.startswith("::", start) else shown


def encodable(text: str) -> str:
    """A text that any Unicode encoding can hold: lone surrogates, as in the names of files that are not UTF-8, are written out.

    >>> encodable("caf\\udce9")
    'caf\\\\udce9'
    """
    return text if text.isascii() else re.sub(_SURROGATE, lambda found: _written(found[0]), text)


def xml(text: str) -> str:
    """A text that XML 1.0 can hold, still to be escaped: characters that it forbids, and DEL, are written out.

    >>> xml("a\\x1b\\n<")
    'a\\\\x1b\\n<'
    """
    return re.sub("[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", lambda found: _written(found[0]), text)


def width(text: str) -> int:
    """How many columns of a terminal a text takes that is shown."""
    return len(text) if text.isascii() else sum(_columns(c) for c in text)


def _columns(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me") or "\u1160" <= c <= "\u11ff":  # marks, and the later parts of a Korean syllable
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _written(c: str) -> str:
    """A character as an escape."""
    code = ord(c)
    return _NAMED.get(c) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")

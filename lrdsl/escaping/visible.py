"""Shows untrusted text safely: characters that control a terminal, are invisible or start a command in a CI log become escapes: `\\x1b`, `\\u202e`, `\\n`."""

from __future__ import annotations

import re
import unicodedata

#: Unicode categories that are escaped: controls, formats (direction marks, zero widths), surrogates, private and unassigned characters, line separators.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
#: Letters and marks that may be drawn as nothing: fillers and variation selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {*map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))}
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: The most marks on one letter; more would run into the lines above and below.
_MOST_MARKS = 3
#: A CI log reads `##[error]` and `##vso[...]` as commands anywhere in a line, and `::error` at the start of a line.
_COMMAND = r"#(?=#\w*\[)"
_SURROGATE = "[\ud800-\udfff]"


def glyphs(text: str) -> list[str]:
    """Returns what is shown for each character of a text. Line breaks are escaped too.

    >>> glyphs("a\\x1b\\u202e\\n")
    ['a', '\\\\x1b', '\\\\u202e', '\\\\n']
    """
    shown: list[str] = []
    marks = _MOST_MARKS  # a mark at the start has no letter: it would stand on the sign before the text
    for c in text:
        category = "" if c.isascii() else unicodedata.category(c)
        if category in ("Mn", "Me"):
            marks += 1
            shown.append(c if marks <= _MOST_MARKS and c not in _BLANK else _escape(c))
            continue
        marks = 0
        hidden = not c.isprintable() if c.isascii() else category in _HIDDEN or c in _BLANK
        shown.append(_escape(c) if hidden else c)
    for match in re.finditer(_COMMAND, text):
        shown[match.start()] = _escape("#")
    return shown


def visible(text: str) -> str:
    """Returns a text on one line, with every hidden character escaped.

    >>> visible("a\\n::error::b"), visible("lr \\N{RIGHT-TO-LEFT OVERRIDE}")
    ('a\\\\n::error::b', 'lr \\\\u202e')
    """
    return text if text.isascii() and text.isprintable() and "##" not in text else "".join(glyphs(text))


def visible_lines(text: str) -> str:
    """Returns a text with every hidden character escaped; its line breaks stay."""
    return "\n".join(line(part) for part in text.split("\n"))


def line(text: str) -> str:
    """Returns a text as a line of its own that no CI log reads as a command.

    >>> line(" ::error::b")
    ' \\\\x3a:error::b'
    """
    shown = visible(text)
    start = len(shown) - len(shown.lstrip())
    return f"{shown[:start]}{_escape(':')}{shown[start + 1 :]}" if shown.startswith("::", start) else shown


def encodable(text: str) -> str:
    """Returns a text that every Unicode encoding can hold. Lone surrogates are escaped; they occur in file names that are not UTF-8.

    >>> encodable("caf\\udce9")
    'caf\\\\udce9'
    """
    return text if text.isascii() else re.sub(_SURROGATE, lambda match: _escape(match[0]), text)


def xml(text: str) -> str:
    """Returns a text that XML 1.0 can hold: the characters that it forbids, and DEL, become escapes. `<` and `&` are left for an XML writer to escape.

    >>> xml("a\\x1b\\n<")
    'a\\\\x1b\\n<'
    """
    return re.sub("[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", lambda match: _escape(match[0]), text)


def width(text: str) -> int:
    """Returns how many columns of a terminal a visible text takes."""
    return len(text) if text.isascii() else sum(_columns(c) for c in text)


def _columns(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me") or "\u1160" <= c <= "\u11ff":  # marks, and the later parts of a Korean syllable
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _escape(c: str) -> str:
    """Returns the escape of a character: `\\n`, `\\x1b`, `\\u202e`."""
    code = ord(c)
    return _NAMED.get(c) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")

"""Lays out a text: one statement on a line, a long sequence with one phase on a line, the `=` of neighbouring lines in one column.

The formatter works on tokens, not on the tree. So comments stay, numbers keep their digits, and brackets that help the reader stay too. A long list fills its
lines, numbers have one spelling, and brackets around a single name, number or bracket go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import attrs

from lrdsl.arguments import schedule
from lrdsl.clock import MULTIPLES
from lrdsl.diagnostics import Problems
from lrdsl.syntax.parser import parse
from lrdsl.syntax.tokens import MAX_DIGITS, Token, separate, statements_of, tokens_of

#: The widest line, and the indentation of a line that continues another.
WIDTH, INDENT = 100, 4
#: Neighbouring lines have their `=` in one column, unless that would move one of them further than this.
MOST_PADDING = 14

_OPENING = {"LPAR", "LSQB"}
_CLOSING = {"RPAR", "RSQB"}
#: Units and multiples that follow their number without a blank.
_TIGHT_UNITS = {"ep", "x", *MULTIPLES}
#: After these tokens, a minus is the sign of a number, and a bracket has a blank before it.
_OPERATORS = {
    "PLUS",
    "MINUS",
    "STAR",
    "SLASH",
    "EQUAL",
    "COMPARE",
    "COMMA",
    "THEN",
    "FOR",
    "UNTIL",
    "OR",
    "RESTART",
    "AT",
    "ASSERT",
    "SET",
    "LET",
    "DEF",
    "USE",
}


def format(text: str) -> str:
    """Returns a text in its canonical layout, with the same meaning. A text of one line stays one line.

    Raises `ScheduleError` for a text that does not fit the grammar.

    >>> import lrdsl
    >>> print(lrdsl.format("set  total=90ep\\nset base =0.1  # as in the paper\\n\\nlr=warmup( 5ep )then cosine(rest,to = .1x)"), end="")
    set total = 90ep
    set base  = 0.1  # as in the paper
    <BLANKLINE>
    lr = warmup(5ep) then cosine(rest, to=0.1x)
    """
    tree = parse(schedule("the text", text))
    layout = _settled(text, True)
    if layout != text and parse(layout) != tree:  # a bracket around a single name had a meaning
        layout = _settled(text, False)
        assert parse(layout) == tree, "the layout would change the meaning; please report this text"
    return layout


def _settled(text: str, bare: bool) -> str:
    """The layout that stays as it is. `bare` says that brackets which seem to have no meaning go."""
    layout, previous = _format(text, bare), text
    while layout != previous:  # once a comment has moved out of a bracket, the bracket may fit on one line
        layout, previous = _format(layout, bare), layout
    return layout


@attrs.define
class _Word:
    """A token with its comments: those on the lines before it, and the one after it on its line. An empty comment is a blank line."""

    token: Token
    kind: str
    before: list[str] = attrs.Factory(list)
    after: str = ""

    @property
    def text(self) -> str:
        return _number(self.token) if self.kind == "NUMBER" else str(self.token)

    @property
    def commented(self) -> bool:
        """Whether the token has a comment, or a blank line above it."""
        return bool(self.before or self.after)


def _number(text: str) -> str:
    """The one spelling of a number: a digit before the point and after it, `e` small, and an exponent without needless signs and zeros.

    >>> [_number(text) for text in (".5", "5.", "1E3", "1.e+03", "1e-05", "0.90", "1_000")]
    ['0.5', '5', '1e3', '1e3', '1e-5', '0.90', '1_000']
    """
    digits, e, exponent = text.lower().partition("e")
    digits = ("0" if digits.startswith(".") and len(text) < MAX_DIGITS else "") + digits.removesuffix(".")  # a longer number would be refused
    sign = "-" * exponent.startswith("-")
    return digits + e + sign + (exponent.lstrip("+-").lstrip("0_") or "0") * bool(e)


@attrs.define
class _Line:
    """A line of the layout, with the comments above it and the comment at its end."""

    indent: int
    text: str
    above: list[str]
    comment: str = ""

    def lines(self) -> Iterator[str]:
        margin = " " * self.indent
        yield from (margin + comment for comment in self.above)
        yield f"{margin}{self.text}" + (f"  {self.comment}" if self.comment else "")


def _format(text: str, bare: bool) -> str:
    statements, tail = _statements(text)
    if bare:
        statements = [_without_brackets(words) for words in statements]
    if "\n" not in text and not tail and not any(any(word.before) or word.after for words in statements for word in words):
        return "; ".join(_flat(words) for words in statements)
    blocks = [(words, _laid_out(words, 0)) for words in statements]
    output: list[str] = []
    for _, group in groupby(_numbered(blocks), key=lambda item: item[0]):
        members = [block for _, block in group]
        _align(members)
        for _, lines in members:
            output += [line.rstrip() for each in lines for line in each.lines()]
    return "\n".join([*output, *tail]).strip("\n") + "\n"


_Block = tuple[list[_Word], list[_Line]]


def _numbered(blocks: list[_Block]) -> Iterator[tuple[int, _Block]]:
    """Yields each block with the number of its group. A group is neighbouring statements of one kind, each on one line, with nothing between them."""
    number, before = 0, ""
    for words, lines in blocks:
        kind = words[0].kind if words[0].kind in ("SET", "LET") else "TARGET" if _equal(words) is not None and words[0].kind != "DEF" else ""
        apart = not kind or kind != before or len(lines) > 1 or bool(lines[0].above)
        number += apart
        before = kind if len(lines) == 1 else ""
        yield number, (words, lines)


def _equal(words: Sequence[_Word]) -> int | None:
    """Returns the index of the `=` of a statement."""
    depth = 0
    for i, word in enumerate(words):
        depth += (word.kind in _OPENING) - (word.kind in _CLOSING)
        if depth == 0 and word.kind == "EQUAL":
            return i
    return None


def _align(members: list[_Block]) -> None:
    """Moves the `=` of a group of statements into one column."""
    if len(members) < 2:
        return
    lefts = [_flat(words[: _equal(words)]) for words, _ in members]
    width = max(len(left) for left in lefts)
    if width - min(len(left) for left in lefts) > MOST_PADDING:
        return
    for left, (words, lines) in zip(lefts, members, strict=True):
        at = _equal(words)
        assert at is not None
        lines[0].text = f"{left:{width}} = {_flat(words[at + 1 :])}"


def _statements(text: str) -> tuple[list[list[_Word]], list[str]]:
    """Returns the words of each statement, and the comments after the last statement."""
    problems = Problems(text)
    statements: list[list[_Word]] = []
    end, before = 0, None
    for statement in statements_of(list(tokens_of(text, problems)), problems):
        separate(statement, problems)
        words = []
        for token in statement:
            start = token.extent[0]
            word = _Word(token, token.type)
            _comments(text[end:start], before, word)
            words.append(word)
            end, before = token.extent[1], word
        statements.append(words)
    last = _Word(Token("$END", ""), "$END")
    _comments(text[end:], before, last)
    return statements, last.before


def _comments(gap: str, before: _Word | None, word: _Word) -> None:
    """Adds the comments in the gap between two words to one of the two."""
    lines = gap.split("\n")
    for i, line in enumerate(lines):
        _, sign, body = line.partition("#")
        comment = f"# {body.strip()}" if body.strip() and body[:1] not in "#!" else f"#{body.rstrip()}"
        if not sign:
            if 0 < i < len(lines) - 1 and word.before[-1:] != [""]:
                word.before.append("")
            continue
        if i == 0 and before is not None and not before.after:
            before.after = comment
        else:
            word.before.append(comment)


def _laid_out(words: list[_Word], indent: int, depth: int = 0) -> list[_Line]:
    """Returns the lines of a statement, or of an argument: one line if it fits, else one line for each phase."""
    if _fits(words, indent, depth):
        return [_line(words, indent, depth)]
    phases = _split(words, "THEN")
    lines = _phase(phases[0], indent, depth)
    for phase in phases[1:]:
        phase[0].before = [comment for comment in phase[0].before if comment]
        lines += _phase(phase, indent + INDENT, depth)
    return lines


def _fits(words: list[_Word], indent: int, depth: int) -> bool:
    inner = any(any(word.before) for word in words[1:]) or any(word.after for word in words[:-1])
    return not inner and indent + len(_flat(words, depth)) <= WIDTH


def _phase(words: list[_Word], indent: int, depth: int) -> list[_Line]:
    """Returns the lines of a phase: one line if it fits, else one line for each part of its widest bracket."""
    bracket = None if _fits(words, indent, depth) else _widest(words)
    if bracket is None:
        return [_line(words, indent, depth)]
    start, end = bracket
    lines = [_line(words[: start + 1], indent, depth)]
    parts = _split(words[start + 1 : end], "COMMA")
    if words[start].kind == "LSQB" and not any(word.commented for part in parts for word in part):
        parts = _filled(parts, indent + INDENT, depth + 1)
    for i, part in enumerate(parts):
        comma = part.pop(0) if i and part else None  # the comma ends the line before
        if comma is not None:
            _end(lines[-1], comma)
        if part:
            lines += _laid_out(part, indent + INDENT, depth + 1)
    return lines + _phase(words[end:], indent, depth)


def _filled(items: list[list[_Word]], indent: int, depth: int) -> list[list[_Word]]:
    """The rows of a list: as many items as fit on a line. All rows but the first begin with the comma before them, as items do."""
    rows = items[:1]
    for item in items[1:]:
        longer = rows[-1] + item
        if indent + len(_flat(longer[longer[0].kind == "COMMA" :], depth)) < WIDTH:  # there is a comma after it
            rows[-1] = longer
        else:
            rows.append(item)
    return rows


def _without_brackets(words: list[_Word]) -> list[_Word]:
    """The words without the brackets around a single name, number or quantity, or around another bracket. Brackets of calls and with comments stay."""
    opened: list[int] = []
    partner: dict[int, int] = {}
    for i, word in enumerate(words):
        if word.kind in _OPENING:
            opened.append(i)
        elif word.kind in _CLOSING and opened:
            partner[opened.pop()] = i
    gone: set[int] = set()
    for start, end in partner.items():
        inner = words[start + 1 : end]
        is_call = start > 0 and words[start - 1].kind in {"WORD", "STRING", *_CLOSING}
        single = [word.kind for word in inner] in (["WORD"], ["NUMBER"], ["NUMBER", "WORD"], ["NUMBER", "PERCENT"])
        double = partner.get(start + 1) == end - 1 and words[start + 1].kind == "LPAR"
        after = words[end + 1].kind if end + 1 < len(words) else ""
        if words[start].kind == "LPAR" and not is_call and (double or (single and after not in ("LPAR", "WORD", "PERCENT"))):
            gone |= {start, end} if not any(words[i].commented for i in (start, end, start + 1, end - 1)) else set()
    return [word for i, word in enumerate(words) if i not in gone]


def _end(line: _Line, comma: _Word) -> None:
    line.text += ","
    line.above += comma.before + ([line.comment] if line.comment and comma.after else [])
    line.comment = comma.after or line.comment


def _widest(words: list[_Word]) -> tuple[int, int] | None:
    """Returns the first and last index of the widest outermost bracket with more than one word in it; None if there is none."""
    best: tuple[int, int] | None = None
    depth, start = 0, 0
    for i, word in enumerate(words):
        if word.kind in _OPENING:
            start = i if depth == 0 else start
            depth += 1
        elif word.kind in _CLOSING:
            depth -= 1
            if depth == 0 and i - start > 2 and (best is None or i - start > best[1] - best[0]):
                best = (start, i)
    return best


def _split(words: list[_Word], kind: str) -> list[list[_Word]]:
    """Splits the words before each word of a kind that stands outside all brackets."""
    parts: list[list[_Word]] = [[]]
    depth = 0
    for word in words:
        depth += (word.kind in _OPENING) - (word.kind in _CLOSING)
        if depth == 0 and word.kind == kind:
            parts.append([])
        parts[-1].append(word)
    return parts


def _line(words: list[_Word], indent: int, depth: int) -> _Line:
    """Returns the words as one line. Comments between them go above it."""
    inner = list(words[0].before)
    for before, word in pairwise(words):
        inner += [comment for comment in (before.after, *word.before) if comment]
    return _Line(indent, _flat(words, depth), inner, words[-1].after)


def _flat(words: Sequence[_Word], depth: int = 0) -> str:
    """Returns the words on one line, with their blanks. `depth` is the number of brackets around them."""
    line = ""
    sign = False  # the word before is the sign of a number
    for i, word in enumerate(words):
        before = words[i - 1] if i else None
        depth -= word.kind in _CLOSING
        line += ("" if before is None or sign or _tight(before, word, depth) else " ") + word.text
        sign = word.kind == "MINUS" and (before is None or before.kind in _OPERATORS | _OPENING | {"CARET"})
        depth += word.kind in _OPENING
    return line


def _tight(before: _Word, word: _Word, depth: int) -> bool:
    """Returns whether two words stand together without a blank."""
    kinds = (before.kind, word.kind)
    if word.kind in ("COMMA", "PERCENT", "CARET") or word.kind in _CLOSING or before.kind in _OPENING or before.kind == "CARET":
        return True
    if "EQUAL" in kinds:
        return depth > 0
    if word.kind in _OPENING:
        return before.kind == "WORD" or (before.kind in {*_CLOSING, "STRING"} and word.kind == "LSQB")
    return before.kind == "NUMBER" and word.kind == "WORD" and str(word.token) in _TIGHT_UNITS

"""Splits a text into tokens, and the tokens into statements. Reports and repairs strange characters, numbers out of range and unbalanced brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from lrdsl.diagnostics import Fix, Problems, foreign_letter, shown
from lrdsl.syntax.grammar import grammar
from lrdsl.syntax.nodes import Extent

#: The most characters of a text, the most brackets inside each other, and the most tokens.
MAX_TEXT = 100_000
MAX_DEPTH = 64
MAX_TOKENS = 20_000
#: Numbers other than 0 lie between these, so that no product of a few of them leaves the range of a double.
SMALLEST, LARGEST = Decimal("1e-100"), Decimal("1e100")
#: The most characters of one number.
MAX_DIGITS = 40

#: The text of each kind of token that a repair may insert.
SIGNS = {
    "THEN": "then", "CARET": "^", "COMMA": ",", "LPAR": "(", "RPAR": ")", "RSQB": "]", "STAR": "*", "SLASH": "/", "MINUS": "-", "EQUAL": "=", "PERCENT": "%",
    "SEMICOLON": ";",
}  # fmt: skip
#: Characters of other alphabets and languages, and the sign that was likely meant.
_LOOKALIKES = {"×": "*", "·": "*", "−": "-", "–": "-", "—": "-", "÷": "/", "，": ",", "（": "(", "）": ")", "％": "%", "＊": "*", "＝": "=", "；": ";",
               "：": "=", ":": "=", "{": "(", "}": ")", "|": "then", "&": "*", "'": "", '"': "", "`": "", "“": "", "”": "", "!": ""}  # fmt: skip


class Token(str):
    """One word, sign or number. The string itself is the text; `type` is its kind in the grammar, `extent` its place.

    `line` and `column` count from 1. Both are 0 for a token that a repair inserted.
    """

    __slots__ = ("column", "extent", "line", "type")

    type: str
    extent: Extent
    line: int
    column: int

    def __new__(cls, type: str, text: str, extent: Extent = (0, 0), line: int = 0, column: int = 0) -> Token:
        token = str.__new__(cls, text)
        token.type, token.extent, token.line, token.column = type, extent, line, column
        return token

    def read_as(self, type: str, text: str | None = None) -> Token:
        """Returns this token with another type, and with another text if one is given."""
        return Token(type, self if text is None else text, self.extent, self.line, self.column)


def scanned(text: str) -> Iterator[Token]:
    """Yields every token of a text, without blanks and comments. A character that no token begins with is of the type UNKNOWN."""
    tables = grammar()
    words, ignored = tables.words, tables.ignored
    line, begin = 1, 0
    for match in tables.scanner.finditer(text):
        kind, word = match.lastgroup or "", match.group()
        if kind not in ignored:
            start = match.start()
            yield Token(words.get(word, kind) if kind == "WORD" else kind, word, (start, start + len(word)), line, start - begin + 1)
        elif "\n" in word:
            line += word.count("\n")
            begin = match.start() + word.rindex("\n") + 1


#: The quotes of other languages, each with the one that closes it, and what a text in them may hold to be read as one: no part of a schedule.
_QUOTES = {"'": "'", "`": "`", "“": "”", "‘": "’", "„": "“"}
_NO_SCHEDULE = re.compile(r"[^()\"#\n]+")
_QUOTE = re.compile(f"[{''.join(_QUOTES)}]")


def _requoted(text: str, problems: Problems) -> Iterator[Token]:
    """The tokens of a text. A text in quotes of other languages is reported, and read as one in double quotes."""
    read = 0
    for token in scanned(text):
        start = token.extent[0]
        if start < read:
            continue
        end = text.find(_QUOTES[token], start + 1) if token.type == "UNKNOWN" and token in _QUOTES else -1
        if end < 0 or not _NO_SCHEDULE.fullmatch(text, start + 1, end):
            yield token
            continue
        read = end + 1
        quoted = f'"{text[start + 1 : end]}"'
        problems.error("LR001", (start, read), "a text stands in double quotes", f"write `{shown(quoted)}`", quoted)
        yield Token("STRING", quoted, (start, read), token.line, token.column)


#: Two signs of other languages that stand for one of ours.
_PAIRS = {"**": "^", "->": "then", "=>": "then", ">>": "then", "|>": "then"}


def _joined(text: str, problems: Problems) -> Iterator[Token]:
    """The tokens of a text. Two signs that other languages write for one of ours are reported, and read as that one."""
    before: Token | None = None
    for token in _requoted(text, problems) if _QUOTE.search(text) else scanned(text):
        if before is None:
            before = token
            continue
        sign = _PAIRS.get(before + token) if before.extent[1] == token.extent[0] else None
        if sign is None:
            yield before
            before = token
            continue
        extent = (before.extent[0], token.extent[1])
        problems.error("LR001", extent, f"`{before}{token}` has no meaning here", f"did you mean `{sign}`?", sign)
        kind = next(kind for kind, written in SIGNS.items() if written == sign)
        yield Token(kind, sign, extent, before.line, before.column)
        before = None
    if before is not None:
        yield before


def tokens_of(text: str, problems: Problems) -> Iterator[Token]:
    """Yields the tokens of a text, after strange characters and numbers out of range were reported and repaired."""
    before: list[Token] = []
    for token in _joined(text, problems):
        before = [*before[-1:], token]
        if token.type == "UNKNOWN":
            character = f"`{shown(token)}`" if token.isprintable() else f"the character U+{ord(token):04X}"
            meant = _LOOKALIKES.get(token, "")
            help = f"did you mean `{meant}`?" if meant else "delete it"
            problems.error("LR001", token.extent, foreign_letter(token) or f"{character} has no meaning here", help, meant)
            if not meant:
                continue
            token = token.read_as(next(kind for kind, sign in SIGNS.items() if sign == meant), meant)
        if token.type == "NUMBER":
            digits = token.replace("_", "")
            if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
                _leading_zero(before, problems)
            if len(digits) > MAX_DIGITS:
                help = f"round it: {MAX_DIGITS} characters hold more digits than a double"
                problems.error("LR007", token.extent, f"the number has {len(token)} characters", help)
                token = token.read_as("NUMBER", "1")
            elif not _in_range(digits):
                problems.error("LR007", token.extent, f"`{token}` is out of range", "a number is 0, or between 1e-100 and 1e100")
                token = token.read_as("NUMBER", "1")
        yield token


def _leading_zero(tokens: list[Token], problems: Problems) -> None:
    """Report the last of these tokens, a number such as `000`, which is the end of `10,000`, or has a 0 too much."""
    number, comma = tokens[-1], tokens[0]
    if comma.type == "COMMA" and comma.extent[1] == number.extent[0] and number.isdigit() and len(number) == 3:
        fix = Fix(comma.extent[0], number.extent[1], f"_{number}")
        problems.error("LR007", number.extent, f"`{number}` is no number of its own", f"digits are grouped by `_`: write `_{number}` for `,{number}`", fix=fix)
    else:
        plain = number.lstrip("0_") or "0"
        plain = plain if plain[0].isdigit() else f"0{plain}"
        problems.error("LR007", number.extent, f"`{number}` begins with a 0 too much", f"write `{plain}`", plain)


def _in_range(digits: str) -> bool:
    """Returns whether a text may have this number."""
    try:
        value = Decimal(digits)
    except InvalidOperation:  # the exponent is too large for `Decimal`
        return False
    return SMALLEST <= value <= LARGEST if value else -MAX_DIGITS <= value.adjusted() <= MAX_DIGITS  # 0e999999999 would be a power of 10 with a billion digits


#: What is missing between a number and a name: the token, the message, its help, and what the repair puts there.
_NAMED = "COMMA", "`,` is missing before `{}`", "put `,` between two arguments", ", "
_MULTIPLIED = "STAR", "`*` is missing before `{}`", "put `*` between a factor and what it multiplies", " * "
_FOLLOWED = "THEN", "`then` is missing before `{}`", "put `then` before it, or delete it", " then "


def separate(tokens: list[Token], problems: Problems) -> None:
    """Inserts the sign that is missing where the grammar would take a name for the unit of a number: `step(3 gamma=0.5)`, `0.1 x cosine(20)`."""
    for i in range(len(tokens) - 1, 1, -1):
        if tokens[i].type not in ("EQUAL", "LPAR") or tokens[i - 1].type != "WORD":
            continue
        before, name = tokens[i - 2], tokens[i - 1]
        has_unit = before.type == "WORD" and i > 2 and tokens[i - 3].type == "NUMBER"
        if not has_unit and before.type != "NUMBER":
            continue
        is_factor = tokens[i].type == "LPAR" and (not has_unit or before == "x")
        if is_factor and has_unit:  # people write `0.1 x A` for a product
            before = tokens[i - 3]
            del tokens[i - 2]
            i -= 1
        kind, message, help, between = _MULTIPLIED if is_factor else _NAMED if tokens[i].type == "EQUAL" else _FOLLOWED
        problems.error("LR002", name.extent, message.format(shown(name)), help, fix=Fix(before.extent[1], name.extent[0], between))
        tokens.insert(i - 1, inserted(kind, name.extent[0]))


#: The closing bracket of each opening one.
_PARTNER = {"LPAR": "RPAR", "LSQB": "RSQB"}


def mend_brackets(tokens: list[Token], problems: Problems) -> bool:
    """Reports every stray, wrong or missing bracket, and repairs the list of tokens in place. Returns False if brackets are nested too deep."""
    opened: list[Token] = []
    mended: list[Token] = []
    for token in tokens:
        if token.type in _PARTNER:
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                help = "name the inner parts with `let`, or close some brackets"
                problems.error("LR006", token.extent, f"brackets are nested more than {MAX_DEPTH} deep", help)
                return False
        elif token.type in _PARTNER.values():
            while len(opened) > 1 and _PARTNER[opened[-1].type] != token.type and any(_PARTNER[o.type] == token.type for o in opened):
                inner, sign = opened[-1], SIGNS[_PARTNER[opened.pop().type]]
                fix = Fix(token.extent[0], token.extent[0], sign)
                problems.error("LR003", inner.extent, f"this `{inner}` is never closed", f"put `{sign}` before the `{token}` that follows", fix=fix)
                mended.append(inserted(_PARTNER[inner.type], token.extent[0]))
            if not opened:
                problems.error("LR003", token.extent, f"`{token}` has no opening bracket", "delete it", "")
                continue
            wanted = _PARTNER[opened.pop().type]
            if wanted != token.type:
                problems.error("LR003", token.extent, f"expected `{SIGNS[wanted]}`, but found `{token}`", f"write `{SIGNS[wanted]}`", SIGNS[wanted])
                token = token.read_as(wanted, SIGNS[wanted])
        mended.append(token)
    if opened:
        missing = "".join(SIGNS[_PARTNER[token.type]] for token in reversed(opened))
        what = f"this `{opened[0]}` is never closed" if len(opened) == 1 else f"{len(opened)} brackets are never closed, this is the first"
        problems.error("LR003", opened[0].extent, what, f"put `{missing}` at the end")
        at = tokens[-1].extent[1]
        mended += [inserted(_PARTNER[token.type], at) for token in reversed(opened)]
    tokens[:] = mended
    return True


def inserted(kind: str, at: int) -> Token:
    """Returns a token that is missing in the text. Its line is 0, which tells it from the tokens of the text."""
    return Token(kind, SIGNS[kind], (at, at))


#: Tokens between two parts; tokens that cannot begin a statement; tokens that cannot end one.
_JOINS = frozenset({"THEN", "FOR", "UNTIL", "OR", "PLUS", "MINUS", "STAR", "SLASH", "CARET", "COMMA", "EQUAL", "COMPARE"})
_GOES_ON = _JOINS | {"RPAR", "RSQB", "PERCENT", "UNKNOWN"}
_WANTS_MORE = _JOINS | {"RESTART", "LPAR", "LSQB"}
#: The tokens that may end a value before `at`, and those that may begin a value after it.
_ENDS, _STARTS = frozenset({"WORD", "RPAR", "RSQB", "STRING"}), frozenset({"WORD", "NUMBER", "LPAR", "MINUS"})
#: The keywords, and what each is for. The last six are ordinary names, except at the beginning of a statement and, for `at`, between two values.
KEYWORDS = {
    "then": "one phase after the other",
    "restart": "a phase that enters at the base again",
    "for": "a phase up to a length: `A for 100`",
    "until": "a phase up to a time of the run, or until something happens: `A until 80%`, `A until val_loss < 0.3`",
    "or": "another end, the first of which counts: `A until val_loss < 0.3 or 90% or for 20ep`",
    "set": "a fact of the run: `set total = 90ep`",
    "let": "a name for a value or a phase: `let warm = 5ep`",
    "def": "a function: `def f(w) = warmup(w) then hold`",
    "use": 'the definitions of another file: `use "common.lrs"`',
    "assert": "what must be true at every tick: `assert max(lr) <= 1x`",
    "at": "a level at one time: `hold(at=(cosine(100) at 10))`, `assert lr at 5ep == 1x`",
}
#: The type of each keyword that begins a statement.
_BEGIN = {word: word.upper() for word in ("set", "let", "def", "use", "assert")}


def statements_of(tokens: list[Token], problems: Problems) -> Iterator[list[Token]]:
    """Yields the tokens of each statement. A statement ends at a `;`, or at a new line unless a bracket is open or a part is missing.

    A comma outside all brackets that stands before another statement is reported, and read as a `;`.
    """
    current: list[Token] = []
    depth = 0
    for i, token in enumerate(tokens):
        if current and token.line > current[-1].line:
            ended = depth == 0 and token.type not in _GOES_ON and current[-1].type not in _WANTS_MORE
            if ended or (token.column == 1 and _begins(tokens, i)):
                yield _marked(current)
                current, depth = [], 0
        is_comma = token == "," and depth == 0 and i + 1 < len(tokens) and _begins(tokens, i + 1)
        if is_comma:
            problems.error("LR002", token.extent, "`,` stands between two statements", "write `;` between them", ";")
        if token.type == "SEMICOLON" or is_comma:
            if current:
                yield _marked(current)
            current, depth = [], 0
            continue
        depth += (token.type in _PARTNER) - (token.type in _PARTNER.values() and depth > 0)
        current.append(token)
    if current:
        yield _marked(current)


def _begins(tokens: list[Token], i: int) -> bool:
    """Returns whether token i, the first of its line, begins a statement even inside an open bracket."""
    is_target = tokens[i].type in ("WORD", "STRING") and i + 1 < len(tokens) and tokens[i + 1].type in ("EQUAL", "LSQB")
    return is_target or _keyword_of(tokens, i) is not None


def _keyword_of(tokens: list[Token], i: int) -> str | None:
    """Returns the type of the keyword that token i is, if a statement begins with it; else None."""
    kind = _BEGIN.get(tokens[i]) if tokens[i].type == "WORD" else None
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    wanted = {"USE": ("STRING", "WORD"), "ASSERT": ("WORD", "NUMBER", "LPAR", "MINUS", "STRING")}.get(kind or "", ("WORD",))
    return kind if kind is not None and after is not None and after.type in wanted else None


def _marked(tokens: list[Token]) -> list[Token]:
    """Returns the tokens of a statement, with the types of keywords for its first word, and for each `at` between two values."""
    kind = _keyword_of(tokens, 0)
    marked = tokens if kind is None else [tokens[0].read_as(kind), *tokens[1:]]
    for i in range(1, len(marked) - 1):
        if marked[i] == "at" and marked[i].type == "WORD" and marked[i - 1].type in _ENDS and marked[i + 1].type in _STARTS:
            marked[i] = marked[i].read_as("AT")
    return marked

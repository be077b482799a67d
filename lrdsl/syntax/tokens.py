"""From text to tokens, and to the tokens of each statement: strange characters, numbers out of range and brackets are put right here, and reported."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from lrdsl.diagnostics import Fix, Problems, foreign_letter, shown
from lrdsl.syntax.grammar import grammar
from lrdsl.syntax.nodes import Extent

MAX_TEXT = 100_000
MAX_DEPTH = 64
MAX_TOKENS = 20_000
#: Numbers other than 0 lie between these, so that no product of a few of them leaves the range of a double.
SMALLEST, LARGEST = Decimal("1e-100"), Decimal("1e100")
MAX_DIGITS = 40

SIGNS = {
    "THEN": "then", "COMMA": ",", "LPAR": "(", "RPAR": ")", "RSQB": "]", "STAR": "*", "SLASH": "/", "MINUS": "-", "EQUAL": "=", "PERCENT": "%",
    "SEMICOLON": ";",
}  # fmt: skip
_LOOKALIKES = {"×": "*", "·": "*", "−": "-", "–": "-", "—": "-", "÷": "/", "，": ",", "（": "(", "）": ")", "％": "%", "＊": "*", "＝": "=", "；": ";",
               "：": "=", ":": "=", "{": "(", "}": ")", "|": "then", "&": "*", "'": "", '"': "", "`": "", "“": "", "”": "", "!": ""}  # fmt: skip


class Token(str):
    """A word, sign or number of a text: what is written there, its `type` in the grammar, and where it stands.

    `line` and `column` are counted from 1; 0 for one that the text lacks.
    """

    __slots__ = ("column", "extent", "line", "type")

    type: str
    extent: Extent
    line: int
    column: int

    def __new__(cls, type: str, written: str, extent: Extent = (0, 0), line: int = 0, column: int = 0) -> Token:
        token = str.__new__(cls, written)
        token.type, token.extent, token.line, token.column = type, extent, line, column
        return token

    def read_as(self, type: str, written: str | None = None) -> Token:
        """The same, of another type, or as if something else were written there."""
        return Token(type, self if written is None else written, self.extent, self.line, self.column)


def scanned(text: str) -> Iterator[Token]:
    """Everything that is written in a text, but for blanks and comments; what has no meaning is UNKNOWN."""
    known = grammar()
    words, ignored = known.words, known.ignored
    line, begin = 1, 0
    for found in known.scanner.finditer(text):
        kind, written = found.lastgroup or "", found.group()
        if kind not in ignored:
            start = found.start()
            yield Token(words.get(written, kind) if kind == "WORD" else kind, written, (start, start + len(written)), line, start - begin + 1)
        elif "\n" in written:
            line += written.count("\n")
            begin = found.start() + written.rindex("\n") + 1


def tokens_of(text: str, problems: Problems) -> Iterator[Token]:
    """The tokens, without the characters and numbers that were refused."""
    for token in scanned(text):
        if token.type == "UNKNOWN":
            named = f"`{shown(token)}`" if token.isprintable() else f"the character U+{ord(token):04X}"
            meant = _LOOKALIKES.get(token, "")
            help = f"did you mean `{meant}`?" if meant else "delete it"
            problems.error("LR001", token.extent, foreign_letter(token) or f"{named} has no meaning here", help, meant)
            if not meant:
                continue
            token = token.read_as(next(kind for kind, sign in SIGNS.items() if sign == meant), meant)
        if token.type == "NUMBER":
            digits = token.replace("_", "")
            if len(digits) > MAX_DIGITS:
                help = f"round it: {MAX_DIGITS} characters are more than a double can hold"
                problems.error("LR007", token.extent, f"a number of {len(token)} characters", help)
                token = token.read_as("NUMBER", "1")
            elif not _in_range(digits):
                problems.error("LR007", token.extent, f"`{token}` is out of range", "a number is 0, or lies between 1e-100 and 1e100")
                token = token.read_as("NUMBER", "1")
        yield token


def _in_range(digits: str) -> bool:
    """Whether a number is one that a text may have."""
    try:
        value = Decimal(digits)
    except InvalidOperation:  # an exponent that `Decimal` has no room for
        return False
    return SMALLEST <= value <= LARGEST if value else -MAX_DIGITS <= value.adjusted() <= MAX_DIGITS  # 0e999999999 is 0, and no power of 10 to be worked out


def separate(tokens: list[Token], problems: Problems) -> None:
    """Put in the comma of `step(3 gamma=0.5)`, where the name would be read as the unit of the number."""
    for i in range(len(tokens) - 1, 1, -1):
        if tokens[i].type != "EQUAL" or tokens[i - 1].type != "WORD":
            continue
        before, name = tokens[i - 2], tokens[i - 1]
        if before.type == "NUMBER" or (before.type == "WORD" and i > 2 and tokens[i - 3].type == "NUMBER"):
            fix = Fix(before.extent[1], name.extent[0], ", ")
            problems.error("LR002", name.extent, f"`,` is missing before `{shown(name)}`", "put `,` between two arguments", fix=fix)
            tokens.insert(i - 1, inserted("COMMA", name.extent[0]))


_PARTNER = {"LPAR": "RPAR", "LSQB": "RSQB"}


def mend_brackets(tokens: list[Token], problems: Problems) -> bool:
    """Whether no bracket is nested too deep; a stray, wrong or missing one is reported where it stands, and mended in the list."""
    opened: list[Token] = []
    mended: list[Token] = []
    for token in tokens:
        if token.type in _PARTNER:
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                problems.error("LR006", token.extent, f"more than {MAX_DEPTH} brackets deep", "take the inner parts out, or close some")
                return False
        elif token.type in _PARTNER.values():
            while len(opened) > 1 and _PARTNER[opened[-1].type] != token.type and any(_PARTNER[o.type] == token.type for o in opened):
                inner, sign = opened[-1], SIGNS[_PARTNER[opened.pop().type]]
                fix = Fix(token.extent[0], token.extent[0], sign)
                problems.error("LR003", inner.extent, f"this `{inner}` is never closed", f"put `{sign}` before the `{token}` that follows", fix=fix)
                mended.append(inserted(_PARTNER[inner.type], token.extent[0]))
            if not opened:
                problems.error("LR003", token.extent, f"`{token}` closes nothing that is open", "delete it", "")
                continue
            wanted = _PARTNER[opened.pop().type]
            if wanted != token.type:
                problems.error("LR003", token.extent, f"`{token}` where a `{SIGNS[wanted]}` closes", f"write `{SIGNS[wanted]}`", SIGNS[wanted])
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
    """A token that the text lacks. It has no line, by which the reports know it."""
    return Token(kind, SIGNS[kind], (at, at))


#: What cannot begin a statement, and what cannot end one.
_JOINS = frozenset({"THEN", "FOR", "UNTIL", "OR", "PLUS", "MINUS", "STAR", "SLASH", "CARET", "COMMA", "EQUAL", "COMPARE"})
_GOES_ON = _JOINS | {"RPAR", "RSQB", "PERCENT", "UNKNOWN"}
_WANTS_MORE = _JOINS | {"RESTART", "LPAR", "LSQB"}
#: The words of the grammar, and what each is for. The last six are names wherever they do not begin a statement, or follow an assertion's value.
KEYWORDS = {
    "then": "one phase after the other",
    "restart": "a phase, entered at the base again",
    "for": "a phase up to a length: `A for 100`",
    "until": "a phase until something happens: `A until val_loss < 0.3`",
    "or": "another thing to wait for: `A until val_loss < 0.3 or 20ep`",
    "set": "a fact of the run: `set total = 90ep`",
    "let": "a name for a value or a phase: `let warm = 5ep`",
    "def": "a function: `def f(w) = warmup(w) then hold`",
    "use": 'the definitions of another file: `use "common.lrs"`',
    "assert": "what must hold at every tick: `assert max(lr) <= 1x`",
    "at": "one tick of a level: `assert lr at 5ep == 1x`",
}
#: The token of each that begins a statement.
_BEGIN = {word: word.upper() for word in ("set", "let", "def", "use", "assert")}


def statements_of(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement, its keyword marked. A `;` or a new line ends one, unless a bracket is open or the text goes on."""
    current: list[Token] = []
    depth = 0
    for i, token in enumerate(tokens):
        if current and token.line > current[-1].line:
            ended = depth == 0 and token.type not in _GOES_ON and current[-1].type not in _WANTS_MORE
            if ended or (token.column == 1 and _begins(tokens, i)):
                yield _marked(current)
                current, depth = [], 0
        if token.type == "SEMICOLON":
            if current:
                yield _marked(current)
            current, depth = [], 0
            continue
        depth += (token.type in _PARTNER) - (token.type in _PARTNER.values() and depth > 0)
        current.append(token)
    if current:
        yield _marked(current)


def _begins(tokens: list[Token], i: int) -> bool:
    """Whether what stands at the beginning of a line begins a statement, whatever is open."""
    named = tokens[i].type == "WORD" and i + 1 < len(tokens) and tokens[i + 1].type in ("EQUAL", "LSQB")
    return named or _keyword_of(tokens, i) is not None


def _keyword_of(tokens: list[Token], i: int) -> str | None:
    """The keyword that the token is where a statement begins with it."""
    kind = _BEGIN.get(tokens[i]) if tokens[i].type == "WORD" else None
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    wanted = {"USE": ("STRING",), "ASSERT": ("WORD", "NUMBER", "LPAR", "MINUS")}.get(kind or "", ("WORD",))
    return kind if kind is not None and after is not None and after.type in wanted else None


def _marked(tokens: list[Token]) -> list[Token]:
    kind = _keyword_of(tokens, 0)
    if kind is None:
        return tokens
    marked = [tokens[0].read_as(kind), *tokens[1:]]
    if kind == "ASSERT":
        for i in range(2, len(marked) - 1):
            if marked[i] == "at" and marked[i].type == "WORD" and marked[i - 1].type in ("WORD", "RPAR", "RSQB") and marked[i + 1].type != "EQUAL":
                marked[i] = marked[i].read_as("AT")
    return marked

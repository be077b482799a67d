"""Text to tree. The grammar is data (`grammar/lrdsl.lark`); here are the builders of nodes, and the repair of texts that do not fit it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import lark
from lark.lexer import Token
from lark.parsers.lalr_interactive_parser import InteractiveParser

from lrdsl.clock import MULTIPLES
from lrdsl.diagnostics import Fix, Problems, did_you_mean, foreign_letter, shown
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Extent, Node
from lrdsl.syntax.printer import canonical

MAX_TEXT = 100_000
MAX_DEPTH = 64
MAX_TOKENS = 20_000
#: Numbers other than 0 lie between these, so that no product of a few of them leaves the range of a double.
SMALLEST, LARGEST = Decimal("1e-100"), Decimal("1e100")
MAX_DIGITS = 40
#: After this many repairs a text is a different language.
MAX_REPAIRS = 20

_SIGNS = {
    "THEN": "then", "COMMA": ",", "LPAR": "(", "RPAR": ")", "RSQB": "]", "STAR": "*", "SLASH": "/", "MINUS": "-", "EQUAL": "=", "PERCENT": "%",
    "SEMICOLON": ";",
}  # fmt: skip
_LOOKALIKES = {"×": "*", "·": "*", "−": "-", "–": "-", "—": "-", "÷": "/", "，": ",", "（": "(", "）": ")", "％": "%", "＊": "*", "＝": "=", "；": ";",
               "：": "=", ":": "=", "{": "(", "}": ")", "|": "then", "&": "*", "'": "", '"': "", "`": "", "“": "", "”": "", "!": ""}  # fmt: skip


_STATEMENTS = (nodes.Setting, nodes.Binding, nodes.Function, nodes.Use, nodes.Assertion, nodes.Target)


def _extent(token: Token) -> Extent:
    start = token.start_pos or 0
    return start, start + len(token) if token.end_pos is None else token.end_pos


@lark.v_args(inline=True)
class _Builder(lark.Transformer[Token, Node]):
    """What the parser calls when a rule is complete. The grammar keeps every token, so each node knows where it stands."""

    def number(self, token: Token) -> Node:
        return nodes.Number(_value(token), _extent(token))

    def quantity(self, number: Token, *words: Token) -> Node:
        extent = (_extent(number)[0], _extent(words[-1])[1])
        if len(words) == 2:
            return nodes.Quantity(_value(number), str(words[0]), str(words[1]), extent, _extent(words[1]))
        multiple = str(words[0]) if words[0] in MULTIPLES else ""
        return nodes.Quantity(_value(number), multiple, "" if multiple else str(words[0]), extent, _extent(words[0]))

    def name(self, word: Token) -> Node:
        return nodes.Name(str(word), _extent(word))

    def named(self, word: Token, _equal: Token, value: Node) -> nodes.Argument:
        return nodes.Argument(str(word), value, (_extent(word)[0], value.extent[1]), _extent(word))

    def positional(self, value: Node) -> nodes.Argument:
        return nodes.Argument("", value, value.extent, value.extent)

    def call(self, word: Token, _open: Token, *rest: Any) -> Node:
        arguments = tuple(r for r in rest if isinstance(r, nodes.Argument))
        return nodes.Call(str(word), arguments, (_extent(word)[0], _extent(rest[-1])[1]), _extent(word))

    def list(self, opening: Token, *rest: Any) -> Node:
        items = tuple(r for r in rest if not isinstance(r, Token))
        return nodes.List(items, (_extent(opening)[0], _extent(rest[-1])[1]))

    def group(self, _open: Token, body: Node, _close: Token) -> Node:
        return body

    def negative(self, minus: Token, operand: Node) -> Node:
        return nodes.Negative(operand, (_extent(minus)[0], operand.extent[1]))

    def binary(self, left: Node, op: Token, right: Node) -> Node:
        return nodes.Binary(str(op), left, right, (left.extent[0], right.extent[1]))

    def restart(self, word: Token, body: Node) -> Node:
        return nodes.Restart(body, (_extent(word)[0], body.extent[1]))

    def limited(self, body: Node, _for: Token, length: Node) -> Node:
        return nodes.Limited(body, length, (body.extent[0], length.extent[1]))

    def sequence(self, *parts: Any) -> Node:
        items: list[Node] = []
        for part in parts:
            if not isinstance(part, Token):
                items.extend(part.items if isinstance(part, nodes.Sequence) else [part])
        return nodes.Sequence(tuple(items), (parts[0].extent[0], parts[-1].extent[1]))

    def indexed(self, word: Token, *rest: Token) -> Node:
        keys: list[str | int] = []
        for token in rest:
            if token.type == "STRING":
                keys.append(token[1:-1])
            elif token.type == "NUMBER":
                keys.append(int(_value(token)) if token.isdigit() else str(token))
        return nodes.Indexed(str(word), tuple(keys), (_extent(word)[0], _extent(rest[-1])[1]))

    def moment(self, value: Node, _at: Token, tick: Node) -> Node:
        return nodes.Moment(value, tick, (value.extent[0], tick.extent[1]))

    def setting(self, keyword: Token, word: Token, _equal: Token, value: Node) -> Node:
        return nodes.Setting(str(word), value, (_extent(keyword)[0], value.extent[1]), _extent(word))

    def binding(self, keyword: Token, word: Token, _equal: Token, value: Node) -> Node:
        return nodes.Binding(str(word), value, (_extent(keyword)[0], value.extent[1]), _extent(word))

    def parameter(self, word: Token, *rest: Any) -> nodes.Slot:
        default: Node | None = rest[1] if rest else None
        return nodes.Slot(str(word), default, (_extent(word)[0], _extent(word)[1] if default is None else default.extent[1]))

    def function(self, keyword: Token, word: Token, *rest: Any) -> Node:
        slots = tuple(r for r in rest if isinstance(r, nodes.Slot))
        return nodes.Function(str(word), slots, rest[-1], (_extent(keyword)[0], rest[-1].extent[1]), _extent(word))

    def use(self, keyword: Token, path: Token) -> Node:
        return nodes.Use(str(path[1:-1]), (_extent(keyword)[0], _extent(path)[1]))

    def assertion(self, keyword: Token, left: Node, *rest: Any) -> Node:
        op, right = (str(rest[0]), rest[1]) if rest else ("", left)
        return nodes.Assertion(left, op, right, (_extent(keyword)[0], right.extent[1]))

    def target(self, left: Node, _equal: Token, body: Node) -> Node:
        return nodes.Target(left, body, (left.extent[0], body.extent[1]))

    def start(self, *statements: Any) -> Node:
        found = tuple(s for s in statements if not isinstance(s, Token))
        if len(found) == 1 and not isinstance(found[0], _STATEMENTS):
            return cast(Node, found[0])
        return nodes.File(found, (found[0].extent[0], found[-1].extent[1]))


def _value(token: Token) -> Fraction:
    return Fraction(token.replace("_", ""))


def grammar_path() -> Path:
    """Where the grammar file lies: beside this module in an installed wheel, in `grammar/` in a checkout."""
    installed = Path(__file__).with_name("lrdsl.lark")
    return installed if installed.exists() else Path(__file__).parents[2] / "grammar" / "lrdsl.lark"


class _KeepUnknown:
    """Tells Lark to lex `UNKNOWN`, and `SEMICOLON`, which no rule uses, so that a strange character is a token with a place and not an exception."""

    always_accept = ("UNKNOWN", "SEMICOLON")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def grammar() -> lark.Lark:
    """The LALR parser, built once, when the first text comes."""
    source = grammar_path().read_text("utf-8")
    return lark.Lark(source, parser="lalr", lexer="basic", keep_all_tokens=True, transformer=_Builder(), postlex=_KeepUnknown())


def parse(text: str, problems: Problems | None = None) -> Node:
    """The tree of a text. What does not fit the grammar is reported, repaired and read on, so that one reading shows every mistake.

    Without `problems` the mistakes are raised as a `ScheduleError`.

    >>> parse("hold(3)").name
    'hold'
    """
    own = problems is None
    problems = Problems(text) if problems is None else problems
    tree = _parse(text, problems)
    if own or tree is None:
        problems.raise_any()
    assert tree is not None
    return tree


def _parse(text: str, problems: Problems) -> Node | None:
    if len(text) > MAX_TEXT:
        problems.error("LR005", (MAX_TEXT, MAX_TEXT + 1), f"a text of {len(text)} characters", f"a schedule has at most {MAX_TEXT} characters")
        return None
    tokens = list(_tokens(text, problems))
    if len(tokens) > MAX_TOKENS:
        problems.error("LR005", _extent(tokens[MAX_TOKENS]), f"a text of {len(tokens)} words", f"a schedule has at most {MAX_TOKENS} words and signs")
        return None
    found: list[Node] = []
    for statement in _statements(tokens):
        _separate(statement, problems)
        tree = _feed(statement, problems) if _brackets(statement, problems) and statement else None
        if tree is None or _too_deep(tree, problems):
            continue
        found.extend(tree.statements if isinstance(tree, nodes.File) else [tree])
    if not found:
        if not problems.found:
            problems.error("LR004", (0, len(text)), "the text is empty", "write a phase: `cosine(100)` anneals to 0 over 100 ticks")
        return None
    expressions = [tree for tree in found if not isinstance(tree, _STATEMENTS)]
    for extra in expressions[1:]:
        help = "put `then` before it to go on, or name what it is for: `momentum = ...`"
        fix = Fix(*_gap(text, extra.extent[0]), " then ")
        problems.error("LR002", extra.extent, f"`{shown(canonical(extra))}` is a second schedule", help, fix=fix)
        found = [tree for tree in found if tree is not extra]
    if len(found) == 1 and expressions:
        return found[0]
    return nodes.File(tuple(found), (found[0].extent[0], found[-1].extent[1]))


def _gap(text: str, end: int) -> tuple[int, int]:
    """The blanks and the `;` before a place."""
    return len(text[:end].rstrip(" \t\r\n;")), end


#: What cannot begin a statement, and what cannot end one.
_GOES_ON = frozenset({"THEN", "FOR", "PLUS", "MINUS", "STAR", "SLASH", "CARET", "COMMA", "RPAR", "RSQB", "EQUAL", "COMPARE", "PERCENT", "UNKNOWN"})
_WANTS_MORE = frozenset({"THEN", "FOR", "RESTART", "PLUS", "MINUS", "STAR", "SLASH", "CARET", "COMMA", "LPAR", "LSQB", "EQUAL", "COMPARE"})
_KEYWORDS = {"set": "SET", "let": "LET", "def": "DEF", "use": "USE", "assert": "ASSERT"}


def _statements(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement, its keyword marked. A `;` or a new line ends one, unless a bracket is open or the text goes on."""
    current: list[Token] = []
    depth = 0
    for i, token in enumerate(tokens):
        before = current[-1] if current else None
        fresh = before is not None and (token.line or 0) > (before.line or 0)
        named = token.type == "WORD" and i + 1 < len(tokens) and tokens[i + 1].type in ("EQUAL", "LSQB")
        begins = named or _keyword_of(tokens, i) is not None
        if before is not None and fresh and ((depth == 0 and token.type not in _GOES_ON and before.type not in _WANTS_MORE) or (begins and token.column == 1)):
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


def _keyword_of(tokens: list[Token], i: int) -> str | None:
    """The keyword that the token is where a statement begins with it."""
    kind = _KEYWORDS.get(tokens[i]) if tokens[i].type == "WORD" else None
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    wanted = {"USE": ("STRING",), "ASSERT": ("WORD", "NUMBER", "LPAR", "MINUS")}.get(kind or "", ("WORD",))
    return kind if kind is not None and after is not None and after.type in wanted else None


def _marked(tokens: list[Token]) -> list[Token]:
    kind = _keyword_of(tokens, 0)
    if kind is None:
        return tokens
    marked = [Token.new_borrow_pos(kind, tokens[0], tokens[0]), *tokens[1:]]
    if kind == "ASSERT":
        for i in range(2, len(marked) - 1):
            if marked[i] == "at" and marked[i].type == "WORD" and marked[i - 1].type in ("WORD", "RPAR", "RSQB") and marked[i + 1].type != "EQUAL":
                marked[i] = Token.new_borrow_pos("AT", marked[i], marked[i])
    return marked


def _tokens(text: str, problems: Problems) -> Iterator[Token]:
    """The tokens, without the characters and numbers that were refused."""
    for token in grammar().lex(text):
        if token.type == "UNKNOWN":
            named = f"`{shown(token)}`" if token.isprintable() else f"the character U+{ord(token):04X}"
            meant = _LOOKALIKES.get(token, "")
            help = f"did you mean `{meant}`?" if meant else "delete it"
            problems.error("LR001", _extent(token), foreign_letter(token) or f"{named} has no meaning here", help, meant)
            if not meant:
                continue
            token = Token.new_borrow_pos(next(kind for kind, sign in _SIGNS.items() if sign == meant), meant, token)
        if token.type == "NUMBER":
            digits = token.replace("_", "")
            value = Decimal(digits) if len(digits) <= MAX_DIGITS else None
            if value is None:
                help = f"round it: {MAX_DIGITS} characters are more than a double can hold"
                problems.error("LR007", _extent(token), f"a number of {len(token)} characters", help)
            elif value and not SMALLEST <= value <= LARGEST:
                problems.error("LR007", _extent(token), f"`{token}` is out of range", "a number is 0, or lies between 1e-100 and 1e100")
            if value is None or (value and not SMALLEST <= value <= LARGEST):
                token = Token.new_borrow_pos("NUMBER", "1", token)
        yield token


def _separate(tokens: list[Token], problems: Problems) -> None:
    """Put in the comma of `step(3 gamma=0.5)`, where the name would be read as the unit of the number."""
    for i in range(len(tokens) - 1, 1, -1):
        if tokens[i].type != "EQUAL" or tokens[i - 1].type != "WORD":
            continue
        before, name = tokens[i - 2], tokens[i - 1]
        if before.type == "NUMBER" or (before.type == "WORD" and i > 2 and tokens[i - 3].type == "NUMBER"):
            fix = Fix(_extent(before)[1], _extent(name)[0], ", ")
            problems.error("LR002", _extent(name), f"`,` is missing before `{shown(name)}`", "put `,` between two arguments", fix=fix)
            tokens.insert(i - 1, _inserted("COMMA", _extent(name)[0]))


_PARTNER = {"LPAR": "RPAR", "LSQB": "RSQB"}


def _brackets(tokens: list[Token], problems: Problems) -> bool:
    """Whether no bracket is nested too deep; a stray, wrong or missing one is reported where it stands, and mended in the list."""
    opened: list[Token] = []
    mended: list[Token] = []
    for token in tokens:
        if token.type in _PARTNER:
            opened.append(token)
            if len(opened) > MAX_DEPTH:
                problems.error("LR006", _extent(token), f"more than {MAX_DEPTH} brackets deep", "take the inner parts out, or close the brackets that are open")
                return False
        elif token.type in _PARTNER.values():
            while len(opened) > 1 and _PARTNER[opened[-1].type] != token.type and any(_PARTNER[o.type] == token.type for o in opened):
                inner, sign = opened[-1], _SIGNS[_PARTNER[opened.pop().type]]
                fix = Fix(_extent(token)[0], _extent(token)[0], sign)
                problems.error("LR003", _extent(inner), f"this `{inner}` is never closed", f"put `{sign}` before the `{token}` that follows", fix=fix)
                mended.append(_inserted(_PARTNER[inner.type], _extent(token)[0]))
            if not opened:
                problems.error("LR003", _extent(token), f"`{token}` closes nothing that is open", "delete it", "")
                continue
            wanted = _PARTNER[opened.pop().type]
            if wanted != token.type:
                problems.error("LR003", _extent(token), f"`{token}` where a `{_SIGNS[wanted]}` closes", f"write `{_SIGNS[wanted]}`", _SIGNS[wanted])
                token = Token.new_borrow_pos(wanted, _SIGNS[wanted], token)
        mended.append(token)
    if opened:
        missing = "".join(_SIGNS[_PARTNER[token.type]] for token in reversed(opened))
        what = f"this `{opened[0]}` is never closed" if len(opened) == 1 else f"{len(opened)} brackets are never closed, this is the first"
        problems.error("LR003", _extent(opened[0]), what, f"put `{missing}` at the end")
        at = _extent(tokens[-1])[1]
        mended += [_inserted(_PARTNER[token.type], at) for token in reversed(opened)]
    tokens[:] = mended
    return True


def _inserted(kind: str, at: int) -> Token:
    """A token that the text lacks. It has no line, by which the reports know it."""
    return Token(kind, _SIGNS[kind], start_pos=at, end_pos=at)


def _feed(tokens: list[Token], problems: Problems) -> Node | None:
    """Run the parser over the tokens. Where one does not fit: put in the sign that would make it fit, or leave it out, and go on."""
    state = grammar().parse_interactive("")
    queue = [*tokens, Token("$END", "", start_pos=_extent(tokens[-1])[1], line=0)]
    repairs, dropped, i = 0, -2, 0
    while i < len(queue):
        token = queue[i]
        try:
            result = state.feed_token(token)
        except lark.UnexpectedToken:
            repairs += 1
            if repairs > MAX_REPAIRS:
                return None
            missing = _missing(state, token)
            keyword = _keyword(state, queue, i)
            if dropped != i - 1 and (token.line is not None or not problems.found):
                _report(state, queue, i, missing, keyword, problems)
            if keyword is not None:
                queue[i] = Token.new_borrow_pos(keyword.upper(), keyword, token)
            elif missing is not None:
                queue.insert(i, _inserted(missing, _extent(token)[0]))
            elif token.type == "$END":
                return None
            else:
                dropped, i = i, i + 1
            continue
        if token.type == "$END":
            return cast(Node, result)
        i += 1
    return None


def _keyword(state: InteractiveParser, queue: list[Token], i: int) -> str | None:
    """The keyword that a word out of place most likely stands for, where that keyword would fit."""
    if queue[i].type != "WORD" or queue[i + 1].type == "LPAR":
        return None
    near = did_you_mean(queue[i], ("then", "for", "restart"))
    return near if near is not None and near.upper() in state.accepts() else None


def _missing(state: InteractiveParser, token: Token) -> str | None:
    """The sign that, put before `token`, would make it fit; None where none would."""
    for sign in ("COMMA", "THEN"):
        if sign in state.accepts():
            trial = state.copy()
            trial.feed_token(Token(sign, ""))
            if token.type in trial.accepts() and token.type != "RPAR":
                return sign
    return None


_SAMPLES = {"WORD": "a name", "NUMBER": "a number", "LPAR": "`(`", "LSQB": "`[`", "RPAR": "`)`", "RSQB": "`]`", "COMMA": "`,`", "THEN": "`then`"}


def _report(state: InteractiveParser, queue: list[Token], i: int, missing: str | None, keyword: str | None, problems: Problems) -> None:
    token, before = queue[i], queue[i - 1] if i else None
    extent, word = _extent(token), shown(str(token))
    after = f" after `{shown(before)}`" if before is not None else " here"
    if keyword is not None:
        problems.error("LR002", extent, f"`{word}` does not fit{after}", f"did you mean `{keyword}`?", keyword)
    elif missing is not None:
        sign = _SIGNS[missing]
        start = extent[0] if before is None else _extent(before)[1]
        fix = Fix(start, extent[0], ", " if sign == "," else " then ")
        problems.error("LR002", extent, f"`{sign}` is missing before `{word}`", f"put `{sign}` before it, or delete what is too much", fix=fix)
    elif token.type == "$END" and before is not None:
        help = "write a phase after it, or delete it" if before.type in ("THEN", "RESTART") else "complete it, or delete it"
        problems.error("LR002", _extent(before), f"the text ends after `{shown(before)}`", help)
    elif token.type == "EQUAL":
        problems.error("LR002", extent, "`=` names an argument, inside the brackets of a call", "as in `cosine(20, to=0.1x)`")
    else:
        wanted = [_SAMPLES[kind] for kind in _SAMPLES if kind in state.accepts()]
        help = f"here fits {', '.join(wanted[:-1])} or {wanted[-1]}" if len(wanted) > 1 else f"here fits {wanted[0]}" if wanted else "delete it"
        problems.error("LR002", extent, f"`{word}` does not fit{after}", help)


def _too_deep(tree: Node, problems: Problems) -> bool:
    """Whether the tree nests deeper than the passes over it may recurse; found without recursion."""
    todo = [(tree, 1)]
    while todo:
        node, depth = todo.pop()
        if depth > 2 * MAX_DEPTH:
            problems.error("LR006", node.extent, f"an expression more than {2 * MAX_DEPTH} operations deep", "split it into phases, or simplify it")
            return True
        todo.extend((child, depth + 1) for child in nodes.children(node))
    return False

"""Text to tree. The grammar is data (`grammar/lrdsl.lark`); here tokens are fed to it, and texts that do not fit it are repaired and read on."""

from __future__ import annotations

from typing import Any, cast

from lrdsl.diagnostics import Fix, Problems, did_you_mean, shown
from lrdsl.syntax import nodes
from lrdsl.syntax.builder import STATEMENTS
from lrdsl.syntax.derivation import Derivation
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import canonical
from lrdsl.syntax.tokens import MAX_DEPTH, MAX_TEXT, MAX_TOKENS, SIGNS, Token, inserted, mend_brackets, separate, statements_of, tokens_of

#: After this many repairs a text is a different language.
MAX_REPAIRS = 20


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
    tokens = list(tokens_of(text, problems))
    if len(tokens) > MAX_TOKENS:
        problems.error("LR005", tokens[MAX_TOKENS].extent, f"a text of {len(tokens)} words", f"a schedule has at most {MAX_TOKENS} words and signs")
        return None
    found: list[Node] = []
    for statement in statements_of(tokens):
        separate(statement, problems)
        tree = _feed(statement, problems) if mend_brackets(statement, problems) and statement else None
        if tree is None or (len(statement) > MAX_DEPTH and _too_deep(tree, problems)):  # so few words make no tree deeper than them
            continue
        found.extend(tree.statements if isinstance(tree, nodes.File) else [tree])
    if not found:
        if not problems.found:
            problems.error("LR004", (0, len(text)), "the text is empty", "write a phase: `cosine(100)` anneals to 0 over 100 ticks")
        return None
    expressions = [tree for tree in found if not isinstance(tree, STATEMENTS)]
    for extra in expressions[1:]:
        help = "put `then` before it to go on, or name what it is for: `momentum = ...`"
        fix = Fix(*_gap(text, extra.extent[0]), " then ")
        problems.error("LR002", extra.extent, f"`{shown(canonical(extra))}` is a second schedule", help, fix=fix)
        found = [tree for tree in found if tree is not extra]
    if len(found) == 1 and expressions:
        return found[0]
    return nodes.File(tuple(found), (found[0].extent[0], found[-1].extent[1]))


def _gap(text: str, end: int) -> tuple[int, int]:
    """The blanks and the `;` before a place on its line."""
    return len(text[:end].rstrip(" \t;")), end


def _feed(tokens: list[Token], problems: Problems) -> Node | None:
    """Run the parser over the tokens. Where one does not fit: put in the sign that would make it fit, or leave it out, and go on."""
    parts: list[Any] = []
    state = Derivation([0], parts)
    end = tokens[-1].extent[1]
    queue = [*tokens, Token("$END", "", (end, end))]
    repairs, dropped, i = 0, -2, 0
    while i < len(queue):
        token = queue[i]
        if state.feed(token):
            i += 1
            continue
        repairs += 1
        if repairs > MAX_REPAIRS:
            return None
        missing = _missing(state, token)
        keyword = _keyword(state, queue, i)
        if dropped != i - 1 and (token.line or token.type == "$END" or not problems.found):
            _report(state, queue, i, missing, keyword, problems)
        if keyword is not None:
            queue[i] = token.read_as(keyword.upper(), keyword)
        elif missing is not None:
            queue.insert(i, inserted(missing, token.extent[0]))
        elif token.type == "$END":
            return None
        else:
            dropped, i = i, i + 1
    return cast(Node, parts[0])


def _keyword(state: Derivation, queue: list[Token], i: int) -> str | None:
    """The keyword that a word out of place most likely stands for, where that keyword would fit."""
    if queue[i].type != "WORD" or queue[i + 1].type == "LPAR":
        return None
    near = did_you_mean(queue[i], ("then", "for", "until", "restart"))
    return near if near is not None and state.after(near.upper()) else None


def _missing(state: Derivation, token: Token) -> str | None:
    """The sign that, put before `token`, would make it fit; None where none would."""
    for sign in ("COMMA", "THEN"):
        then = state.after(sign)
        if then is not None and token.type != "RPAR" and then.after(token.type) is not None:
            return sign
    return None


_SAMPLES = {"WORD": "a name", "NUMBER": "a number", "LPAR": "`(`", "LSQB": "`[`", "RPAR": "`)`", "RSQB": "`]`", "COMMA": "`,`", "THEN": "`then`"}


def _report(state: Derivation, queue: list[Token], i: int, missing: str | None, keyword: str | None, problems: Problems) -> None:
    token, before = queue[i], queue[i - 1] if i else None
    extent, word = token.extent, shown(str(token))
    after = f" after `{shown(before)}`" if before is not None else " here"
    if keyword is not None:
        problems.error("LR002", extent, f"`{word}` does not fit{after}", f"did you mean `{keyword}`?", keyword)
    elif missing is not None:
        sign = SIGNS[missing]
        start = extent[0] if before is None else before.extent[1]
        fix = Fix(start, extent[0], ", " if sign == "," else " then ")
        problems.error("LR002", extent, f"`{sign}` is missing before `{word}`", f"put `{sign}` before it, or delete what is too much", fix=fix)
    elif token.type == "$END" and before is not None:
        help = "write a phase after it, or delete it" if before.type in ("THEN", "RESTART") else "complete it, or delete it"
        problems.error("LR002", before.extent, f"the text ends after `{shown(before)}`", help)
    elif token.type == "EQUAL":
        problems.error("LR002", extent, "`=` names an argument, inside the brackets of a call", "as in `cosine(20, to=0.1x)`")
    else:
        wanted = [sample for kind, sample in _SAMPLES.items() if state.after(kind) is not None]
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

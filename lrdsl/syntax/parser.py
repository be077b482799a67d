"""Parses a text into a tree. A text that does not fit the grammar is repaired and parsed on, so that one run reports every mistake."""

from __future__ import annotations

from typing import Any, cast

from lrdsl.diagnostics import MOST_PROBLEMS, Fix, Problems, did_you_mean, shown
from lrdsl.syntax import nodes
from lrdsl.syntax.builder import STATEMENTS
from lrdsl.syntax.derivation import Derivation
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.printer import canonical
from lrdsl.syntax.tokens import MAX_DEPTH, MAX_TEXT, MAX_TOKENS, SIGNS, Token, inserted, mend_brackets, separate, statements_of, tokens_of
from lrdsl.work import MEMORY

#: The most repairs of one statement. A text that needs more is not a schedule.
MAX_REPAIRS = 20


def parse(text: str, problems: Problems | None = None) -> Node:
    """Returns the tree of a text.

    Mistakes are added to `problems`, repaired, and parsed on. Without `problems`, the mistakes are raised together as a `ScheduleError`.

    >>> parse("hold(3)").name
    'hold'
    """
    raises = problems is None
    problems = Problems(text) if problems is None else problems
    memory = MEMORY.get()
    tree: Node | None = None if memory is None else memory.get("text", (), text, of_this_text=True)
    if tree is None:
        count = len(problems.found)
        tree = _parse(text, problems)
        if memory is not None and tree is not None and len(problems.found) == count < MOST_PROBLEMS:
            memory.keep("text", (), text, tree)
    if raises or tree is None:
        problems.raise_any()
    assert tree is not None
    return tree


def _parse(text: str, problems: Problems) -> Node | None:
    if len(text) > MAX_TEXT:
        problems.error("LR005", (MAX_TEXT, MAX_TEXT + 1), f"the text has {len(text)} characters", f"a schedule has at most {MAX_TEXT} characters")
        return None
    tokens = list(tokens_of(text, problems))
    if len(tokens) > MAX_TOKENS:
        problems.error("LR005", tokens[MAX_TOKENS].extent, f"the text has {len(tokens)} words and signs", f"a schedule has at most {MAX_TOKENS}")
        return None
    trees: list[Node] = []
    for statement in statements_of(tokens, problems):
        tree = _remembered(statement, text, problems)
        if tree is None:
            continue
        trees.extend(tree.statements if isinstance(tree, nodes.File) else [tree])
    if not trees:
        if not problems.found:
            problems.error("LR004", (0, len(text)), "the text is empty", "write a phase: `cosine(100)` anneals to 0 over 100 ticks")
        return None
    expressions = [tree for tree in trees if not isinstance(tree, STATEMENTS)]
    for extra in expressions[1:]:
        help = "put `then` before it to run it next, or give it a target: `momentum = ...`"
        fix = Fix(*_gap(text, extra.extent[0]), " then ")
        problems.error("LR002", extra.extent, f"`{shown(canonical(extra))}` is a second schedule", help, fix=fix)
        trees = [tree for tree in trees if tree is not extra]
    if len(trees) == 1 and expressions:
        return trees[0]
    return nodes.File(tuple(trees), (trees[0].extent[0], trees[-1].extent[1]))


def _remembered(statement: list[Token], text: str, problems: Problems) -> Node | None:
    """Returns the tree of one statement; the same one if this statement stood at this place, without problems, in a text that was read before."""
    memory = MEMORY.get()
    if memory is None:
        return _statement(statement, problems)
    start, end = statement[0].extent[0], statement[-1].extent[1]
    key = (start, text[start:end])
    tree: Node | None = memory.get("tree", (), key)
    if tree is None:
        count = len(problems.found)
        tree = _statement(statement, problems)
        if tree is not None and len(problems.found) == count < MOST_PROBLEMS:
            memory.keep("tree", (), key, tree)
    return tree


def _statement(statement: list[Token], problems: Problems) -> Node | None:
    """Returns the tree of one statement; None if it has too many problems."""
    separate(statement, problems)
    tree = _feed(statement, problems) if mend_brackets(statement, problems) and statement else None
    is_deep = tree is not None and len(statement) > MAX_DEPTH and _too_deep(tree, problems)  # a tree is no deeper than it has tokens
    return None if is_deep else tree


def _gap(text: str, end: int) -> tuple[int, int]:
    """Returns the extent of the blanks and the `;` that end at an offset."""
    return len(text[:end].rstrip(" \t;")), end


def _feed(tokens: list[Token], problems: Problems) -> Node | None:
    """Returns the tree of one statement. A token that does not fit is reported and repaired: read as another, with the missing sign before it, or dropped."""
    state, parts = _started([])
    end = tokens[-1].extent[1]
    queue = [*tokens, Token("$END", "", (end, end))]
    repairs, dropped, i = 0, -2, 0
    taken: list[Token] = []
    while i < len(queue):
        token = queue[i]
        if state.feed(token):
            taken.append(token)
            i += 1
            continue
        repairs += 1
        if repairs > MAX_REPAIRS:
            return None
        state, parts = _started(taken)  # a token that does not fit may have completed rules before
        if token.type == "WORD" and state.after("WORD") is None and state.after("STRING") is not None:  # as a group in `lr[head]`
            quoted = f'"{token}"'
            problems.error("LR002", token.extent, f"`{shown(token)}` stands without quotes", f"write `{shown(quoted)}`", quoted)
            queue[i] = token.read_as("STRING", quoted)
            continue
        is_spare = token in _THEN and queue[i + 1] == "then"  # `, then`, `and then`
        missing = None if is_spare else _missing(state, token)
        keyword = None if is_spare else _keyword(state, queue, i)
        bare = keyword is None and token.type == "NUMBER" and i > 0 and queue[i - 1].type == "WORD"
        if bare:
            _bracket(queue, i, problems)
            continue
        if dropped != i - 1 and (token.line or token.type == "$END" or not problems.found):
            _report(state, queue, i, missing, keyword, problems)
        if keyword is not None:
            queue[i] = token.read_as(keyword.upper(), keyword)
            if token == "followed" and queue[i + 1] == "by":
                del queue[i + 1]
        elif missing is not None and token != "to":
            queue.insert(i, inserted(missing, token.extent[0]))
        elif token.type == "$END":
            return None
        else:
            dropped, i = i, i + 1
            while token == "to" and i + 1 < len(queue) and queue[i].type in ("NUMBER", "WORD"):  # and its level
                dropped, i = i, i + 1
    return cast(Node, parts[0])


def _started(tokens: list[Token]) -> tuple[Derivation, list[Any]]:
    """A derivation that has taken these tokens, and its parts."""
    parts: list[Any] = []
    state = Derivation([0], parts)
    for token in tokens:
        state.feed(token)
    return state, parts


def _bracket(queue: list[Token], i: int, problems: Problems) -> None:
    """Reports the number behind a bare word, as in `cosine 20`, and puts the brackets of a call around it."""
    word, last = queue[i - 1], i + 1 if queue[i + 1].type in ("WORD", "PERCENT") else i
    argument = f"{queue[i]}{queue[last] if last > i else ''}"
    fix = Fix(word.extent[0], queue[last].extent[1], f"{word}({argument})")
    message = f"the argument of `{shown(word)}` stands in brackets"
    problems.error("LR002", queue[i].extent, message, f"write `{shown(word)}({shown(argument)})`", fix=fix)
    queue.insert(last + 1, inserted("RPAR", queue[last].extent[1]))
    queue.insert(i, inserted("LPAR", queue[i].extent[0]))


#: What people write between two phases instead of `then`.
_THEN = frozenset({",", "and", "followed", "next", "into", "to"})


def _keyword(state: Derivation, queue: list[Token], i: int) -> str | None:
    """Returns the keyword that a misspelled word, or a sign between two phases, most likely stands for, if that keyword fits here; else None."""
    token, following = queue[i], queue[i + 1 : i + 3]
    if token in _THEN and state.after("THEN") and (token != "to" or [t.type for t in following] == ["WORD", "LPAR"]):
        return "then"
    if token.type != "WORD" or following[0].type == "LPAR":
        return None
    near = did_you_mean(token, ("then", "for", "until", "restart"))
    return near if near is not None and state.after(near.upper()) else None


def _missing(state: Derivation, token: Token) -> str | None:
    """Returns the sign that makes `token` fit when it is put before it; None if no sign does."""
    for sign in ("COMMA", "THEN"):
        later = state.after(sign)
        if later is not None and token.type != "RPAR" and later.after(token.type) is not None:
            return sign
    return None


#: How a message names each kind of token that may be expected.
_SAMPLES = {"WORD": "a name", "NUMBER": "a number", "LPAR": "`(`", "LSQB": "`[`", "RPAR": "`)`", "RSQB": "`]`", "COMMA": "`,`", "THEN": "`then`"}


def _report(state: Derivation, queue: list[Token], i: int, missing: str | None, keyword: str | None, problems: Problems) -> None:
    """Reports that token i does not fit, with its repair."""
    token, before = queue[i], queue[i - 1] if i else None
    extent, word = token.extent, shown(str(token))
    place = f" after `{shown(before)}`" if before is not None else " here"
    if keyword is not None:
        problems.error("LR002", extent, f"`{word}` does not fit{place}", f"did you mean `{keyword}`?", keyword)
    elif token == "to" and before is not None:
        help = "write it inside the brackets, as in `cosine(100, to=0.1x)`"
        problems.error("LR002", extent, f"`to` does not fit{place}: it is an argument of a phase", help)
    elif missing is not None:
        sign = SIGNS[missing]
        start = extent[0] if before is None else before.extent[1]
        fix = Fix(start, extent[0], ", " if sign == "," else " then ")
        problems.error("LR002", extent, f"`{sign}` is missing before `{word}`", f"put `{sign}` before it, or delete it", fix=fix)
    elif token.type == "$END" and before is not None:
        help = "write a phase after it, or delete it" if before.type in ("THEN", "RESTART") else "complete it, or delete it"
        problems.error("LR002", before.extent, f"the text ends after `{shown(before)}`", help)
    elif token in _THEN and queue[i + 1] == "then":
        fix = Fix(extent[0] if before is None else before.extent[1], extent[1], "")
        problems.error("LR002", extent, f"`{word}` does not fit{place}", "delete it: `then` is enough", fix=fix)
    elif token.type == "EQUAL":
        problems.error("LR002", extent, "`=` does not fit here: it names an argument inside the brackets of a call", "write it as in `cosine(20, to=0.1x)`")
    else:
        expected = [sample for kind, sample in _SAMPLES.items() if state.after(kind) is not None]
        if expected == [_SAMPLES["NUMBER"]] and state.after("STRING") is not None:  # of a group
            expected = ["the number of a group from 0 on", 'its name in quotes, as `"head"`']
        options = f"{', '.join(expected[:-1])} or {expected[-1]}" if len(expected) > 1 else "".join(expected)
        help = f"put {options} here" if expected else "delete it"
        problems.error("LR002", extent, f"`{word}` does not fit{place}", help)


def _too_deep(tree: Node, problems: Problems) -> bool:
    """Returns True, and reports it, for a tree that is too deep for passes that recurse. The search itself does not recurse."""
    stack = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > 2 * MAX_DEPTH:
            problems.error("LR006", node.extent, f"operations are nested more than {2 * MAX_DEPTH} deep", "split the expression into phases, or simplify it")
            return True
        stack.extend((child, depth + 1) for child in nodes.children(node))
    return False

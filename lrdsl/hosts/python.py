"""Schedule strings in Python: the first argument of our own functions, and strings under names that a pattern picks, or behind a mark."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from lrdsl.hosts.embedded import Embedded, Finder, UnreadableError, is_marked

_FUNCTIONS = {"compile", "parse", "lint", "format"}
_STRING = re.compile(r"([rRbBuU]*)(\"\"\"|'''|\"|')(.*)\2\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[0-7]{1,3}|\r\n|.)|\r\n|.", re.DOTALL)
_BREAK = re.compile(r"\r\n?|\n")


def find(source: str, finder: Finder) -> Iterator[Embedded]:
    """The schedules in a Python program."""
    starts = [0, *(found.end() for found in _BREAK.finditer(source))]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        at = starts[min((getattr(error, "lineno", 1) or 1), len(starts)) - 1]
        raise UnreadableError(f"this is not Python: {getattr(error, 'msg', error)}", at) from None
    lines = [source[start:end] for start, end in zip(starts, [*starts[1:], len(source)], strict=True)]
    seen: set[tuple[int, int]] = set()
    for node, key, ours in _strings(tree):
        place = (node.lineno, node.col_offset)
        if place in seen or not isinstance(node.value, str):
            continue
        if ours or finder.wants(key, node.value, is_marked(lines, node.lineno - 1)):
            seen.add(place)
            one = _embedded(source, lines, starts, node)
            if one is not None:
                yield one


def _strings(tree: ast.AST) -> Iterator[tuple[ast.Constant, str, bool]]:
    """Every string with a name it is under, and whether it is for one of our functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if node.args and isinstance(node.args[0], ast.Constant) and _is_ours(node.func):
                yield node.args[0], "", True
            yield from ((k.value, k.arg or "", False) for k in node.keywords if isinstance(k.value, ast.Constant))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield from ((node.value, _name(target), False) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
            yield node.value, _name(node.target), False
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from ((v, str(k.value), False) for k, v in pairs if isinstance(k, ast.Constant) and isinstance(v, ast.Constant))


def _is_ours(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in _FUNCTIONS and isinstance(function.value, ast.Name) and function.value.id == "lrdsl"


def _name(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""


def _embedded(source: str, lines: list[str], starts: list[int], node: ast.Constant) -> Embedded | None:
    """The string, if it is one piece and not made of several."""
    start = starts[node.lineno - 1] + len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    last = (node.end_lineno or node.lineno) - 1
    end = starts[last] + len(lines[last].encode()[: node.end_col_offset].decode())
    found = _STRING.match(source[start:end])
    if found is None:
        return None
    raw, first = "r" in found[1].lower(), start + found.start(3)
    text, offsets = "", list[int]()
    for piece in _ESCAPE.finditer(source, first, first + len(found[3])):
        escaped = piece[0].startswith("\\") and not raw
        character = ast.literal_eval(f"'''{piece[0]}'''") if escaped else "\n" if piece[0] in ("\r\n", "\r") else piece[0]
        offsets += [piece.start()] * len(character)
        text += character
    if text != node.value:
        return None
    delimiter = found[2]

    def quote(added: str) -> str:
        if raw:
            return added
        escaped = added.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")
        return escaped if len(delimiter) == 3 else escaped.replace("\n", "\\n")

    return Embedded(text, (*offsets, first + len(found[3])), quote)

"""Keys of the param groups: what stands left of `=`, and how the right side refers to it; the numbers that patterns of group names catch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.scope import ARITHMETIC, WORDS, Family, FunctionBinding, NameBinding
from lrdsl.diagnostics import Problems, shown
from lrdsl.expr.exact import Hosted
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.grammar import grammar
from lrdsl.syntax.nodes import Node
from lrdsl.targets.patterns import Braces, braces_of, lone_brace

#: Keys of param groups that hold several numbers: the first index picks one of them.
VECTORS = ("betas",)
#: The most characters of a key in quotes.
MAX_KEY = 100
_KEYS = 'write a key of the param groups left of `=`: `lr`, `lr["backbone"]`, `lr[0]`, `lr["a", "b"]`, `betas[0]`, `betas[0]["backbone"]`, `"clip"`'
_WORD = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


#: What a name of the text means, by the name.
Bindings: TypeAlias = Mapping[str, NameBinding | FunctionBinding]


@attrs.frozen
class Key:
    """What a target names: a `key` of the param groups or an `element` of it, in the `groups` that are picked, all of them if there are none.

    `text` is the target as a canonical text writes it. `letter` is the name of the number that the patterns catch, "" if they catch none.
    """

    text: str
    key: str
    element: int | None
    groups: tuple[str | int, ...]
    letter: str


def is_word(key: str) -> bool:
    """Whether a key needs quotes: it is a word of the language, or not one word."""
    return key in SHAPES or key in COMBINATORS or key in WORDS or key in grammar().words or _WORD.fullmatch(key) is None


def plain(tree: Node) -> Node:
    """Returns the tree with each target that needs no quotes written without them."""
    if not isinstance(tree, nodes.File):
        return tree
    statements = tuple(attrs.evolve(s, target=_bare(s.target)) if isinstance(s, nodes.Target) and _is_quoted(s.target) else s for s in tree.statements)
    return attrs.evolve(tree, statements=statements)


def _is_quoted(target: Node) -> bool:
    return isinstance(target, nodes.Text) or (isinstance(target, nodes.Indexed) and target.quoted)


def _bare(node: Node) -> Node:
    if isinstance(node, nodes.Text) and not is_word(node.value):
        return nodes.Name(node.value, node.extent)
    if isinstance(node, nodes.Indexed) and node.quoted and not is_word(node.id):
        return attrs.evolve(node, quoted=False)
    return node


def referred(node: Node, bound: Bindings) -> tuple[str, int | None] | None:
    """Returns the name in `bound` that a node refers to, as `lr`, `"clip"`, `lr["a"]`; None if it refers to none.

    A group's name picks the family that a pattern with `{k}` makes: `lr["blocks.3.mlp"]` refers to `lr["blocks.{k}.*"]`, with the number 3.
    """
    if isinstance(node, nodes.Name):
        return (node.id, None) if node.id in bound else None
    if not isinstance(node, nodes.Text | nodes.Indexed):
        return None
    text = canonical(_bare(node))
    if text in bound:
        return text, None
    if isinstance(node, nodes.Indexed) and len(node.brackets[-1]) == 1 and isinstance(name := node.brackets[-1][0].value, str):
        before = text[: -len(f'["{name}"]')]
        for key in reversed(list(bound)):  # the later one wins, as it does among groups
            family = getattr(bound[key], "family", None)
            if family is not None and key.startswith(f"{before}[") and (number := family.number_of(name)) is not None:
                return key, number
    return None


def key_of(target: Node, names: Mapping[str, Hosted], bound: Bindings, problems: Problems) -> Key | None:
    """Reads what stands left of `=`, or returns None after its problems were reported. `names` and `bound` are what is already defined."""
    if not isinstance(target, nodes.Name | nodes.Text | nodes.Indexed):
        waits = any(isinstance(part, nodes.Until) for part in nodes.walk(target))
        help = "a condition compares by `<`, `<=`, `>` or `>=`: `val_loss < 0.3`" if waits else _KEYS
        problems.error("LR117", target.extent, f"`{shown(canonical(target))}` cannot be scheduled", help)
        return None
    text, key = canonical(target), target.value if isinstance(target, nodes.Text) else target.id
    start = target.extent[0]
    if _is_quoted(target):
        if not key or len(key) > MAX_KEY or set(key) & set("[]{}"):
            help = f'quotes hold a key of 1 to {MAX_KEY} characters without brackets, which stand behind them: `"clip"[0]`'
            problems.error("LR117", (start, start + len(key) + 2), f'`"{shown(key)}"` is not a key of the param groups', help)
            return None
    elif is_word(key):
        extent = (start, start + len(key))
        help = f'write the key in quotes: `"{key}" = ...`'
        problems.error("LR117", extent, f"`{key}` is a word of the language, not a key of the param groups", help, f'"{key}"')
        return None
    brackets = list(target.brackets) if isinstance(target, nodes.Indexed) else []
    element = brackets.pop(0)[0].value if key in VECTORS and brackets and len(brackets[0]) == 1 and isinstance(brackets[0][0].value, int) else None
    if len(brackets) > 1 or (key in VECTORS and element is None):
        help = f"write which of its numbers: `{key}[0]` or `{key}[1]`" if key in VECTORS and not brackets else _KEYS
        problems.error("LR117", target.extent, f"`{shown(text)}` does not name one number of a param group", help)
        return None
    selectors = brackets[0] if brackets else ()
    letters = [_letter(selector, names, bound, problems) for selector in selectors]
    groups: list[str | int] = []
    for selector, letter in zip(selectors, letters, strict=True):
        value = selector.value
        if letter is None:
            return None
        if not isinstance(value, str | int):
            problems.error("LR117", selector.extent, f"`{shown(canonical(nodes.Number(value, selector.extent)))}` is no index", "groups are counted 0, 1, 2")
            return None
        if value in groups:
            problems.error("LR108", selector.extent, "this group is picked twice", "pick it once")
            return None
        if letter != letters[0]:
            caught_letter = letter or letters[0]
            help = f"let each pattern catch it, as `{{{caught_letter}}}`, or give the groups that have none a target of their own"
            problems.error("LR117", selector.extent, f"`{caught_letter}` is caught by some of these patterns, and not by all of them", help)
            return None
        groups.append(value)
    return Key(text, key, element if isinstance(element, int) else None, tuple(groups), (letters[0] or "") if letters else "")


def _letter(selector: nodes.Selector, names: Mapping[str, Hosted], bound: Bindings, problems: Problems) -> str | None:
    """Returns the name of the number that a selector catches, "" if it catches none; None after a problem was reported."""
    braces = list(braces_of(selector.value)) if isinstance(selector.value, str) else []
    for i, part in enumerate(braces):
        extent = (selector.extent[0] + 1 + part.start, selector.extent[0] + 1 + part.end)
        fault = _fault(part, i, names, bound)
        if fault is not None:
            code, message, help, fix = fault
            problems.error(code, extent, message, help, fix)
            return None
    lone = lone_brace(selector.value) if isinstance(selector.value, str) else None
    if lone is not None:
        extent = (selector.extent[0] + 1 + lone, selector.extent[0] + 2 + lone)
        help = "braces name the number that they catch, as `{k}`; a brace of the name is written as a set: `[{]`"
        problems.error("LR117", extent, "this brace has no partner", help)
        return None
    return braces[0].word if braces else ""


def _fault(braces: Braces, index: int, names: Mapping[str, Hosted], bound: Bindings) -> tuple[str, str, str, str | None] | None:
    """Returns what is wrong with braces in a pattern: the code, the message, the help, and what to write instead."""
    word = braces.word
    written = f"`{{{shown(word)}}}`"
    if braces.inside:
        return "LR117", f"{written} stands in a set of characters, and catches nothing", "a bracket of the name is written as a set: `[[]{k}]`", None
    if index:
        return "LR117", f"{written} is a second number in one pattern, which catches one", "let `*` stand for the other", "*"
    if not word.isidentifier():
        return "LR117", f"{written} is no name for a number", "name the number that it catches: `{k}`", "{k}"
    if word in SHAPES or word in COMBINATORS or word in ARITHMETIC or word in WORDS or word in grammar().words:
        return "LR116", f"{written}: `{word}` is a word of the language", "choose another name: `{k}`", None
    if word in names or word in bound:
        return "LR116", f"{written}: `{shown(word)}` is already defined", "choose another name", None
    return None


def family_of(key: Key) -> Family | None:
    """Returns the family that a key with a letter makes."""
    return Family(key.letter, tuple(str(pattern) for pattern in key.groups)) if key.letter else None

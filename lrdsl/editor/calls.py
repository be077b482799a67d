"""Calls that are being typed: `open_calls` finds those around a place, and `signatures_of` says what a call of a word takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from lrdsl.check.combinators import Combinator, declarations
from lrdsl.check.prelude import recipe
from lrdsl.kinds import DESCRIPTION, Parameter
from lrdsl.shapes import Shape
from lrdsl.syntax import canonical, nodes

#: What matters for the brackets of a text: strings, comments, words, numbers, and some signs.
_SIGN = re.compile(r'"[^"\n]*"?|#[^\n]*|[^\W\d][\w.]*|\d[\w.]*|[<>=!]=|[][(),;=\n]')
#: Words that begin a statement. A bracket before them was left open.
_STATEMENTS = frozenset(("let", "def", "set", "assert", "use"))
#: The names that a text and the files that it uses define, each with its statement.
Definitions: TypeAlias = "Mapping[str, nodes.Binding | nodes.Function]"
NO_DEFINITIONS: Definitions = {}


@attrs.frozen
class OpenCall:
    """A bracket that is open at the end of a text. `word` is the name before it, "" if it is no call; `is_list` says that it is `[`.

    `arguments` has the name of each argument so far, "" for one by position. The last one is being typed.
    """

    word: str
    is_list: bool
    arguments: tuple[str, ...]

    def active(self, names: Sequence[str]) -> int | None:
        """The index of the parameter that the argument at the end is for, among these names; None if there is none.

        >>> open_calls("cosine(20, to=0.1, ")[0].active(["n", "to", "from"]), open_calls("cosine(20, from=")[0].active(["n", "to", "from"])
        (2, 2)
        """
        *before, last = self.arguments
        if last:
            return names.index(last) if last in names else None
        return next((i for i in range(before.count(""), len(names)) if names[i] not in before), None)


def open_calls(before: str) -> list[OpenCall]:
    """The brackets that are open at the end of a text, innermost first; none inside a string or a comment.

    >>> [(call.word, call.arguments) for call in open_calls("lr = restarts(warmup(5) then cosine(20, to=")]
    [('cosine', ('', 'to')), ('restarts', ('',))]
    """
    calls: list[OpenCall] = []
    word, is_new, is_definition = "", True, False
    for sign in _SIGN.finditer(before):
        token = sign[0]
        if token in ("(", "["):
            calls.append(OpenCall("" if is_definition or token == "[" else word, token == "[", ("",)))
        elif token in (")", "]"):
            del calls[-1:]
        elif token == "," and calls:
            calls[-1] = attrs.evolve(calls[-1], arguments=(*calls[-1].arguments, ""))
        elif token == "=" and calls and word:
            calls[-1] = attrs.evolve(calls[-1], arguments=(*calls[-1].arguments[:-1], word))
        elif token == ";" or (is_new and token in _STATEMENTS):
            calls.clear()
        elif token[0] in '"#' and sign.end() == len(before) and (token[0] == "#" or len(token) == 1 or token[-1] != '"'):
            return []
        is_definition = word == "def"
        word = token if token[0].isalpha() or token[0] == "_" else ""
        is_new = token in ("\n", ";")
    return calls[::-1]


@attrs.frozen
class Slot:
    """A parameter as a signature shows it: its name, its part of the signature, its documentation in Markdown, its options, and what it is in one line."""

    name: str
    label: str
    doc: str = ""
    options: tuple[str, ...] = ()
    line: str = ""


@attrs.frozen
class Signature:
    """What a call takes: the call as people write it, its parameters, and its documentation in Markdown."""

    label: str
    slots: tuple[Slot, ...]
    doc: str


def signatures_of(word: str, definitions: Definitions) -> list[Signature]:
    """What the calls of a word take: a function of the text, a shape in each of its forms, a combinator, or a recipe; none for any other word."""
    node = definitions.get(word)
    if node is None and declarations(word):
        return [_declared(declaration) for declaration in declarations(word)]
    if node is None and (named := recipe(word)) is not None:
        node = named.function
    return [_defined(node)] if isinstance(node, nodes.Function) else []


def _declared(declaration: Shape | Combinator) -> Signature:
    """What a shape or a combinator takes."""
    label = declaration.signature
    slots = [Slot(p.name, _label(p), _parameter_doc(p), p.options, p.doc) for p in declaration.parameters]
    return Signature(label, tuple(slots), declaration.summary)


def _label(p: Parameter) -> str:
    return p.name + (p.default_text if p.default_text in ("", "?") else f"={p.default_text}")


def _defined(function: nodes.Function) -> Signature:
    """What a function of a text takes."""
    line = f"a parameter of `{function.name}`"
    labels = {slot.name: slot.name if slot.default is None else f"{slot.name}={canonical(slot.default)}" for slot in function.parameters}
    slots = tuple(Slot(name, label, f"`{label}`: {line}", line=line) for name, label in labels.items())
    return Signature(f"{function.name}({', '.join(labels.values())})", slots, f"```lrs\n{canonical(function)}\n```")


def _parameter_doc(p: Parameter) -> str:
    """The documentation of a parameter: what it is, its kind and range, and its default."""
    default = f", default {p.default_text}" if p.default_text not in ("", "?") else ""
    options = f": {', '.join(f'`{o}`' for o in p.options)}" if p.options else ""
    return f"`{p.name}`: {p.doc}\n\n{DESCRIPTION[p.kind]}{options}{f', {p.range_text}' if p.range_text else ''}{default}"

"""The standard recipes, such as `hf.cosine`: functions in the language itself. A namespace is a file, `lrdsl/prelude/hf.lrs`, read when it is first named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import attrs

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.names import bind_function
from lrdsl.check.scope import ARITHMETIC, WORDS, FunctionBinding, Scope
from lrdsl.clock import Clock
from lrdsl.diagnostics import Problems
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.syntax.nodes import Node

#: The folder of the recipes.
FOLDER = Path(__file__).parents[1] / "prelude"
#: The namespace of the recipes without a dot in their names.
PLAIN = "recipes"
_DEFINED = re.compile(r"^def ([\w.]+)\(", re.MULTILINE)


def namespace_of(name: str) -> str:
    """Returns the namespace of a name.

    >>> namespace_of("hf.cosine"), namespace_of("wsd")
    ('hf', 'recipes')
    """
    return name.partition(".")[0] if "." in name else PLAIN


@cache
def namespaces() -> tuple[str, ...]:
    """Returns the names of all namespaces, without reading them."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.lrs")))


def recipe_names() -> tuple[str, ...]:
    """Returns the names of all recipes, without parsing them."""
    return tuple(name for namespace in namespaces() for name in names_in(namespace))


@cache
def names_in(namespace: str) -> tuple[str, ...]:
    """Returns the names of the recipes of a namespace, without parsing them; none if there is no such namespace."""
    return tuple(_DEFINED.findall(_text(namespace))) if namespace in namespaces() else ()


def is_recipe(word: str) -> bool:
    """Returns whether a word is the name of a recipe, without parsing any."""
    return word in names_in(namespace_of(word))


def recipe(word: str) -> FunctionBinding | None:
    """Returns the recipe that a word names; None for another word. Only its namespace is read."""
    return _read(namespace_of(word))[word] if is_recipe(word) else None


def recipes() -> Mapping[str, FunctionBinding]:
    """Returns every recipe by name."""
    return {name: binding for namespace in namespaces() for name, binding in _read(namespace).items()}


def definition_of(word: str) -> tuple[str, str]:
    """Returns the remark above a recipe, which names its source, and its definition, as its file has them."""
    lines = _text(namespace_of(word)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"def {word}("))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith((" ", ")"))), len(lines))
    last = next((i for i in range(start - 1, -1, -1) if lines[i].startswith("#")), -1)  # definitions one below the other share a remark
    first = next((i for i in range(last, -1, -1) if not lines[i].startswith("#")), -1)
    return " ".join(line.lstrip("# ") for line in lines[first + 1 : last + 1]), "\n".join(lines[start:end]).rstrip()


def sources_of(word: str) -> str:
    """Returns the sources of a shape, a combinator or a recipe, as its declaration has them; "" for any other word."""
    if is_recipe(word):
        own = definition_of(word)[0]
        return own if "." not in word else f"{own} {_text(namespace_of(word)).partition(chr(10))[0]}"
    declared = SHAPES.get(word) or ([COMBINATORS[word]] if word in COMBINATORS else [])
    return "; ".join(dict.fromkeys(one.source for one in declared if one.source))


def words_of(tree: Node) -> list[str]:
    """Returns the shapes, combinators and recipes that a text names, in its order, each once."""
    named = (node.name if isinstance(node, nodes.Call) else node.id if isinstance(node, nodes.Name) else "" for node in nodes.walk(tree))
    return list(dict.fromkeys(word for word in named if word in SHAPES or word in COMBINATORS or is_recipe(word)))


def recipes_for(tree: Node, names: Iterable[str]) -> Mapping[str, FunctionBinding]:
    """Returns the recipes that a tree names, and reads no namespaces but theirs. `names` are those that have another meaning, such as the names of the host."""
    others = frozenset(names)
    bindings: dict[str, FunctionBinding] = {}
    for node in nodes.walk(tree):
        word = node.id if isinstance(node, nodes.Name) else node.name if isinstance(node, nodes.Call) else None
        if word is None or word in SHAPES or word in COMBINATORS or word in ARITHMETIC or word in WORDS or word in others:
            continue
        binding = recipe(word)
        if binding is not None:
            bindings[word] = binding
    return bindings


def _text(namespace: str) -> str:
    return (FOLDER / f"{namespace}.lrs").read_text("utf-8")


@cache
def _read(namespace: str) -> Mapping[str, FunctionBinding]:
    """Reads the recipes of a namespace. A recipe may use the earlier recipes of its file, and those of other namespaces, which may not use it in turn."""
    text = _text(namespace)
    tree = parse_tree(text)
    assert isinstance(tree, nodes.File)
    bindings: dict[str, FunctionBinding] = {}
    for statement in tree.statements:
        assert isinstance(statement, nodes.Function)
        foreign = recipes_for(statement, {*names_in(namespace), *(p.name for p in statement.parameters)})
        binding = bind_function(statement, Scope(Clock(), {}, Problems(text), bound={**foreign, **bindings}))
        bindings[statement.name] = attrs.evolve(binding, by_user=False)
    return bindings

"""What the names of a Python file stand for: modules by their imports, values that are assigned once, and defaults of options and fields."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import attrs

from lrdsl.dialects.code.kinds import nodes_of

#: The methods that change a list or a mapping: the name of one does not stand for what it was assigned.
_CHANGES = frozenset(("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem", "__setitem__"))


#: A class or a function.
Definition: TypeAlias = "ast.ClassDef | ast.FunctionDef"


def _nothing(name: str) -> None:
    """Reads no file."""


@attrs.frozen
class Names:
    """The names of a file.

    - `modules`: the dotted path that a name was imported as, such as `StepLR` for `torch.optim.lr_scheduler.StepLR`.
    - `stars`: the modules that all names were imported from.
    - `values`: the expression of each name, and of each attribute such as `self.n`, that is assigned once in the whole file, and not changed.
    - `defaults`: the default of each option of argparse, field of a class, and parameter, by its name, if all its declarations have the same.
    - `functions`: the functions of the file, by their names, if a name stands for nothing else in it; `classes`, those of which a name has one.
    - `annotations`: the name of the class that each parameter is said to be.
    - `opened`: the file that a name of `with open(...) as name` stands for.
    - `changed`: the attributes and keys that are assigned somewhere; those of `self` as `self.n`.
    - `load`: reads a file of data that the program names, and `find` a class or a function that it imports, with the names of its file; by default, neither.
    """

    modules: Mapping[str, str]
    stars: tuple[str, ...]
    values: Mapping[str, ast.expr]
    defaults: Mapping[str, ast.expr]
    functions: Mapping[str, ast.FunctionDef]
    classes: Mapping[str, ast.ClassDef] = attrs.Factory(dict)
    annotations: Mapping[str, str] = attrs.Factory(dict)
    opened: Mapping[str, ast.expr] = attrs.Factory(dict)
    changed: frozenset[str] = frozenset()
    load: Callable[[str], Any] = _nothing
    find: Callable[[str], tuple[Definition, Names] | None] = _nothing

    def path(self, node: ast.expr) -> str | None:
        """Returns the dotted path that an expression names, with the imports resolved; None for any other expression."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([self.modules.get(node.id, node.id), *reversed(parts)])


def key_of(node: ast.AST) -> str:
    """Returns the key of a name, or of an attribute of `self`, among the values of a file; "" for other nodes."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name("self"), name):
            return f"self.{name}"
        case _:
            return ""


def word_of(node: ast.AST) -> str:
    """Returns the last word of a name, an attribute or an item: `epochs` of `args.epochs`, and of `config["epochs"]`; "" for other nodes."""
    match node:
        case ast.Name(name) | ast.Attribute(_, name) | ast.Subscript(_, ast.Constant(str() as name)):
            return name
        case _:
            return ""


@lru_cache(maxsize=2)
def names_of(tree: ast.Module) -> Names:
    """Returns the names of a file."""
    modules, stars = _imports(tree)
    bound, values = _bindings(tree)
    defaults, annotations = _defaults(tree, bound)
    functions: dict[str, list[ast.FunctionDef]] = {}
    for function in nodes_of(tree, ast.FunctionDef):
        functions.setdefault(function.name, []).append(function)
    classes: dict[str, list[ast.ClassDef]] = {}
    for definition in nodes_of(tree, ast.ClassDef):
        classes.setdefault(definition.name, []).append(definition)
    opened: dict[str, list[ast.expr]] = {}
    for item in nodes_of(tree, ast.withitem):
        if isinstance(item.optional_vars, ast.Name):
            opened.setdefault(item.optional_vars.id, []).append(item.context_expr)
    single = {name: value for name, value in values.items() if bound[name] == 2}  # the statement and its target
    agreed = {name: expressions[0] for name, expressions in defaults.items() if len(expressions) == 1 or len({ast.dump(value) for value in expressions}) == 1}
    return Names(
        modules,
        stars,
        single,
        agreed,
        {name: definitions[0] for name, definitions in functions.items() if len(definitions) == 1 and bound[name] == 1},
        {name: definitions[0] for name, definitions in classes.items() if len(definitions) == 1},
        {name: next(iter(words)) for name, words in annotations.items() if len(words) == 1},
        {name: values[0] for name, values in opened.items() if len(values) == 1},
        _changed(tree),
    )


def _imports(tree: ast.Module) -> tuple[dict[str, str], tuple[str, ...]]:
    """What each name was imported as, and the modules that all names were imported from."""
    modules: dict[str, str] = {}
    stars: list[str] = []
    for plain in nodes_of(tree, ast.Import):
        for alias in plain.names:
            modules[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]
    for node in nodes_of(tree, ast.ImportFrom):
        package = "." * (node.level or 0) + (f"{node.module}." if node.module else "")
        for alias in node.names:
            if alias.name == "*":
                stars.append(package.removesuffix("."))
            else:
                modules[alias.asname or alias.name] = f"{package}{alias.name}"
    return modules, tuple(stars)


def _bindings(tree: ast.Module) -> tuple[Counter[str], dict[str, ast.expr]]:
    """How often each name, and each attribute of `self`, is bound or changed; and what it is assigned."""
    bound: Counter[str] = Counter()
    values: dict[str, ast.expr] = {}
    for node in nodes_of(tree, ast.Assign):
        match node:
            case ast.Assign([ast.Tuple(targets)], ast.Tuple(items)) if len(targets) == len(items):
                pairs: Iterable[tuple[ast.expr, ast.expr]] = [pair for pair in zip(targets, items, strict=True) if isinstance(pair[0], ast.Name)]
            case ast.Assign([target], value):
                pairs = [(target, value)]
            case _:
                pairs = []
        for target, value in pairs:
            if key := key_of(target):
                bound[key] += 1
                values[key] = value
    for annotated in nodes_of(tree, ast.AnnAssign):
        key = key_of(annotated.target)
        if key and (annotated.value is not None or isinstance(annotated.target, ast.Name)):
            bound[key] += 1
            values |= {key: annotated.value} if annotated.value is not None else {}
    stored: list[ast.Name | ast.Attribute] = [*nodes_of(tree, ast.Name), *nodes_of(tree, ast.Attribute)]
    for held in stored:
        if type(held.ctx) is not ast.Load and (key := key_of(held)):
            bound[key] += 1
    for item in nodes_of(tree, ast.Subscript):
        if type(item.ctx) is not ast.Load and (key := key_of(item.value)):
            bound[key] += 1
    for call in nodes_of(tree, ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in _CHANGES and (key := key_of(call.func.value)):
            bound[key] += 1
    bound.update(function.name for function in nodes_of(tree, ast.FunctionDef))
    several = [
        *(handler.name for handler in nodes_of(tree, ast.ExceptHandler)),
        *(case.name for case in nodes_of(tree, ast.MatchAs)),
        *(declaration.names[0] for declaration in nodes_of(tree, ast.Global) if len(declaration.names) == 1),
    ]
    bound.update(name for name in several * 2 if name is not None)
    return bound, values


def _defaults(tree: ast.Module, bound: Counter[str]) -> tuple[dict[str, list[ast.expr]], dict[str, set[str]]]:
    """The defaults of options, fields and parameters, and the classes that parameters are said to be. Counts the parameters as `bound`."""
    defaults: dict[str, list[ast.expr]] = {}
    annotations: dict[str, set[str]] = {}
    pairs: list[tuple[str, ast.expr | None]] = []
    for definition in nodes_of(tree, ast.ClassDef):
        pairs += fields(definition.body)
    for call in nodes_of(tree, ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument":
            pairs += _option(call.args, call.keywords)
    for node in nodes_of(tree, ast.arguments):
        for one in (*node.posonlyargs, *node.args, *node.kwonlyargs):
            annotations.setdefault(one.arg, set()).add(word_of(one.annotation) if one.annotation is not None else "")
        parameters = list(_parameters(node))
        bound.update(name for name, _ in parameters)
        pairs += parameters
    for name, default in pairs:
        if default is not None:
            defaults.setdefault(name, []).append(default)
    return defaults, annotations


def _changed(tree: ast.Module) -> frozenset[str]:
    """The attributes and keys that are assigned somewhere; those of `self` as `self.n`."""
    changed: set[str] = set()
    for held in nodes_of(tree, ast.Attribute):
        if type(held.ctx) is not ast.Load:
            changed.add(key_of(held) or held.attr)
    for item in nodes_of(tree, ast.Subscript):
        if type(item.ctx) is not ast.Load and word_of(item) and isinstance(item.slice, ast.Constant):
            changed.add(word_of(item))
    for call in nodes_of(tree, ast.Call):
        match call:
            case ast.Call(ast.Name("setattr"), [_, ast.Constant(str() as name), _]):
                changed.add(name)
            case _:
                pass
    return frozenset(changed)


def is_plain(definition: ast.ClassDef) -> bool:
    """Returns whether the constants of a class are what they are: it is no dataclass, whose fields have defaults, and derives from nothing."""
    bases = [base for base in definition.bases if word_of(base) != "object"]
    return not bases and not definition.decorator_list and not definition.keywords


def fields(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """The fields of a class that have a default, as those of a dataclass, and its constants."""
    for statement in body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
            value = statement.value
            if isinstance(value, ast.Call):
                made = next((k.value for k in value.keywords if k.arg == "default_factory"), None)
                value = made.body if isinstance(made, ast.Lambda) else next((k.value for k in value.keywords if k.arg == "default"), value)
            yield statement.target.id, value
        match statement:
            case ast.Assign([ast.Name(name)], ast.Constant() | ast.List() | ast.Tuple() | ast.UnaryOp() as constant):
                yield name, constant
            case ast.FunctionDef("__init__", body=inner):
                for own in inner:
                    if isinstance(own, ast.Assign) and isinstance(own.targets[0], ast.Attribute) and isinstance(own.value, ast.Constant | ast.List | ast.Tuple):
                        yield own.targets[0].attr, own.value
            case _:
                pass


def _option(arguments: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[tuple[str, ast.expr]]:
    """The name and the default of an option of argparse."""
    named = {k.arg: k.value for k in keywords}
    words = [a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    long = [word for word in words if word.startswith("--")] or [word for word in words if word]
    destination = named.get("dest")
    if isinstance(destination, ast.Constant) and isinstance(destination.value, str):
        long = [destination.value]
    if long and "default" in named:
        yield long[0].lstrip("-").replace("-", "_"), named["default"]


def _parameters(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    for i, one in enumerate(positional):
        place = i - (len(positional) - len(arguments.defaults))
        yield one.arg, arguments.defaults[place] if place >= 0 else None
    yield from ((one.arg, default) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    yield from ((one.arg, None) for one in (arguments.vararg, arguments.kwarg) if one is not None)

"""What attributes and items stand for: entries of dictionaries and of configs that wrap them, constants of classes, arguments of their instances."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.dialects.code.names import Names, fields, is_plain, key_of

#: Calls that make attributes of the entries of a dictionary: OmegaConf, ml_collections, EasyDict, munch, box, and namespaces.
_WRAPPERS = frozenset(
    ("OmegaConf.create", "DictConfig", "ConfigDict", "EasyDict", "edict", "Munch", "munchify", "Box", "AttrDict", "SimpleNamespace", "Namespace")
)
#: Calls that read a file of data: the last words of the path, in lower case.
_LOADERS = frozenset(("omegaconf.load", "yaml.safe_load", "yaml.load", "yaml.full_load", "json.load", "toml.load", "tomllib.load", "tomli.load"))
_MAX_DEPTH = 8
#: The deepest value of a file that is taken, and the most values.
_MOST_VALUES = 5000


@attrs.frozen
class _Container:
    """Entries by name. `sure` has those that are no defaults; `attributes` says that they are attributes too."""

    entries: Mapping[str, ast.expr]
    sure: frozenset[str]
    attributes: bool


def entry_of(names: Names, node: ast.expr, depth: int = 0) -> tuple[ast.expr, bool] | None:
    """Returns the expression of an attribute or an item, and whether it is sure, and no default of a field; None if the file does not say it."""
    match node:
        case ast.Attribute(owner, name):
            by_attribute = True
        case ast.Subscript(owner, ast.Constant(str() as name)):
            by_attribute = False
        case _:
            return None
    if depth > _MAX_DEPTH or name in names.changed:
        return None
    if by_attribute and isinstance(owner, ast.Name) and owner.id == "self":
        constants = [dict(fields(one.body)).get(name) for one in names.classes.values() if is_plain(one)]
        constant = next((one for one in constants if one is not None), None)
        return (constant, True) if constant is not None and f"self.{name}" not in names.changed and len(constants) - constants.count(None) == 1 else None
    container = _container(names, owner, depth)
    if container is None or name not in container.entries or (by_attribute and not container.attributes):
        return None
    return container.entries[name], name in container.sure


def _container(names: Names, node: ast.expr, depth: int) -> _Container | None:
    if isinstance(node, ast.Name):
        if node.id in names.classes:
            return _of_class(names, node.id, None)
        if (annotation := names.annotations.get(node.id)) in names.classes and node.id not in names.values:
            container = _of_class(names, annotation or "", None)
            return container if is_plain(names.classes[annotation or ""]) else attrs.evolve(container, sure=frozenset())
    definition = names.values.get(key_of(node))
    if definition is not None:
        return _of_value(names, definition, depth + 1)
    entry = entry_of(names, node, depth + 1)
    return _of_value(names, entry[0], depth + 1) if entry is not None else None


def _of_value(names: Names, node: ast.expr, depth: int) -> _Container | None:
    match node:
        case _ if depth > _MAX_DEPTH:
            return None
        case ast.Dict(keys, values):
            entries = {k.value: v for k, v in zip(keys, values, strict=True) if isinstance(k, ast.Constant) and isinstance(k.value, str)}
            return _Container(entries, frozenset(entries), True)
        case ast.Call(ast.Name("dict"), [], keywords):
            entries = {k.arg: k.value for k in keywords if k.arg is not None}
            return _Container(entries, frozenset(entries), True)
        case ast.Name(name) if name in names.classes:
            return _of_class(names, name, None)
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return _container(names, node, depth + 1)
        case ast.Call(function, arguments, keywords):
            path = names.path(function) or ""
            if any(path == one or path.endswith(f".{one}") for one in _WRAPPERS):
                if arguments:
                    return _of_value(names, arguments[0], depth + 1)
                entries = {k.arg: k.value for k in keywords if k.arg is not None}
                return _Container(entries, frozenset(entries), True)
            if ".".join(path.lower().split(".")[-2:]) in _LOADERS and arguments:
                read = names.load(_path(names, arguments[0]))
                return _of_value(names, _expression(read, [_MOST_VALUES]), depth + 1) if isinstance(read, Mapping) else None
            if isinstance(function, ast.Name) and function.id in names.classes and not any(k.arg is None for k in keywords):
                return _of_class(names, function.id, node)
            return None
        case _:
            return None


def _of_class(names: Names, name: str, call: ast.Call | None) -> _Container:
    """The constants and fields of a class; with a call, also what an instance is given."""
    definition = names.classes[name]
    entries = dict(fields(definition.body))
    sure = frozenset(entries) if is_plain(definition) else frozenset()
    if call is not None:
        own = {k.arg: k.value for k in call.keywords if k.arg is not None}
        has_init = any(isinstance(s, ast.FunctionDef) and s.name == "__init__" for s in definition.body)
        own = {} if has_init else own | dict(zip(entries, call.args, strict=False))
        entries |= own
        sure |= frozenset(own)
    return _Container(entries, sure, True)


def _path(names: Names, node: ast.expr) -> str:
    """The name of a file: a text, `open(...)` of one, or the file that a `with` opens."""
    if isinstance(node, ast.Name):
        node = names.values.get(node.id, names.opened.get(node.id, node))
    if isinstance(node, ast.Call) and names.path(node.func) in ("open", "pathlib.Path", "Path") and node.args:
        return _path(names, node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _expression(value: Any, left: list[int]) -> ast.expr:
    """A value of a file as the expression of it."""
    left[0] -= 1
    if left[0] < 0:
        return ast.Constant(None)
    if isinstance(value, Mapping):
        return ast.Dict([ast.Constant(str(key)) for key in value], [_expression(item, left) for item in value.values()])
    if isinstance(value, list | tuple):
        return ast.List([_expression(item, left) for item in value], ast.Load())
    return ast.Constant(value if isinstance(value, str | int | float | bool) else None)

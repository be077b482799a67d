"""How often Lightning steps a scheduler: at each `interval`, "epoch" or "step", that `configure_optimizers` returns with it.

Without an `interval`, Lightning steps once an epoch, and without a `frequency`, at each interval (`lightning/pytorch/core/optimizer.py`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lrdsl.dialects.code.names import word_of
from lrdsl.training.holders import Followed
from lrdsl.training.run import Stepping
from lrdsl.training.walking import Place

_REPAIR = '`{"scheduler": ..., "interval": "step"}`'


def stepping(followed: Followed) -> Stepping | None:
    """Returns how Lightning steps a scheduler; None for one that it does not step, or if the file does not say it."""
    returns = [place for place in followed.returns if _name(place) == "configure_optimizers" and place.owner is not None]
    if not returns:
        return None
    place = returns[0]
    if place.owner is None or _is_manual(place.owner) or followed.steps:
        return None
    configs = list(_configs(place.function, followed, place))
    if not configs:
        called = [call for call, _ in followed.calls if call.function is place.function]
        if called:
            return None
        return Stepping("epoch", "Lightning steps a scheduler once an epoch if nothing else is said", repair=f"return {_REPAIR}")
    intervals = {_value(config, "interval", place) for config in configs}
    frequencies = {_value(config, "frequency", place) for config in configs}
    if len(intervals) != 1 or not frequencies <= {None, 1}:
        return None
    interval = intervals.pop()
    if interval is None:
        return Stepping("epoch", 'Lightning steps a scheduler without an `"interval"` once an epoch', repair='add `"interval": "step"`')
    if interval not in ("epoch", "step"):
        return None
    words = f'`"interval": "{interval}"` has it stepped {"after each batch" if interval == "step" else "once an epoch"}'
    return Stepping(str(interval), words, repair=f'write `"interval": "{"epoch" if interval == "step" else "step"}"`')


def _name(place: Place) -> str:
    return place.function.name if isinstance(place.function, ast.FunctionDef) else ""


def _is_manual(owner: ast.ClassDef) -> bool:
    """Whether a module steps its schedulers itself."""
    for node in ast.walk(owner):
        match node:
            case ast.Attribute(ast.Name("self"), "automatic_optimization") | ast.Attribute(ast.Name("self"), "lr_schedulers"):
                return True
            case ast.FunctionDef("lr_scheduler_step" | "optimizer_step"):
                return True
            case _:
                pass
    return False


def _configs(function: ast.AST | None, followed: Followed, place: Place) -> Iterator[ast.expr]:
    """The dictionaries that hold the scheduler under `"scheduler"`."""
    for node in ast.walk(function) if function is not None else ():
        match node:
            case ast.Dict(keys, values):
                pairs = [(key.value, value) for key, value in zip(keys, values, strict=True) if isinstance(key, ast.Constant)]
            case ast.Call(ast.Name("dict"), [], keywords):
                pairs = [(k.arg, k.value) for k in keywords]
            case _:
                continue
        if any(key == "scheduler" and followed.among(value, place) for key, value in pairs):
            assert isinstance(node, ast.Dict | ast.Call)
            yield node


def _value(config: ast.expr, name: str, place: Place) -> object:
    """The value of a key of a dictionary: a constant, None if it is not there, and "?" for what is not written out."""
    pairs: list[tuple[object, ast.expr]]
    match config:
        case ast.Dict(keys, values):
            if None in keys:
                return "?"
            pairs = [(key.value, value) for key, value in zip(keys, values, strict=True) if isinstance(key, ast.Constant)]
        case ast.Call(_, _, keywords):
            if any(k.arg is None for k in keywords):
                return "?"
            pairs = [(k.arg, k.value) for k in keywords]
        case _:
            return "?"
    # It may be set later, as `config["interval"] = "step"`.
    later = [
        node.value
        for node in ast.walk(place.function or ast.Module([], []))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript) and word_of(node.targets[0]) == name
    ]
    value = next(iter([*later, *(value for key, value in pairs if key == name)]), None)
    if value is None:
        return None
    return value.value if isinstance(value, ast.Constant) else "?"

"""Writes JSON that strict parsers accept and that CI logs do not read as commands."""

from __future__ import annotations

from typing import Any

from lrdsl.escaping.visible import encodable


def json_of(data: Any, indent: int | None = None) -> str:
    r"""Returns data as JSON in ASCII: without NaN, infinities or lone surrogates, and without signs that a CI log reads as a command.

    >>> json_of(["\udcff ##[error]\x7f"])
    '["\\\\udcff #\\u0023[error]\\u007f"]'
    """
    import json  # few commands need it

    return json.dumps(_encodable(data), indent=indent, allow_nan=False).replace("##", "#\\u0023").replace("\x7f", "\\u007f")


def _encodable(data: Any) -> Any:
    if isinstance(data, str):
        return encodable(data)
    if isinstance(data, dict):
        return {_encodable(key): _encodable(value) for key, value in data.items()}
    return [_encodable(value) for value in data] if isinstance(data, list | tuple) else data

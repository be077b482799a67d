"""JSON that the strictest reader takes, and that no log takes for commands."""

from __future__ import annotations

from typing import Any

from lrdsl.escaping.visible import encodable


def json_of(data: Any, indent: int | None = None) -> str:
    r"""Data as JSON that the strictest reader takes, in ASCII, and that no log takes for commands.

    >>> json_of(["\udcff ##[error]\x7f"])
    '["\\\\udcff #\\u0023[error]\\u007f"]'
    """
    import json  # few commands write it

    return json.dumps(_encodable(data), indent=indent, allow_nan=False).replace("##", "#\\u0023").replace("\x7f", "\\u007f")


def _encodable(data: Any) -> Any:
    if isinstance(data, str):
        return encodable(data)
    if isinstance(data, dict):
        return {_encodable(key): _encodable(value) for key, value in data.items()}
    return [_encodable(value) for value in data] if isinstance(data, list | tuple) else data

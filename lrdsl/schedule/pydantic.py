"""A schedule as the type of a field of pydantic: a text is parsed, and written back as canonical text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def schema(kind: type, parse: Callable[[str], Any]) -> Any:
    """Returns the schema of pydantic's core for fields of a kind, which `parse` makes from a text."""
    from pydantic_core import core_schema

    return core_schema.json_or_python_schema(
        json_schema=core_schema.no_info_after_validator_function(parse, core_schema.str_schema()),
        python_schema=core_schema.no_info_plain_validator_function(lambda value: value if isinstance(value, kind) else parse(value)),
        serialization=core_schema.to_string_ser_schema(),
    )

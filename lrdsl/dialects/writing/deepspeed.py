"""Writes a schedule for DeepSpeed: the part `scheduler` of its JSON."""

from __future__ import annotations

import json
from typing import Any

from lrdsl.dialects import dialect
from lrdsl.dialects.matching import python_value
from lrdsl.dialects.writing.arguments import length_of, matched
from lrdsl.dialects.writing.request import Request


def write(request: Request) -> str:
    """Returns the part `scheduler` of DeepSpeed's JSON, and the rate of the optimizer, if the base is given."""
    match = matched(request, dialect("deepspeed").entries, length_of(request), "DeepSpeed")
    scheduler = {"type": match.entry.name, "params": {name: python_value(value) for name, value in match.arguments.items()}}
    config: dict[str, Any] = {"scheduler": scheduler}
    if request.base is not None:
        config = {"optimizer": {"params": {"lr": request.base}}, **config}
    return json.dumps(config, indent=2) + "\n"

"""Writes a schedule for transformers' Trainer: the keys of TrainingArguments, as JSON."""

from __future__ import annotations

import json
from typing import Any

from lrdsl.dialects import dialect
from lrdsl.dialects.matching import python_value
from lrdsl.dialects.transformers import TYPES
from lrdsl.dialects.writing.arguments import length_of, matched
from lrdsl.dialects.writing.request import Request


def write(request: Request) -> str:
    """Returns the keys of TrainingArguments, as JSON."""
    length = length_of(request)
    names = {function: name for name, function in TYPES.items()}
    library = dialect("transformers")
    match = matched(request, tuple(library.entry(function) for function in names), length, "transformers")
    arguments = {name: python_value(value) for name, value in match.arguments.items()}
    keys: dict[str, Any] = {"lr_scheduler_type": names[match.entry.name]}
    if request.base is not None:
        keys["learning_rate"] = request.base
    if "num_warmup_steps" in arguments:
        keys["warmup_steps"] = arguments.pop("num_warmup_steps")
    total = arguments.pop("num_training_steps", None) or (None if length is None else python_value(length))
    if total is not None:
        keys["max_steps"] = total
    if arguments:
        keys["lr_scheduler_kwargs"] = arguments
    return json.dumps(keys, indent=2) + "\n"

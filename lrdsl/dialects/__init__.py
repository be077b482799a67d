"""Schedules of other libraries: read into text, and written from it.

`entry` has the declarations, and each library is a file that holds one table of them: `torch`, `transformers`, `timm`, `optax`, `keras`, and more. `live` reads
objects of a running program, `config` has the declarations of configs and `configs` reads them, `signs` tells which files may have schedules, `sources` is the
way in for all of them. `writing` writes code.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrdsl.dialects.entry import Dialect

#: The dialects whose schedulers are calls in Python, in the order of the tables that show them. Each is the module of its name.
DIALECTS = ("torch", "transformers", "diffusers", "timm", "packages", "optax", "keras", "mlx", "olmo_core")
#: The dialects that have configs, in the order in which they are recognized.
CONFIGS = (
    "deepspeed",
    "composer",
    "constructors",
    "axolotl",
    "transformers",
    "mmengine",
    "mmcv",
    "detectron2",
    "torchtitan",
    "nanotron",
    "xtuner",
    "levanter",
    "olmo",
    "olmo_core",
    "fairseq",
    "ultralytics",
    "timm",
    "megatron",
    "t5x",
    "mlx",
)
#: All dialects, in the order of the tables.
ALL = tuple(dict.fromkeys((*DIALECTS, *CONFIGS)))


@cache
def dialect(name: str) -> Dialect:
    """Returns a dialect. Its module is loaded when it is first asked for.

    >>> dialect("torch").entry("StepLR").call
    'StepLR(step_size, gamma)'
    """
    declared: Dialect = import_module(f"lrdsl.dialects.{name}").DIALECT
    return declared

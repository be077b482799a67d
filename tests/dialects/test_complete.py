"""Every scheduler of the libraries that are installed is in the table of its dialect, and every entry of a table is compared with numbers somewhere."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import keras.optimizers.schedules as keras_schedules
import mlx.optimizers as mlx_optimizers
import optax.schedules as optax_schedules
import pytest
import torch.optim.lr_scheduler as torch_schedulers
from transformers import optimization

from lrdsl.dialects import ALL, dialect
from lrdsl.dialects.composer import _NAMES as COMPOSER
from lrdsl.dialects.transformers import TYPES
from tests.dialects import systems
from tests.reference.test_timm import theirs as timm_schedulers

TESTS = Path(__file__).parents[1]
#: The tests that compare the schedulers of a dialect with real objects, or with their formulas written anew.
COMPARED = {
    "torch": ("dialects/test_live.py",),
    "transformers": ("dialects/test_live.py",),
    "diffusers": ("dialects/test_diffusers.py",),
    "timm": ("dialects/test_live.py", "reference/test_timm.py"),
    "packages": ("dialects/test_packages.py",),
    "optax": ("reference/test_optax.py",),
    "keras": ("dialects/test_live.py",),
    "mlx": ("dialects/test_mlx.py",),
    "olmo_core": ("dialects/test_olmo_core.py",),
    "deepspeed": ("dialects/test_config_numbers.py",),
    "composer": ("dialects/test_config_numbers.py", "dialects/systems.py", "dialects/writing/test_settings.py"),
    "mmengine": ("dialects/test_config_numbers.py", "dialects/writing/test_settings.py"),
    "mmcv": ("dialects/test_config_numbers.py", "dialects/systems.py"),
}


def _classes(module: object, ending: str, but: tuple[str, ...] = ()) -> set[str]:
    return {name for name, value in vars(module).items() if inspect.isclass(value) and name.endswith(ending) and not name.startswith("_") and name not in but}


def _public() -> Iterator[tuple[str, set[str]]]:
    """The schedulers of each library, by its own lists."""
    yield "torch", set(torch_schedulers.__all__) - {"LRScheduler"} | {"SWALR"}
    yield "transformers", {name for name, value in vars(optimization).items() if inspect.isfunction(value) and re.fullmatch(r"get_\w*schedule\w*", name)}
    yield "timm", _classes(timm_schedulers, "LRScheduler")
    yield "keras", _classes(keras_schedules, "") - {"LearningRateSchedule"}
    yield "optax", {name for name in dir(optax_schedules) if name.endswith(("schedule", "decay", "schedules")) and not name.startswith(("_", "inject"))}
    yield "mlx", {name for name, value in vars(mlx_optimizers.schedulers).items() if inspect.isfunction(value) and not name.startswith("_")}
    yield "mmengine", _classes(systems.real_mmengine, "LR")


@pytest.mark.parametrize(("name", "public"), list(_public()), ids=[name for name, _ in _public()])
def test_every_scheduler_of_the_library_is_in_the_table(name: str, public: set[str]) -> None:
    assert len(public) > 3, "the library's list was found"
    assert public - set(dialect(name).by_name) == set()


def test_every_type_of_transformers_is_in_the_table() -> None:
    assert {kind.value for kind in optimization.SchedulerType} == set(TYPES)


@pytest.mark.parametrize("name", [name for name in ALL if dialect(name).entries])
def test_every_entry_is_compared(name: str) -> None:
    text = "".join((TESTS / module).read_text("utf-8") for module in COMPARED[name])
    own = COMPOSER if name == "composer" else {}  # the names that configs have
    words = {entry.name: {entry.name, *(kind for kind, it in own.items() if it == entry.name)} for entry in dialect(name).entries if entry.forms}
    assert [entry for entry, names in words.items() if not re.search(rf"\b(?:{'|'.join(names)})\b", text)] == []

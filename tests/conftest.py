"""Settings of all tests: what Hypothesis draws, and which tests are quick.

Hypothesis has no time limits, since a busy machine is not a failure. In CI it draws the same examples each time.
"""

from __future__ import annotations

import gc
import importlib
import os
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.drawing import TIMES, USUAL

ROOT = Path(__file__).parents[1]
#: The folders and modules that are not quick: they load a framework, set type, start programs, write many files, or draw thousands of examples. All else has the mark `quick`.
SLOW = (
    "lrdsl/figures/matplotlib.py", "lrdsl/jax.py", "lrdsl/keras.py", "lrdsl/lightning.py", "lrdsl/runtime/gathering.py", "lrdsl/runtime/lightning.py", "lrdsl/runtime/torch.py", "lrdsl/runtime/torch_function.py",
    "lrdsl/runtime/transformers.py", "lrdsl/torch.py", "lrdsl/transformers.py",
    "lrdsl/analysis/plotting.py", "tests/analysis/test_analysis.py", "tests/bench", "tests/dialects", "tests/editor", "tests/figures", "tests/formulas", "tests/frameworks", "tests/mutation", "tests/reference",
    "tests/cli/test_terminal.py", "tests/cli/test_untrusted.py",
    "tests/linting/hosts/test_functions.py", "tests/linting/hosts/test_large.py", "tests/linting/hosts/test_python.py", "tests/linting/hosts/test_unreadable.py", "tests/linting/test_caching.py", "tests/linting/test_hooks.py", "tests/linting/test_repairs.py",
    "tests/check/test_finite.py", "tests/properties/test_driven.py", "tests/properties/test_finite.py", "tests/properties/test_far.py", "tests/properties/test_hostile.py",
    "tests/numbers/test_products.py", "tests/play", "tests/numbers/test_steep.py", "tests/numbers/test_zeros.py",
    "tests/runtime/processes.py", "tests/runtime/test_bases.py", "tests/runtime/test_gathering.py", "tests/runtime/test_tensors.py", "tests/runtime/test_together.py", "tests/runtime/sharded.py", "tests/runtime/test_breakages.py", "tests/runtime/test_distributed.py",
    "tests/runtime/test_migrating.py", "tests/runtime/test_optimizers.py", "tests/runtime/test_replan.py", "tests/runtime/test_reports.py",
    "tests/runtime/test_resuming.py", "tests/runtime/test_targets.py", "tests/runtime/test_torch.py", "tests/runtime/test_torch_suite.py", "tests/runtime/test_unchanged.py",
    "tests/runtime/test_values.py", "tests/runtime/test_warnings.py",
    "tests/test_arguments.py", "tests/test_diagnostics.py", "tests/test_drawing.py", "tests/test_examples.py", "tests/test_jax.py", "tests/test_keras.py", "tests/test_notebook.py",
    "tests/training/own.py", "tests/training/test_repository.py", "tests/test_api_page.py", "tests/test_pages.py", "tests/test_torch.py", "tests/test_work.py",
)  # fmt: skip

CI = bool(os.environ.get("CI"))
quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("explore", deadline=None, suppress_health_check=quiet, max_examples=USUAL * TIMES)
settings.register_profile("ci", settings.get_profile("explore"), derandomize=True)
settings.load_profile("ci" if CI else "explore")
if CI:
    # Hypothesis also draws constants that it reads in the source of our modules. Which modules are loaded differs from run to run, so CI draws none of these.
    # `tests/test_drawing.py` fails if a release of Hypothesis draws them all the same.
    providers._get_local_constants = lambda: providers._local_constants
#: Each of the processes that run tests side by side computes with one thread: several would wait for one another, at full load.
os.environ.setdefault("OMP_NUM_THREADS", "1")
#: Keras needs a backend, and its default, TensorFlow, is not installed.
os.environ.setdefault("KERAS_BACKEND", "torch")


def is_quick(path: Path) -> bool:
    """Whether a module has no part in what is slow."""
    return not any(path.is_relative_to(ROOT / slow) for slow in SLOW)


def pytest_configure(config: pytest.Config) -> None:
    """Leave slow modules unread in a quick run, as `--ignore` does: reading some of them loads a framework."""
    gc.disable()
    if config.option.markexpr == "quick":
        config.option.ignore = [*(config.option.ignore or ()), *(str(ROOT / slow) for slow in SLOW)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Have yapf, which mmengine loads, write the tables of its grammar once. It writes them when it is loaded for the first time, and a process that loads it meanwhile reads half a file."""
    importlib.import_module("yapf")


def pytest_collection_finish() -> None:
    """Keep the garbage collector, and `compile` where it looks for other optimizers, from going over a million objects of frameworks and tests again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Do the same with what the tests of a module have loaded."""
    if nextitem is not None and nextitem.path != item.path:
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the mark to all tests and doctests of quick modules. Of two processes, each begins with half of the slow modules, and then has half of the quick ones."""
    slow: tuple[list[pytest.Item], ...] = ([], [])
    quick: tuple[list[pytest.Item], ...] = ([], [])
    for i, (path, module) in enumerate(groupby(items, lambda item: item.path)):
        is_light = is_quick(path)
        for item in module:
            if is_light:
                item.add_marker(pytest.mark.quick)
            (quick if is_light else slow)[i % 2].append(item)
    items[:] = [*slow[0], *quick[0], *slow[1], *quick[1]]

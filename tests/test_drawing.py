"""What hypothesis draws in CI depends on the test alone; what a quick run loads."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.drawing import USUAL
from tests.launching import ROOT

#: Draws what the tests draw: numbers and texts, of which hypothesis takes some from a store of constants.
DRAW = """
import hashlib, importlib, sys
for name in sys.argv[1:]: importlib.import_module(name)
import tests.conftest
from hypothesis import given, strategies as st

drawn = []

@given(st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=20))
def draw(a, b, c, d): drawn.append((a, b, c, d))

draw()
print(len(drawn), hashlib.sha256(repr(drawn).encode()).hexdigest())
"""


def draws(*modules: str, **environment: str) -> str:
    """A digest of the examples that a test draws in a process that has loaded some modules."""
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "LRDSL_TIMES")} | environment
    return subprocess.run([sys.executable, "-c", DRAW, *modules], capture_output=True, text=True, cwd=ROOT, env=variables, check=True).stdout


def test_ci_draws_the_same_examples_whichever_modules_are_loaded() -> None:
    alone = draws(CI="1")
    assert alone.startswith(f"{USUAL} ")
    assert draws("lrdsl.cli", "lrdsl.rules", CI="1", PYTHONHASHSEED="7") == alone


def test_other_runs_draw_other_examples() -> None:
    assert draws() != draws()


def test_a_nightly_run_draws_more() -> None:
    assert draws(CI="1", LRDSL_TIMES="3").startswith(f"{3 * USUAL} ")


LOADED = """
import sys, pytest
status = pytest.main(["-m", "quick", "--collect-only", "-qq"])
print(int(status), [name for name in ("torch", "jax", "keras", "transformers", "lightning", "matplotlib", "typst") if name in sys.modules])
from tests.conftest import SLOW, ROOT
print([slow for slow in SLOW if not (ROOT / slow).exists()])
"""


def test_a_quick_run_loads_no_framework() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-2:] == ["0 []", "[]"]

"""Tests of the whole package: what an import loads, which files the wheel holds, and which names are public."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lrdsl
from lrdsl.syntax.grammar import grammar_path

ROOT = Path(__file__).parents[1]
TEXT = "warmup(5) then cosine(95)"


def fresh(code: str) -> str:
    """What a fresh process prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_loads_nothing_heavy() -> None:
    heavy = "('sympy', 'numpy', 'torch', 'lark', 'rich', 'matplotlib')"
    assert fresh(f"import sys, lrdsl; print([m for m in {heavy} if m in sys.modules])") == "[]"


def test_a_running_scheduler_needs_neither_sympy_nor_numpy_nor_torch() -> None:
    code = """
import sys, lrdsl
from types import SimpleNamespace
scheduler = lrdsl.compile("warmup(5) then cosine(20)", SimpleNamespace(param_groups=[{"lr": 0.1}]))
for _ in range(30): scheduler.step()
print([m for m in ("sympy", "numpy", "torch") if m in sys.modules])
"""
    assert fresh(code) == "[]"


def test_a_text_that_is_only_checked_makes_no_code() -> None:
    code = "import sys, lrdsl; lrdsl.lint('warmup(5) then cosine(20)', total_steps=30); print([m for m in sys.modules if m.startswith('lrdsl.numbers')])"
    assert fresh(code) == "[]"


@pytest.mark.parametrize(("name", "source"), [("a.lrs", TEXT), ("a.yaml", f"lr_schedule: {TEXT}"), ("a.py", f'lr_schedule = "{TEXT}"'), ("b.py", "x = 1")])
def test_a_check_of_one_file_loads_only_what_reads_and_checks_it(tmp_path: Path, name: str, source: str) -> None:
    (tmp_path / name).write_text(source, "utf-8")
    code = (
        f"import sys; before = set(sys.modules); from lrdsl.cli import main; main(['check', '-q', {str(tmp_path / name)!r}]); print(*{{*sys.modules}} - before)"
    )
    loaded = set(fresh(code).split())
    heavy = {"rich", "numpy", "sympy", "torch", "lark", "platformdirs", "multiprocessing", "concurrent", "tomllib", "hashlib", "xml", "difflib"}
    heavy |= {"lrdsl.linting.caching", "lrdsl.linting.repairing", "lrdsl.syntax.formatter", "lrdsl.linting.hosts.toml", "lrdsl.linting.hosts.notebook"}
    assert loaded & heavy == set()
    assert ("yaml" in loaded) is name.endswith(".yaml")
    assert "lrdsl.linting.projects" in loaded
    assert len([module for module in loaded if module.partition(".")[0] == "lrdsl"]) < 130, "few modules of our own"


def test_every_public_name_is_there() -> None:
    assert all(hasattr(lrdsl, name) for name in lrdsl.__all__)
    assert set(lrdsl.__all__) <= set(dir(lrdsl))


def test_one_version() -> None:
    assert importlib.metadata.version("lrdsl") == lrdsl.__version__
    assert f"version: {lrdsl.__version__}" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## {lrdsl.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_grammar_is_found() -> None:
    assert grammar_path().name == "lrdsl.lark"
    assert (ROOT / "grammar" / "lrdsl.lark").exists()


def test_no_text_is_run_as_code() -> None:
    """Nothing that evaluates text is called, but for `exec` of the functions that the scalar backend writes from its own operations."""
    calls = re.compile(r"\b(eval|exec|sympify|parse_expr|pickle\.loads?|__import__)\(")
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lrdsl").rglob("*.py") if calls.search(path.read_text("utf-8"))}
    assert found == {"lrdsl/numbers/scalar.py"}


def test_a_compile_loads_nothing_that_only_a_saved_state_needs() -> None:
    program = (
        "import sys, types, lrdsl\n"
        "scheduler = lrdsl.compile('hold', types.SimpleNamespace(param_groups=[{'lr': 1.0}]))\n"
        "scheduler.step()\n"
        "print(*sorted({'lrdsl.runtime.migrating', 'lrdsl.runtime.states'} & sys.modules.keys()))\n"
        "scheduler.load_state_dict(scheduler.state_dict())\n"
        "print('lrdsl.runtime.migrating' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.split("\n")[:2] == ["", "True"]


def test_a_module_is_read_in_one_sitting() -> None:
    long = {str(path.relative_to(ROOT)): lines for path in (ROOT / "lrdsl").rglob("*.py") if (lines := len(path.read_text("utf-8").splitlines())) > 400}
    assert long == {}

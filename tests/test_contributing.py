"""CONTRIBUTING.md is true: its code prints what it shows, the map names every room, and the files that it names exist."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import lrdsl

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
PACKAGE = Path(lrdsl.__file__).parent


def test_its_code_prints_what_it_shows() -> None:
    results = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.REPORT_NDIFF)
    assert results.attempted > 20
    assert not results.failed


def test_the_map_names_every_room() -> None:
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]*) \| [^|]+\. \|$", text, re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"`([^`]+)`", row)} | {"prelude/"}
    rooms = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    modules = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    assert named == rooms | modules


def test_the_files_that_it_names_exist() -> None:
    for word in re.findall(r"`((?:lrdsl|tests|grammar|formulas|numbers)/[^` ]*)`", PAGE.read_text("utf-8")):
        if "NAME" not in word:
            assert (PAGE.parent / word).exists() or (PACKAGE / word).exists(), word


def test_the_commands_that_it_names_run_modules_that_exist() -> None:
    for module in re.findall(r"python -m (tests[.\w]+)", PAGE.read_text("utf-8")):
        path = PAGE.parent / Path(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module

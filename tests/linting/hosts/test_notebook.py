"""Tests of schedules in notebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.documents.notebook import Program
from lrdsl.linting.hosts import UnreadableError
from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings
from tests.drawing import examples
from tests.linting.hosts.test_hosts import TEXT, found, well_placed


def notebook(*cells: Any, **metadata: Any) -> str:
    """A notebook of code cells, in the layout that Jupyter writes."""
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


@examples(100)
@given(text=TEXT, lines=st.booleans())
def test_notebook(text: str, lines: bool) -> None:
    program = f"%pip install lrdsl\né = 1\nlr_schedule = {text!r}\n!ls\n"
    source = notebook("x = 1", program.splitlines(keepends=True) if lines else program)
    (one,) = found("a.ipynb", source)
    assert one.text == text
    well_placed(one, source)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (notebook("s = lrdsl.parse('hold(1)')", "schedule = 'hold(2)'\n", ""), ["hold(1)", "hold(2)"]),
        (notebook("%%time\nschedule = 'hold(1)'", "%%bash\nschedule='hold(2)'", "if x:\n    !ls\n    schedule = 'hold(3)'"), ["hold(1)", "hold(3)"]),
        (notebook("schedule = 'hold(1)'", kernelspec={"language": "julia"}), []),
        (notebook("schedule = 'hold(1)'", language_info={"name": "python"}), ["hold(1)"]),
        (json.dumps({"cells": [{"cell_type": "markdown", "source": "schedule = 'hold(1)'"}, 3, {"source": ["schedule = 'hold(2)'"]}]}), []),
        (json.dumps({"cells": [{"cell_type": "code", "source": [1, "schedule = 'hold(2)'"]}], "metadata": []}), ["hold(2)"]),
    ],
)
def test_what_is_found(source: str, texts: list[str]) -> None:
    assert [one.text for one in found("a.ipynb", source)] == texts


@pytest.mark.parametrize(
    "line",
    [
        "!pip install 'lrdsl", "!pip install \\\n  --quiet \\\n  'x", "files = !ls 'a", "x, y = %timeit -o f('", "?lrdsl.parse", "lrdsl.parse?", "  model.fit??  ", "%matplotlib inline 'a", "!", "%",
        "!x \\", "a[0] = !echo \\\n\\\n\"", "%time x = lrdsl.parse('cosin(3)')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_commands_are_no_python(line: str, end: str) -> None:
    program = f"x = 1\n{line}\n\nlr_schedule = 'hold(1)'\n".replace("\n", end)
    for cell in (program, program.splitlines(keepends=True)):
        source = notebook(cell)
        (one,) = found("a.ipynb", source)
        assert one.text == "hold(1)"
        well_placed(one, source)


@pytest.mark.parametrize(
    "cell", ["%%bash\nschedule='x", "\n  %%html\n<a href='", "# ours\n\n%%R\nschedule = 'hold(1)'", "%%writefile a.yaml\nschedule: it's\n"]
)
def test_cells_of_other_programs_are_left_alone(cell: str) -> None:
    assert found("a.ipynb", notebook(cell)) == []


@pytest.mark.parametrize("source", ['{"schedule": 1}', '["schedule"]', '{"cells": [], "schedule"}', notebook("schedule = 'hold(1)'", "schedule = (")])
def test_what_cannot_be_read_is_said(source: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        found("a.ipynb", source)
    assert 0 <= caught.value.offset <= len(source)


def test_a_place_of_the_program_is_one_of_a_cell() -> None:
    source = notebook("a = 1\nb = 2", "c = 3", "", "d = 4\ne = 5\nf = 6")
    program = Program.of(source)
    for name, where in {"a": (1, 1), "b": (1, 2), "c": (2, 1), "d": (4, 1), "e": (4, 2), "f": (4, 3)}.items():
        at = program.text.index(f"{name} = ")
        assert program.position(at) == where
        assert source[program.place(at) :].startswith(f"{name} = ")
        assert program.line(program.text.count("\n", 0, at) + 1) == f"line {where[1]} of cell {where[0]}"


def test_what_can_be_read_is_checked(tmp_path: Path) -> None:
    source = notebook("x = (", "s = lrdsl.parse('hold(3) then restart cosin(9)')")
    diagnostics = check_source(tmp_path / "a.ipynb", source, Settings.of(tmp_path)).diagnostics
    assert [d.code for d in diagnostics] == ["LR903", "LR101"]
    assert "cell 1" in diagnostics[0].message
    assert source[: diagnostics[0].span.start.offset].endswith('"source": "x = ')
    sound = source.replace("cosin", "cosine")
    assert check_source(tmp_path / "a.ipynb", sound, Settings.of(tmp_path), "safe").source == sound.replace("restart ", "")

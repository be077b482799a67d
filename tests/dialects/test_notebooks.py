"""Schedulers in notebooks: the cells are one program, commands of IPython are left alone, and only the cells that change are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.cli import main
from lrdsl.dialects.sources import readings
from lrdsl.documents.notebook import Program, without_magics
from tests.drawing import examples

IMPORTS = "import torch\nfrom torch.optim.lr_scheduler import StepLR, MultiStepLR\n\nn = 7\n"
OPTIMIZER = "%%time\nopt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)  # é\nfiles = !ls\nopt?"
SCHEDULER = "sched = StepLR(opt, n)"


def cell(source: str, kind: str = "code", lines: bool = True) -> dict[str, Any]:
    text: Any = source.splitlines(keepends=True) if lines else source
    return {"cell_type": kind, "execution_count": 3, "metadata": {"z": 1, "a": "é"}, "outputs": [{"text": [SCHEDULER]}], "source": text}


def notebook(*cells: dict[str, Any], language: str = "python") -> dict[str, Any]:
    return {"nbformat_minor": 5, "cells": list(cells), "nbformat": 4, "metadata": {"kernelspec": {"language": language}}}


def written(document: Any, layout: str) -> str:
    """The text of a notebook in one of the layouts that programs write."""
    match layout:
        case "jupyter":
            return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        case "ascii":
            return json.dumps(document, indent=4)
        case _:
            return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


LAYOUTS = ("jupyter", "ascii", "compact")


def put(folder: Path, text: str) -> Path:
    path = folder / "train.ipynb"
    path.write_bytes(text.encode())
    return path


def cells_of(path: Path) -> list[str]:
    return ["".join(one["source"]) for one in json.loads(path.read_text("utf-8"))["cells"]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cells_are_one_program(tmp_path: Path, layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = notebook(cell(SCHEDULER, "markdown"), cell(IMPORTS), cell("this is no Python ("), cell(OPTIMIZER), cell("%%bash\n" + SCHEDULER), cell(SCHEDULER))
    path = put(tmp_path, written(document, layout))
    assert main(["convert", str(path), "--format", "json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["cell"], row["schedule"], row["base"], row["source"]) == (6, "step(7)", 0.1, "StepLR(opt, n)")
    assert SCHEDULER.split(" = ")[1] in path.read_text("utf-8").split("\n")[row["line"] - 1]
    assert main(["convert", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{path}:cell 6:1: torch `StepLR(opt, n)`"
    assert lrdsl.read(path) == lrdsl.parse("step(7)")
    assert main(["convert", str(path), "--verify"]) == 0
    assert f"{path}:cell 6:1: `StepLR(opt, n)`: the same at every tick" in capsys.readouterr().err


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("lines", [True, False])
def test_only_the_cells_that_change_are_written(tmp_path: Path, layout: str, lines: bool) -> None:
    before = [
        cell(IMPORTS, lines=lines),
        cell(OPTIMIZER, lines=lines),
        cell("x = 'StepLR(opt, 3)'"),
        cell(f"%matplotlib inline\n{SCHEDULER}\nprint('é')\n!ls", lines=lines),
    ]
    path = put(tmp_path, written(notebook(*before), layout))
    assert main(["convert", str(path), "--write"]) == 0
    texts = cells_of(path)
    assert texts == [
        IMPORTS.replace("import StepLR, MultiStepLR\n", "import MultiStepLR\nimport lrdsl\n"),
        OPTIMIZER,
        "x = 'StepLR(opt, 3)'",
        '%matplotlib inline\nsched = lrdsl.compile("step(n)", opt, names={"n": n})\nprint(\'é\')\n!ls',
    ]
    after = [cell(text, lines=lines or i == 2) for i, text in enumerate(texts)]
    assert path.read_bytes() == written(notebook(*after), layout).encode()


def test_the_moved_program_has_the_same_rates(tmp_path: Path) -> None:
    loop = "rates = []\nfor _ in range(20):\n    rates.append(opt.param_groups[0]['lr'])\n    opt.step()\n    sched.step()\n%time\n"
    path = put(tmp_path, written(notebook(cell(IMPORTS), cell(OPTIMIZER.replace("opt?", "")), cell(SCHEDULER), cell(loop)), "jupyter"))

    def rates() -> list[float]:
        scope: dict[str, Any] = {}
        exec("\n".join(without_magics(text) for text in cells_of(path)), scope)
        return list(scope["rates"])

    before = rates()
    assert main(["convert", str(path), "--write"]) == 0
    assert "lrdsl.compile" in path.read_text("utf-8")
    assert rates() == pytest.approx(before, abs=1e-15)


def test_a_command_before_the_imports_stays_first(tmp_path: Path) -> None:
    first = "%%capture\n!pip install torch lrdsl"
    path = put(tmp_path, written(notebook(cell(first), cell("%load_ext x\n" + IMPORTS + OPTIMIZER.partition("\n")[2]), cell(SCHEDULER)), "jupyter"))
    assert main(["convert", str(path), "--write"]) == 0
    texts = cells_of(path)
    assert texts[0] == first
    assert texts[1].startswith("%load_ext x\nimport torch\n")
    assert "import lrdsl\n" in texts[1]


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "{", '{"cells": 3}', '{"cells": [3, null, {"cell_type": "code"}]}', '{"cells": [{"cell_type": "code", "source": 3}]}',
     '{"cells": [{"cell_type": "code", "source": [[1], {"a": "StepLR"}]}]}', "[" * 100_000, '{"cells": ' + "[" * 100_000, '"\\ud800"'],
)  # fmt: skip
def test_odd_notebooks_do_no_harm(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, text)
    for options in ([], ["--diff"], ["--write"], ["--verify"]):
        assert main(["convert", str(path), *options]) in (0, 1, 2)
    assert path.read_text() == text


def test_another_language_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(put(tmp_path, written(notebook(cell(IMPORTS + SCHEDULER), language="R"), "jupyter")))]) == 0
    assert capsys.readouterr().out == ""


PIECES = st.sampled_from(
    ["x = 1", "!ls -la", "%time x", "y = %sql q", "x?", "é = 'ü'", "", "# StepLR(opt, 3)", "s = StepLR(opt, 3)", "if x:\n    !ls\n    t = StepLR(opt, n)",
     "broken (", "%%bash\nls", "%%time\nx = 2", "'''a\n%b\n'''", "from torch.optim.lr_scheduler import StepLR", "a = \\\n  3", "\ttab", "x = '\\n\"'"]
)  # fmt: skip


@examples(200)
@given(st.lists(st.lists(PIECES, max_size=5).map("\n".join), max_size=6), st.booleans(), st.sampled_from(LAYOUTS))
def test_what_does_not_change_stays(texts: list[str], lines: bool, layout: str) -> None:
    document = notebook(*(cell(text, lines=lines) for text in texts))
    source = written(document, layout)
    program = Program.of(source)
    assert program.rewritten(source, program.text) == source
    parts = program.text.split(program.mark)
    for i, one in enumerate(program.cells):
        assert texts[one.number] == one.text
        if not parts[i].strip() and one.text.strip():  # it is no Python
            continue
        rewritten = program.rewritten(source, program.mark.join([*parts[:i], f"{parts[i]}\nz = 'ä'", *parts[i + 1 :]]))
        assert rewritten is not None
        expected = [*texts[: one.number], f"{texts[one.number]}\nz = 'ä'", *texts[one.number + 1 :]]
        assert ["".join(c["source"]) for c in json.loads(rewritten)["cells"]] == expected


def test_a_program_that_is_too_long_is_reported_wherever_its_scheduler_stands() -> None:
    program = "x = '" + "a" * 3_000_000 + "'\nfrom torch.optim.lr_scheduler import StepLR\ns = StepLR(o, 3)\n"
    for name in ("train.py", "train.ipynb"):
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": program}
        text = program if name == "train.py" else json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        [found] = readings(text, name)
        assert found.problems == ("the program is not read: it has more than 1,000,000 characters",)

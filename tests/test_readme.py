"""Tests of the README: its commands print what it shows, its Python runs, its table is the catalogue. `python -m tests.test_readme` writes outputs and table."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lrdsl.check.combinators import COMBINATORS
from lrdsl.shapes import SHAPES

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- shapes -->\n).*?(?=<!-- end -->)", re.DOTALL)
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall(README.read_text("utf-8")) if found == kind]


def sessions() -> list[tuple[str, str]]:
    """Returns the commands of the README, each with the output that is shown."""
    found = []
    for body in blocks("console"):
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def printed(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "lrdsl"
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-m", "lrdsl", *arguments], capture_output=True, env=environment, check=False)
    return "\n".join(line.rstrip() for line in (done.stdout + done.stderr).decode().strip("\n").split("\n")) + "\n"


def table() -> str:
    """Returns the table of shapes and combinators, made from the declarations."""
    rows = ["| phase | what it does |", "| --- | --- |"]
    rows += [f"| `{form.signature}` | {form.summary} |" for forms in SHAPES.values() for form in forms]
    operators = [
        ("A then B", "One after the other; B enters at the level where A ended."),
        ("restart A", "A, entered at the base again."),
        ("A for D", "A, held from D on at the level it reached there."),
        ("A until C", "A up to a time of the run, `80%`, or until something happens: `val_loss < 0.3 or for 20ep`."),
        ("A * B", "Both at once, B as a pure factor; a number is a constant factor."),
        ("A + 1e-5, 1x - A", "A plus a level; a level less A."),
    ]
    rows += [f"| `{form}` | {summary} |" for form, summary in operators]
    rows += [f"| `{c.signature}` | {c.summary} |" for c in COMBINATORS.values()]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(("command", "output"), sessions(), ids=[command for command, _ in sessions()])
def test_commands_print_what_is_shown(command: str, output: str) -> None:
    assert printed(command) == output


def test_there_are_commands() -> None:
    assert len(sessions()) >= 3
    assert len(blocks("sh")) == 2


@pytest.mark.parametrize("code", blocks("python"), ids=range(len(blocks("python"))))
def test_python_runs(code: str) -> None:
    exec(compile(code, str(README), "exec"), {"__name__": "readme"})


def test_the_table_is_the_catalogue() -> None:
    found = TABLE.search(README.read_text("utf-8"))
    assert found is not None
    assert found.group() == table()


if __name__ == "__main__":
    text = TABLE.sub(lambda _: table(), README.read_text("utf-8"))
    for shown, output in sessions():
        text = text.replace(f"$ {shown}\n{output}", f"$ {shown}\n{printed(shown)}")
    README.write_text(text, "utf-8")

"""Tests of how the tests start programs: one that hangs is killed with all that it has started, and what a program leaves behind ends with it."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from pathlib import Path

import pytest

from tests.launching import programs

PROGRAM = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
if sys.argv[1] == "wait":
    child.wait()
"""


@pytest.mark.parametrize(("way", "status"), [("wait", -9), ("leave", 0)])
def test_nothing_outlives_a_program(way: str, status: int, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, "utf-8")
    (done,) = programs(path, [[way]], (), longest=0.5)
    assert done.returncode == status
    assert ("it was killed after 0.5 seconds" in done.stderr) == (way == "wait")
    with suppress(ProcessLookupError):  # it has ended
        ended, *_ = select.select([os.pidfd_open(int(done.stdout))], [], [], 10)
        assert ended

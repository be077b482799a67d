"""Starts programs in new processes: as a user does, and as `torchrun` does for a distributed run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def program(*command: object) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end. The command is a path, or `-m` and a module, and then the arguments."""
    return subprocess.run([sys.executable, "-W", "ignore", *map(str, command)], capture_output=True, text=True, cwd=ROOT, check=False)


def torchrun(processes: int, *command: object) -> str:
    """Runs a program in this many processes, and returns what they print. Fails if one of them fails."""
    launcher = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "tests.leaving"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([*launcher, *map(str, command)], capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

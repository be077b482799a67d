"""Programs in processes of their own: as a user starts them, and as `torchrun` does for a distributed run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def program(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a program (a path, or `-m` and a module, and its arguments) to its end."""
    return subprocess.run([sys.executable, "-W", "ignore", *map(str, command)], capture_output=True, text=True, cwd=ROOT, check=False)


def torchrun(processes: int, *command: object) -> str:
    """Run a program (a path, or `-m` and a module, and its arguments) in so many processes; what they print. Fails if one of them does."""
    launcher = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "tests.leaving"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([*launcher, *map(str, command)], capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

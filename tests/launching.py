"""Starts programs in new processes: as a user does, and as `torchrun` does for a distributed run.

Loading a framework takes seconds. So the processes of a distributed run, and several runs of one program, are forks of one process that has loaded it.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


def program(*command: object) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end. The command is a path, or `-m` and a module, and then the arguments."""
    return subprocess.run([sys.executable, "-W", "ignore", *map(str, command)], capture_output=True, text=True, cwd=ROOT, check=False)


def torchrun(processes: int, *command: object) -> str:
    """Runs a program in this many processes, and returns what they print. Fails if one of them fails."""
    return _distributed("torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", "tests.leaving", *command)


def forked(processes: int, module: str, *arguments: object) -> None:
    """Calls the `main` of a module in this many processes, by the launcher of `torchrun`.

    They are forks of one process that has imported the module, so that the frameworks are loaded once and not by each.
    """
    _distributed("tests.launching", "launch", processes, module, *arguments)


def programs(path: Path, runs: Sequence[Sequence[object]], modules: Sequence[str]) -> list[subprocess.CompletedProcess[str]]:
    """Runs a program with each of several lists of arguments. The modules are those that it imports."""
    lists = [[str(path), *map(str, arguments)] for arguments in runs]
    done = program("-m", "tests.launching", "each", json.dumps(lists), *modules)
    assert done.returncode == 0, done.stderr
    return [subprocess.CompletedProcess(arguments, *each) for arguments, each in zip(lists, json.loads(done.stdout), strict=True)]


def _distributed(*command: object) -> str:
    """What a module prints that starts processes. Fails if it fails."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "ACCELERATE_USE_CPU": "true"}
    launcher = [sys.executable, "-W", "ignore", "-m", *map(str, command)]
    done = subprocess.run(launcher, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _launch(processes: str, module: str, *arguments: str) -> None:
    """Calls the `main` of a module in forks of this process."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(1, 1, int(processes), run_id="tests", rdzv_backend="c10d", rdzv_endpoint="localhost:0", max_restarts=0, start_method="fork")
    elastic_launch(config, importlib.import_module(module).main)(*arguments)


def _each(lists: str, *modules: str) -> None:
    """Runs programs one after the other in forks of this process, and prints the status and the output of each."""
    for module in modules:
        importlib.import_module(module)
    found = []
    for arguments in json.loads(lists):
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if not child:
                _run(arguments, out.fileno(), err.fileno())
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            err.seek(0)
            found.append((status, out.read(), err.read()))
    print(json.dumps(found))


def _run(arguments: list[str], out: int, err: int) -> None:
    """Runs a program in place of this process, and ends it."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    status: object = 1
    try:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    {"launch": _launch, "each": _each}[sys.argv[1]](*sys.argv[2:])

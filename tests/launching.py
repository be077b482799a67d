"""Starts programs in new processes: as a user does, and as `torchrun` does for a distributed run.

Loading a framework takes seconds. So all programs that a worker of pytest starts are forks of one process, which loads each framework once.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]


def torchrun(processes: int, path: Path) -> str:
    """Runs a program in this many processes, by the launcher of `torchrun`, and returns what they print. Fails if one of them fails."""
    return _succeeded(_done("launch", [processes, "runpy", "run_path", str(path), None, "__main__"]))


def forked(processes: int, module: str, *arguments: object) -> None:
    """Calls the `main` of a module in this many processes, by the launcher of `torchrun`."""
    _succeeded(_done("launch", [processes, module, "main", *map(str, arguments)], module))


def programs(path: Path, runs: Sequence[Sequence[object]], modules: Sequence[str]) -> list[subprocess.CompletedProcess[str]]:
    """Runs a program with each of several lists of arguments. The modules are those that it imports."""
    return [_done("run", [str(path), *map(str, arguments)], *modules) for arguments in runs]


def _succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """What a process printed. Fails if it failed."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def _done(verb: str, arguments: list[object], *modules: str) -> subprocess.CompletedProcess[str]:
    """The end of a process that was forked after the modules were loaded."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps([verb, arguments, modules]) + "\n")
    server.stdin.flush()
    line = server.stdout.readline()
    assert line, "the process that loads the frameworks has ended"
    return subprocess.CompletedProcess(arguments, *json.loads(line))


@functools.cache
def _server() -> subprocess.Popen[str]:
    """The process that loads frameworks and is forked. It ends with this one."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "ACCELERATE_USE_CPU": "true"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.launching"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    atexit.register(server.communicate)
    return server


# What follows runs in that process.


def _serve() -> None:
    """Forks this process for each line of the input, and prints the status and the output of the fork."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints while it is loaded is no answer
    for line in sys.stdin:
        verb, arguments, modules = json.loads(line)
        for module in modules:
            importlib.import_module(module)
        print(json.dumps(_forked(_VERBS[verb], arguments)), file=answers, flush=True)


def _forked(call: Callable[..., None], arguments: list[object]) -> tuple[int, str, str]:
    """The status and the output of a fork that makes a call."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            _leave(call, arguments)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return status, out.read(), err.read()


def _leave(call: Callable[..., None], arguments: list[object]) -> None:
    """Makes a call and ends this process at once, without the exit handlers: torch may abort in those, while it destroys the process groups of a run."""
    status: object = 1
    try:
        call(*arguments)
        status = 0
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


def _launch(processes: int, module: str, function: str, *arguments: object) -> None:
    """Calls a function of a module in forks of this process."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(1, 1, processes, run_id="tests", rdzv_backend="c10d", rdzv_endpoint="localhost:0", max_restarts=0, start_method="fork")
    elastic_launch(config, _call)(module, function, *arguments)


def _call(module: str, function: str, *arguments: object) -> None:
    """Calls a function of a module."""
    getattr(importlib.import_module(module), function)(*arguments)


def _run(path: str, *arguments: str) -> None:
    """Runs a program in place of this process."""
    sys.argv = [path, *arguments]
    runpy.run_path(path, run_name="__main__")


_VERBS: dict[str, Callable[..., None]] = {"launch": _launch, "run": _run}

if __name__ == "__main__":
    _serve()

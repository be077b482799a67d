"""Starts programs in new processes: as a user does, and as `torchrun` does for a distributed run.

Loading a framework takes seconds. So all programs that a worker of pytest starts are forks of one process, which loads each framework once. That process and
the forks that are forked again have one thread each: a fork of a process with several may wait for ever for what another thread held. `torchrun` has
threads, so it starts small programs, and each of them has a process without threads fork the one that it stands for.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: How many seconds a program may take, by default.
_LONGEST = 240


def torchrun(processes: int, path: Path) -> str:
    """Runs a program in this many processes, by the launcher of `torchrun`, and returns what they print. Fails if one of them fails."""
    return _succeeded(_done("launch", [processes, "runpy", "run_path", str(path), None, "__main__"]))


def forked(processes: int, module: str, *arguments: object) -> None:
    """Calls the `main` of a module in this many processes, by the launcher of `torchrun`."""
    _succeeded(_done("launch", [processes, module, "main", *map(str, arguments)], module))


def programs(path: Path, runs: Sequence[Sequence[object]], modules: Sequence[str], longest: float = _LONGEST) -> list[subprocess.CompletedProcess[str]]:
    """Runs a program with each of several lists of arguments, for `longest` seconds each. The modules are those that it imports."""
    return [_done("run", [str(path), *map(str, arguments)], *modules, longest=longest) for arguments in runs]


def _succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """What a process printed. Fails if it failed."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def _done(verb: str, arguments: list[object], *modules: str, longest: float = _LONGEST) -> subprocess.CompletedProcess[str]:
    """The end of a process that was forked after the modules were loaded."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps([verb, arguments, modules, longest]) + "\n")
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
        verb, arguments, modules, longest = json.loads(line)
        for module in modules:
            importlib.import_module(module)
        print(json.dumps(_forked(_VERBS[verb], arguments, longest)), file=answers, flush=True)


def _forked(call: Callable[..., None], arguments: list[object], longest: float) -> tuple[int, str, str]:
    """The status and the output of a fork that makes a call. What it has started ends with it, and all of it is killed after the longest time."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(_status(call, arguments))
        watched = os.pidfd_open(child)
        ended = bool(select.select([watched], [], [], longest)[0])
        os.close(watched)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)  # it may hang before it has a group of its own
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return status, out.read(), err.read() + ("" if ended else f"\nit was killed after {longest} seconds")


def _status(call: Callable[..., None], arguments: list[object]) -> int:
    """Makes a call. Returns the status with which this process should end, by `os._exit`: in exit handlers, torch may abort while it destroys process groups."""
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
    return status if isinstance(status, int) else int(status is not None)


#: A program that stands for a process of `torchrun`: it sends its environment to a socket, and ends with the status that comes back.
_STANDS_FOR = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    line.sendall(json.dumps(dict(os.environ)).encode())
    line.shutdown(socket.SHUT_WR)
    status = line.recv(1)
sys.exit(status[0] if status else 1)
"""


def _launch(processes: int, module: str, function: str, *arguments: object) -> None:
    """Calls a function of a module in processes of `torchrun`."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{folder}/door")
        door.listen(processes)
        if not os.fork():
            _fork_for_each(door, [module, function, *arguments])
        config = LaunchConfig(1, 1, processes, run_id="tests", rdzv_backend="c10d", rdzv_endpoint="localhost:0", max_restarts=0)
        elastic_launch(config, sys.executable)("-S", "-c", _STANDS_FOR, f"{folder}/door")


def _fork_for_each(door: socket.socket, arguments: list[object]) -> None:
    """Forks this process for each program that asks for it, with the environment of that program. All of them stay until they are killed together."""
    while True:
        line, _ = door.accept()
        if not os.fork():
            with line.makefile("rb") as asked:
                environment = json.load(asked)
            os.environ.clear()
            os.environ.update(environment)
            line.sendall(bytes([_status(_call, arguments) & 255]))
            signal.pause()  # another may still read what this one has sent to it
        line.close()


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

"""`Worker`: a process that answers questions. One that takes too long is ended, and another one takes its place: no text can stop the server."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeAlias

from lrdsl.escaping.strict_json import json_of

#: Answers a question, from JSON to JSON.
Answering: TypeAlias = Callable[[str], str]
#: How many seconds a question may take. The work for a text is counted too, and its limit comes first but on a slow machine.
SECONDS = 20.0


class Worker:
    """A process that calls a function of a module for each question, one at a time. It starts with the first one."""

    def __init__(self, answer: Answering, seconds: float = SECONDS) -> None:
        self._answer, self._seconds = answer, seconds
        self._turn = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def ask(self, question: str) -> str:
        """Returns the answer to a question; an answer with an `error` if it takes too long, or ends the process."""
        with self._turn:
            pipe = self._started()
            try:
                pipe.send(question)
                if pipe.poll(self._seconds):
                    answer: str = pipe.recv()
                    return answer
                reason = f"this takes longer than {self._seconds:g} seconds"
            except (EOFError, OSError):
                reason = "this needs more than there is of the machine's memory"
            self._end()
            return json_of({"error": reason})

    def start(self) -> None:
        """Starts the process before the first question comes."""
        with self._turn:
            self._started()

    def stop(self) -> None:
        """Ends the process."""
        with self._turn:
            self._end()

    def _started(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
            self._pipe, far = context.Pipe()
            self._process = context.Process(target=_work, args=(far, self._answer), daemon=True)
            with _in_a_safe_folder():
                self._process.start()
            far.close()
        return self._pipe

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


@contextmanager
def _in_a_safe_folder() -> Iterator[None]:
    """Starts a process in lrdsl's own folder: Python looks for modules in the current one first, and that may be a stranger's."""
    before = None
    with suppress(OSError):
        before = Path.cwd()
    os.chdir(Path(__file__).with_name("page"))
    try:
        yield
    finally:
        if before is not None:
            os.chdir(before)


def _work(pipe: Connection, answer: Answering) -> None:
    """Answers questions until the server ends. Ctrl-C is the server's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            question = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(answer(question))

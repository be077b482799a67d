"""Runs the documents: the blocks of a page are one program, from top to bottom, in a folder of its own.

- `console` has commands, `$ lrdsl ...`, `$ python FILE` or `$ cat FILE`, each with what it prints;
- `python` is run, in one namespace for the page; a block of `>>>` is a doctest; a block `text` right behind one is what it prints;
- `lrs` is a schedule that is read, and `lrs each` one in each line;
- a block of any of these or of `yaml`, `toml`, `json` whose first line is a comment with a file's name is that file;
- `sh` is set-up: `.ci/run` runs it.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import runpy
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

import lrdsl
from lrdsl.cli import main

ROOT = Path(__file__).parents[1]
#: What a fenced block is: its kind and its body.
BLOCK = re.compile(r"^```(\w*(?: each)?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: The first line of a block that is a file.
NAMED = re.compile(r"(?:#|//) ([\w./-]+\.\w+)\n")
#: The facts of a run for schedules that are shown alone.
CLOCK: dict[str, Any] = {"steps_per_epoch": 1000, "total_epochs": 90, "batch_size": 256, "tokens_per_step": 10**6}
ENVIRONMENT = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "torch")}


@attrs.define
class Run:
    """A page while it runs: what its Python has defined, and what the last block has printed."""

    page: str
    namespace: dict[str, Any] = attrs.field(factory=lambda: {"__name__": "page"})
    printed: str | None = None

    def block(self, kind: str, body: str) -> str:
        """Runs a block. Returns it as it should be: with what is really printed."""
        before, self.printed = self.printed, None
        named = NAMED.match(body)
        if named is not None and kind != "console":
            Path(named[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(named[1]).write_text(body, "utf-8")
            return body
        if kind == "console":
            return "".join(f"$ {command}\n{self.command(command)}" for command in commands(body))
        if kind == "python":
            self.printed = self.python(body)
            return body
        if kind == "text":
            assert before is not None, f"{self.page}: no Python stands before this:\n{body}"
            return before
        if kind in ("lrs", "lrs each"):
            for text in body.splitlines() if kind == "lrs each" else [body]:
                lrdsl.parse(text, **({} if "set " in text else CLOCK))
            return body
        assert kind == "sh", f"{self.page}: nothing runs a block of {kind or 'no kind'}:\n{body}"
        return body

    def python(self, code: str) -> str:
        if code.startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(code, dict(self.namespace), self.page, self.page, 0)
            report = io.StringIO()
            results = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(example, out=report.write)
            assert not results.failed, report.getvalue()
            return ""
        with printing() as out, contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            exec(compile(code, self.page, "exec"), self.namespace)
        own = [str(warning.message) for warning in caught if issubclass(warning.category, lrdsl.ScheduleWarning | lrdsl.ResumeWarning)]
        assert not own, f"{self.page}: a reader who pastes this gets a warning: {own}\n{code}"
        return lines(out)

    def command(self, command: str) -> str:
        typed, bar, last = command.rpartition(" | ")
        program, *arguments = shlex.split(last)
        stdin = f"{' '.join(shlex.split(typed)[1:])}\n" if bar else ""
        with printing(stdin) as out, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if program == "lrdsl":
                with contextlib.suppress(SystemExit):
                    main(arguments)
            elif program == "python":
                runpy.run_path(arguments[0], run_name="__main__")
            else:
                assert program == "cat", f"{self.page}: nothing runs {command}"
                print(Path(arguments[0]).read_text("utf-8"), end="")
        return lines(out)


def commands(body: str) -> list[str]:
    """Returns the commands of a session, without what they print."""
    return [part.partition("\n")[0] for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]]


@contextlib.contextmanager
def printing(stdin: str = "") -> Iterator[io.TextIOWrapper]:
    """Gathers what is printed on both outputs, in its order."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"), out, out
    try:
        yield out
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def lines(out: io.TextIOWrapper) -> str:
    """Returns what was printed, without spaces at the ends of lines and empty lines at both ends."""
    out.flush()
    text = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")) + "\n" if text.strip() else ""


def written(name: str, folder: Path) -> str:
    """Runs a page in a folder. Returns its text, with what its commands and its Python really print."""
    text = (ROOT / name).read_text("utf-8")
    if "examples/" in text:
        shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    run = Run(name)
    before, here, path, modules = dict(os.environ), Path.cwd(), sys.path[:], {*sys.modules}
    os.environ.update(ENVIRONMENT)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        return BLOCK.sub(lambda block: f"```{block[1]}\n{run.block(block[1], block[2])}```", text)
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
        sys.path[:] = path
        for name in {*sys.modules} - modules:  # those that the page itself has written
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]

"""What is fuzzed: each target takes bytes, and may raise what its callers expect and nothing else."""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import lrdsl
from lrdsl.diagnostics import ScheduleError
from lrdsl.linting.hosts import ENDINGS, UnreadableError
from lrdsl.linting.projects import check_file, check_source, formatted
from lrdsl.linting.reports import FORMATS
from lrdsl.linting.settings import Settings, SettingsError
from lrdsl.rules.catalogue import RULES
from lrdsl.shapes import SHAPES
from lrdsl.syntax.tokens import KEYWORDS

ROOT = Path(__file__).parents[2]
_CLOCK: dict[str, Any] = {"total_steps": 1000, "steps_per_epoch": 50, "batch_size": 32, "tokens_per_step": 4096}


class Optimizer:
    """Two groups with names."""

    def __init__(self) -> None:
        self.param_groups: list[dict[str, Any]] = [{"lr": 0.1, "momentum": 0.9, "name": "a"}, {"lr": 0.01, "momentum": 0.9, "name": "b"}]


def _text(data: bytes) -> str:
    """Text of any bytes; those that are not UTF-8 are lone surrogates, as in names of files."""
    return data.decode("utf-8", "surrogateescape")


def _lint(data: bytes) -> None:
    text = _text(data)
    for problem in (*lrdsl.lint(text), *lrdsl.lint(text, **_CLOCK)):
        assert 0 <= problem.span.start.offset <= problem.span.end.offset <= len(text)
    laid_out = lrdsl.format(text)
    assert lrdsl.format(laid_out) == laid_out


def _numbers(data: bytes) -> None:
    s = lrdsl.parse(_text(data), **_CLOCK)
    for target in s.targets:
        levels = s.values(40, 0.1, target.name)
        assert abs(levels).max() < 1e300
        assert all(abs(s.at(t, 0.1, target.name) - levels[t]) <= 1e-9 * abs(levels).max() for t in (0, 3, 17, 39))


def _formulas(data: bytes) -> None:
    s = lrdsl.parse(_text(data), **_CLOCK)
    for format in ("latex", "markdown", "text", "typst", "mathml", "python"):
        written = s.typeset(format)
        if format == "python":
            compile(written, "<written>", "exec")
    s.latex(symbolic=True, form="aligned", width=8)
    s.sentence()
    str(s.formula())
    s._repr_html_()
    s._repr_svg_()


def _analyze(data: bytes) -> None:
    lrdsl.analyze(lrdsl.parse(_text(data), **_CLOCK), base=0.1, threshold=0.01)


def _diff(data: bytes) -> None:
    one, _, two = _text(data).partition("\n\n")
    lrdsl.compare(lrdsl.parse(one, **_CLOCK), lrdsl.parse(two, **_CLOCK))


def _hosts(data: bytes) -> None:
    ending = ENDINGS[data[0] % len(ENDINGS)] if data else ".yaml"
    path, settings = Path(f"config{ending}"), Settings(Path())
    source = data[1:].decode("utf-8", "replace")
    checked = check_source(path, source, settings, "unsafe")
    for write in FORMATS.values():
        write([checked])
    with suppress(UnreadableError):
        formatted(path, source, settings)


@cache
def _folder() -> Path:
    """A folder of this process."""
    return Path(tempfile.mkdtemp(prefix="lrdsl-fuzz-"))


def _bytes(data: bytes) -> None:
    """A file of any bytes, and settings of any bytes."""
    folder = _folder()
    for ending in (".lrs", ".yaml", ".py"):
        path = folder / f"file{ending}"
        path.write_bytes(data)
        try:
            check_file(path, Settings(Path()))
        finally:
            path.unlink()
    project = folder / "pyproject.toml"
    project.write_bytes(b"[tool.lrdsl]\n" + data)
    try:
        with suppress(SettingsError):
            Settings.of(folder)
    finally:
        project.unlink()


def _states(data: bytes) -> None:
    """A state of any JSON, and the rest of a run of any text: refused, or taken and run; what refuses changes nothing."""
    optimizer = Optimizer()
    scheduler = lrdsl.compile("warmup(5) then plateau(patience=1, metric=loss)", optimizer)
    for tick in range(7):
        scheduler.step(loss=1.0 + tick)
    before = json.dumps([scheduler.state_dict(), optimizer.param_groups])
    try:
        state = json.loads(data)
    except (ValueError, RecursionError):
        state = None
    try:
        if state is None:
            scheduler.replan(_text(data))
        else:
            scheduler.load_state_dict({**scheduler.state_dict(), **state} if isinstance(state, dict) else state)
    except ScheduleError:
        assert json.dumps([scheduler.state_dict(), optimizer.param_groups]) == before
        raise
    scheduler.step(loss=2.0)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "lint": _lint,
    "numbers": _numbers,
    "formulas": _formulas,
    "analyze": _analyze,
    "diff": _diff,
    "hosts": _hosts,
    "bytes": _bytes,
    "states": _states,
}


def _texts() -> Iterator[str]:
    for rule in RULES.values():
        yield from (rule.bad, rule.good)
    yield from (form.example for forms in SHAPES.values() for form in forms)
    yield from (path.read_text("utf-8") for path in sorted((ROOT / "examples").glob("*.lrs")))


def seeds(name: str) -> Iterator[bytes]:
    """What a target begins with."""
    texts = [text.encode() for text in _texts()]
    if name == "hosts":
        for i, ending in enumerate(ENDINGS):
            yield from (bytes([i]) + path.read_bytes()[:4000] for path in sorted((ROOT / "examples").glob(f"*{ending}")))
            yield from (bytes([i]) + b'lr_schedule: "' + text + b'"\n' for text in texts[:20])
    elif name == "diff":
        yield from (one + b"\n\n" + two for one, two in itertools.pairwise(texts))
    elif name == "states":
        scheduler = lrdsl.compile("warmup(5) then plateau(patience=1, metric=loss)", Optimizer())
        scheduler.step(loss=1.0)
        scheduler.replan("linear(9)")
        yield json.dumps(scheduler.state_dict()).encode()
        yield from texts
    else:
        yield from texts


def words() -> list[str]:
    """The words of the language, for the fuzzer to put in."""
    return [*SHAPES, *KEYWORDS, "base", "rest", "total", "restarts(", "repeat(", "bounce(", "every(", "stretch(", "times=3", "0.1x", "10%", "5ep", "1e9"]


def _fuzz(name: str, findings: Path) -> None:
    import atheris

    target = TARGETS[name]

    def one(data: bytes) -> None:
        try:
            target(data)
        except ScheduleError:
            pass
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            mark = hashlib.sha256(f"{type(error).__name__} {where.filename}:{where.lineno}".encode()).hexdigest()[:12]
            path = findings / f"{type(error).__name__}-{mark}"
            if not path.exists():
                path.write_bytes(data)
                path.with_suffix(".txt").write_text(traceback.format_exc(), "utf-8", "backslashreplace")

    atheris.Setup([sys.argv[0], *sys.argv[3:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    import atheris

    for module in [name for name in sys.modules if name == "lrdsl" or name.startswith("lrdsl.")]:
        del sys.modules[module]
    with atheris.instrument_imports(include=["lrdsl"]):
        import importlib

        importlib.import_module("tests.fuzz.targets")._fuzz(sys.argv[1], Path(sys.argv[2]))

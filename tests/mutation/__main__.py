"""Makes random mutants of a room, runs the tests of the room on each, and shows those that no test noticed.

    python -m tests.mutation --room check --count 200 --seed 0

A mutant is a module with one fault (see `changes`); no file is written. First the tests of the room run once on the sound source, to see which of them come to
which line, and how long each takes. A mutant then gets a process of its own, and runs the tests that come to its line, the quick ones first, up to the first
that fails; the clock kills one that takes much more time than the sound source. A test that hangs on the sound source is left out: threads of a library are not
there after a fork, and JAX may wait for them. That process is a fork of one that has collected the tests, and the
functions with the fault get its code there. A fault outside of functions is put in place of the module as it is imported, in a fork of a process that has
imported the libraries alone. Drawn tests draw the same examples each time, and few of them: what they find by luck is no check.

What lives is printed as a diff, to be judged by hand: it changes nothing that can be seen, or a test of behaviour is missing.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib.machinery
import importlib.util
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from tests.mutation.changes import Mutant, faults, mutant

ROOT = Path(__file__).parents[2]
_LAWS = ("tests/properties/test_laws.py", "tests/properties/test_agreement.py")
#: The tests of the running scheduler but those that start processes or drive the tests of torch.
_RUNTIME = (
    "scheduler", "metrics", "replan", "targets", "batches", "torch", "unchanged", "bases", "breakages", "families", "migrating", "optimizers", "reports", "tensors",
    "together", "values", "warnings",
)  # fmt: skip
#: The rooms: their modules, and the tests that belong to them.
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "check": (
        ("lrdsl/check/*.py",),
        (
            "tests/check",
            "lrdsl/check",
            "tests/analysis/test_overview.py",
            "tests/rules/test_rules.py",
            "tests/test_diagnostics.py",
            "tests/formulas/test_sentence.py",
            "tests/formulas/typeset/test_symbolic.py",
        ),
    ),
    "plan": (("lrdsl/plan.py",), ("tests/test_plan.py", "lrdsl/plan.py", "tests/check", "tests/numbers/test_lowering.py", "tests/runtime/test_metrics.py")),
    "clock": (("lrdsl/clock.py",), ("tests/test_clock.py", "lrdsl/clock.py", "tests/formulas/test_text.py", "tests/check/test_batches.py")),
    "batches": (("lrdsl/batches.py",), ("tests/test_batches.py", "lrdsl/batches.py", "tests/check/test_batches.py", "tests/runtime/test_batches.py")),
    "words": (
        ("lrdsl/kinds.py", "lrdsl/metrics.py", "lrdsl/phrases.py"),
        (
            "lrdsl/kinds.py",
            "lrdsl/metrics.py",
            "tests/check/test_kinds.py",
            "tests/check/test_words.py",
            "tests/formulas/test_sentence.py",
            "tests/runtime/test_metrics.py",
        ),
    ),
    "problems": (
        ("lrdsl/diagnostics.py", "lrdsl/arguments.py", "lrdsl/work.py"),
        ("lrdsl/diagnostics.py", "tests/test_arguments.py", "tests/test_diagnostics.py", "tests/test_work.py", "tests/cli/test_terminal.py"),
    ),
    "syntax": (("lrdsl/syntax/*.py",), ("tests/syntax", "lrdsl/syntax", "tests/test_diagnostics.py", "tests/runtime/test_replan.py")),
    "numbers": (
        ("lrdsl/numbers/*.py",),
        ("tests/numbers", "lrdsl/numbers", "tests/check/test_kinds.py", "tests/check/test_cycles.py", "tests/test_jax.py", *_LAWS),
    ),
    "expr": (("lrdsl/expr/*.py",), ("tests/expr", "lrdsl/expr", "tests/check", "tests/numbers/test_lowering.py", "tests/formulas/test_text.py", _LAWS[0])),
    "shapes": (
        ("lrdsl/shapes/*.py",),
        (
            "tests/shapes",
            "lrdsl/shapes",
            "tests/test_contributing.py",
            "tests/check",
            "tests/numbers/test_lowering.py",
            "tests/formulas/test_sentence.py",
            _LAWS[0],
        ),
    ),
    "runtime": (
        ("lrdsl/runtime/*.py",),
        (
            *(f"tests/runtime/test_{name}.py" for name in _RUNTIME),
            "lrdsl/runtime",
        ),
    ),
    "rules": (("lrdsl/rules/*.py",), ("tests/rules", "lrdsl/rules", "tests/linting/test_fixes.py", "tests/runtime/test_warnings.py")),
    "linting": (("lrdsl/linting/*.py", "lrdsl/linting/hosts/*.py"), ("tests/linting", "tests/cli/test_check.py", "tests/cli/test_ignoring_and_notes.py")),
    "notation": (("lrdsl/formulas/notation/*.py",), ("tests/formulas", "lrdsl/formulas")),
    "formulas": (("lrdsl/formulas/*.py",), ("tests/formulas", "lrdsl/formulas")),
    "targets": (
        ("lrdsl/targets/*.py",),
        (
            "tests/targets",
            "lrdsl/targets",
            "tests/check/test_keys.py",
            "tests/check/test_files.py",
            "tests/runtime/test_targets.py",
            "tests/runtime/test_families.py",
        ),
    ),
    "schedule": (
        ("lrdsl/schedule/*.py",),
        (
            "lrdsl/schedule",
            "tests/check/test_files.py",
            "tests/check/test_keys.py",
            "tests/check/test_limits.py",
            "tests/formulas/test_text.py",
            "tests/frameworks/test_pydantic.py",
            "tests/test_arguments.py",
            "tests/analysis/test_comparison.py",
            "tests/runtime/test_unchanged.py",
            _LAWS[0],
        ),
    ),
    "documents": (
        ("lrdsl/documents/*.py",),
        (
            "tests/documents",
            "lrdsl/documents",
            *(f"tests/linting/hosts/test_{name}.py" for name in ("configs", "json", "notebook", "python", "tolerant", "unreadable", "yaml")),
        ),
    ),
    "files": (
        ("lrdsl/files/*.py", "lrdsl/escaping/*.py"),
        ("tests/files", "lrdsl/files", "lrdsl/escaping", "tests/check/test_files.py", "tests/cli/test_terminal.py", "tests/cli/test_untrusted.py"),
    ),
    "analysis": (("lrdsl/analysis/*.py", "lrdsl/analysis/proof/*.py"), ("tests/analysis", "lrdsl/analysis", "tests/cli/test_analysis.py")),
    "dialects": (("lrdsl/dialects/*.py", "lrdsl/dialects/*/*.py"), ("tests/dialects", "lrdsl/dialects", "tests/cli/test_convert.py")),
    "training": (("lrdsl/training/*.py",), ("tests/training", "lrdsl/training")),
    "editor": (("lrdsl/editor/*.py",), ("tests/editor", "lrdsl/editor")),
    "figures": (("lrdsl/figures/*.py",), ("tests/figures", "lrdsl/figures")),
    "play": (("lrdsl/play/*.py",), ("tests/play", "lrdsl/play")),
    "cli": (("lrdsl/cli/*.py",), ("tests/cli", "lrdsl/cli")),
}
_LIBRARIES = ("coverage", "numpy", "sympy", "hypothesis.strategies", "hypothesis.extra.numpy", "lark", "yaml", "pytest", "torch")
#: A drawn test draws this many examples; a mutant may take so many bytes, and so many seconds of processor time beside those that its tests take.
_EXAMPLES, _MEMORY, _SECONDS = 15, 6 << 30, 15
#: A test that takes more seconds on the sound source hangs, and so does a mutant that takes so many times its processor time by the clock on the wall.
_PATIENCE, _WAITS = 60, 2

#: What the sound source shows: how long each test takes, and which come to each line of each module.
Known: TypeAlias = "tuple[dict[str, float], dict[str, dict[int, list[str]]]]"


class Faulty(importlib.machinery.SourceFileLoader):
    """Loads a mutant in place of its module."""

    def __init__(self, fault: Mutant) -> None:
        super().__init__(module_name(fault.path), str(fault.path))
        self.fault = fault

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> importlib.machinery.ModuleSpec | None:
        package = self.fault.path.stem == "__init__"
        return importlib.util.spec_from_loader(name, self, is_package=package) if name == self.name else None

    def get_code(self, _fullname: str) -> CodeType:
        return code_of(self.fault.tree, self.fault.path)


class Chosen:
    """A plugin of pytest: all tests draw few examples, and those of an order alone run, on a mutant that is put in place of its module."""

    def __init__(self, order: list[str] | None = None, fault: Mutant | None = None) -> None:
        self.order, self.fault = order, fault

    def pytest_sessionstart(self) -> None:
        if self.fault is not None:  # before the finder of pytest itself, which rewrites assertions
            sys.meta_path.insert(0, Faulty(self.fault))

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        from hypothesis import Phase, settings

        for item in items:
            drawn = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
            if drawn is not None:  # nobody reads what a failing example is made smaller to
                few = settings(drawn, max_examples=min(_EXAMPLES, drawn.max_examples), phases=[Phase.explicit, Phase.generate])
                item.obj._hypothesis_internal_use_settings = few
        if self.order is not None:
            items[:] = ordered(items, self.order)


class Learning(Chosen):
    """A plugin of pytest: runs all tests on the sound source, and then on each mutant whose code can be swapped.

    `report` takes what it learned, or has it; `result` takes that, and the fate of each of these mutants, which `say` says too.
    """

    def __init__(self, mutants: list[Mutant], budget: float, report: Path, result: Path, say: Callable[[str], None]) -> None:
        super().__init__()
        self.mutants, self.budget, self.report, self.result, self.say = mutants, budget, report, result, say
        self.coverage: Any = None
        self.seconds: dict[str, float] = {}

    def pytest_runtestloop(self, session: Any) -> bool:
        import pytest
        from _pytest.main import pytest_runtestloop as run

        for fault in self.mutants:
            importlib.import_module(module_name(fault.path))
        if not self.report.stat().st_size and not self.learn(session):
            return True
        known: Known = pickle.loads(self.report.read_bytes())
        gc.unfreeze()  # `tests/conftest.py` froze them, and what is frozen is not listed
        functions: dict[CodeType, list[FunctionType]] = {}
        for function in gc.get_objects():
            if type(function) is FunctionType and function.__code__.co_filename.startswith(f"{ROOT}/lrdsl"):
                functions.setdefault(function.__code__, []).append(function)
        gc.freeze()  # so that a fork copies less
        fates: dict[int, str] = {}
        items = list(session.items)
        for number, fault in enumerate(self.mutants):
            changed = {old: new for old, new in changes(fault) if old in functions}
            if not changed or not reaching(fault, known) or any(len(old.co_freevars) != len(new.co_freevars) for old, new in changed.items()):
                continue  # the module is replaced: a function cannot take fewer variables from around it than it has
            order = tests_of(fault, known, self.budget)
            child = forked()
            if not child:
                try:
                    bounded(order, known)
                    for old, new in changed.items():
                        for function in functions[old]:
                            function.__code__ = new
                    session.items = ordered(items, order)
                    run(session)
                except (pytest.Session.Failed, pytest.Session.Interrupted):
                    os._exit(1)
                finally:
                    os._exit(int(session.testsfailed > 0))
            fates[number] = "killed" if os.waitpid(child, 0)[1] else "lived"
            self.say(told(fault, fates[number]))
        self.result.write_bytes(pickle.dumps((known, fates)))
        return True

    def learn(self, session: Any) -> bool:
        """Run all tests on the sound source in a fork, again without a test that hangs there; whether the others pass."""
        from _pytest.main import pytest_runtestloop as run

        while True:
            child = forked()
            if not child:
                import coverage

                self.coverage = coverage.Coverage(data_file=None, include=[f"{ROOT}/lrdsl/*"])
                self.coverage.start()
                run(session)
                signal.alarm(0)
                self.coverage.stop()
                data = self.coverage.get_data()
                self.report.write_bytes(pickle.dumps((self.seconds, {name: data.contexts_by_lineno(name) for name in data.measured_files()})))
                os._exit(0)
            status = os.waitpid(child, 0)[1]
            running = self.result.read_text("utf-8").partition("[")[0]
            self.result.write_bytes(b"")
            if not status or not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGALRM:
                return not status
            self.say(f"{running} hangs on the sound source, and is left out\n")
            session.items = [item for item in session.items if item.nodeid.partition("[")[0] != running]

    def pytest_runtest_setup(self, item: Any) -> None:
        if self.coverage is not None:
            self.result.write_text(item.nodeid, "utf-8")
            waits(_PATIENCE)
            self.coverage.switch_context(item.nodeid)
            self.seconds[item.nodeid] = -time.process_time()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if self.coverage is not None and report.failed:
            self.say(f"{report.nodeid} fails on the sound source\n")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if self.coverage is not None:
            self.seconds[nodeid] = self.seconds.get(nodeid, -time.process_time()) + time.process_time()


def forked() -> int:
    """Fork. JAX warns that its threads are not there in the new process, and pytest makes errors of warnings; at that time it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return os.fork()


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def code_of(tree: ast.Module, path: Path) -> CodeType:
    code: CodeType = compile(tree, path, "exec", dont_inherit=True)
    return code


def changes(fault: Mutant) -> list[tuple[CodeType, CodeType]]:
    """The code of each function that has the fault in it, without and with it."""

    def pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
        if old != new:
            yield old, new
            inner = [[part for part in code.co_consts if isinstance(part, CodeType)] for code in (old, new)]
            if len(inner[0]) == len(inner[1]):
                for one, other in zip(*inner, strict=True):
                    yield from pairs(one, other)

    return list(pairs(code_of(ast.parse(fault.path.read_text("utf-8")), fault.path), code_of(fault.tree, fault.path)))


def ordered(items: list[Any], order: list[str]) -> list[Any]:
    rank = {name: i for i, name in enumerate(order)}
    return sorted((item for item in items if item.nodeid in rank), key=lambda item: rank[item.nodeid])


def reaching(fault: Mutant, known: Known) -> set[str]:
    """The tests that come to the line of a mutant."""
    lines = known[1].get(str(fault.path), {})
    return {test for line in fault.lines for test in lines.get(line, ()) if test}


def tests_of(fault: Mutant, known: Known, budget: float) -> list[str]:
    """The tests that come to the line of a mutant, as many as the budget of seconds allows; all tests, where it runs as modules are imported, or not at all.

    The quick ones go first, but one case of each test before the next case of any.
    """
    seconds = known[0]
    quick = sorted(reaching(fault, known) or seconds, key=lambda test: seconds.get(test, 0.0))
    cases = Counter[str]()
    turn = {}
    for test in quick:
        turn[test] = cases[test.partition("[")[0]]
        cases[test.partition("[")[0]] += 1
    order = sorted(quick, key=lambda test: (turn[test], seconds.get(test, 0.0)))
    used = 0.0
    for i, test in enumerate(order):
        used += seconds.get(test, 0.0)
        if used > budget:
            return order[: i + 1]
    return order


def bounded(order: list[str], known: Known) -> None:
    """Limit this process to what its tests may take."""
    most = int(3 * sum(known[0].get(test, 0) for test in order)) + _SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    waits(_WAITS * most)


def waits(seconds: int) -> None:
    """Let the clock on the wall kill this process after so many seconds. No code of Python runs then: what hangs would not come to it."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)


def ran(paths: list[str], plugin: Chosen) -> int:
    """The exit status of the tests, in this process, which says nothing."""
    import pytest

    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    options = ["-x", "-q", "--tb=no", "-o", "addopts=", "--doctest-modules", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin"]
    return int(pytest.main([*options, *paths], [plugin]))


def learned(paths: list[str], mutants: list[Mutant], budget: float, report: Path | None, say: Callable[[str], None]) -> tuple[Known, dict[int, str]]:
    """What the tests do on the sound source, and the fate of each mutant whose code can be swapped."""
    with tempfile.NamedTemporaryFile() as file, tempfile.NamedTemporaryFile() as result:
        report = report or Path(file.name)
        report.touch()
        child = forked()
        if not child:
            os._exit(ran(paths, Learning(mutants, budget, report, Path(result.name), say)))
        os.waitpid(child, 0)
        try:
            known, fates = pickle.loads(Path(result.name).read_bytes())
        except EOFError:
            raise SystemExit("the tests fail on the sound source") from None
        return known, fates


def fate(fault: Mutant, known: Known, budget: float) -> str:
    """What comes of a mutant that is put in place of its module."""
    order = tests_of(fault, known, budget)
    child = forked()
    if not child:
        bounded(order, known)
        try:
            os._exit(ran(sorted({test.partition("::")[0] for test in order}), Chosen(order, fault)))
        finally:
            os._exit(1)
    return "killed" if os.waitpid(child, 0)[1] else "lived"


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", choices=ROOMS, required=True, nargs="+")
    parser.add_argument("--count", type=int, default=[100], nargs="+", help="how many mutants of each room, or of all rooms alike")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", type=Path, help="a file that keeps what the tests do on the sound source, from one call to the next")
    parser.add_argument("--again", type=Path, help="the output of an earlier call: of these mutants, only those that lived are made")
    parser.add_argument("--tests", nargs="+", help="the tests that run, in the place of those of the rooms")
    parser.add_argument("--budget", type=float, default=60, help="the most seconds of tests for a mutant")
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ.update(CI="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", OMP_NUM_THREADS="1")
    for name in _LIBRARIES:
        importlib.import_module(name)
    mutants = {fault: room for room, count in zip(options.room, cycle(options.count), strict=False) for fault in sample(room, count, options.seed)}
    if options.again is not None:
        lived = options.again.read_text("utf-8")
        mutants = {fault: room for fault, room in mutants.items() if fault.diff and f"{fault.diff}\n\n" in lived}
    ends = {room: Counter[str]() for room in options.room}
    out = os.dup(1)

    def say(words: str) -> None:
        os.write(out, words.encode())

    tests = options.tests or sorted({path for room in options.room for path in ROOMS[room][1]})
    known, swapped = learned(tests, list(mutants), options.budget, options.known, say)
    for number, (fault, room) in enumerate(mutants.items()):
        end = swapped.get(number)
        if end is None:
            say(told(fault, end := fate(fault, known, options.budget)))
        ends[room][end] += 1
    for room, counts in ends.items():
        print(f"{room}: {counts.total()} mutants, {', '.join(f'{count} {end}' for end, count in sorted(counts.items()))}")


def told(fault: Mutant, end: str) -> str:
    """The place of a mutant and what comes of it; of one that lives, the fault too."""
    return f"{fault.path.relative_to(ROOT)}:{fault.lines[0]}: {end}\n" + (f"{fault.diff}\n\n" if end != "killed" else "")


def sample(room: str, count: int, seed: int) -> list[Mutant]:
    """Mutants of a room, drawn evenly from all that there are."""
    numbers = [number for pattern in ROOMS[room][0] for path in sorted(ROOT.glob(pattern)) for number in faults(path)]
    random.Random(seed).shuffle(numbers)
    return list(islice((fault for number in numbers if (fault := mutant(*number)).diff), count))


if __name__ == "__main__":
    main()

"""Makes random mutants of a room, runs the tests of the room on each, and shows those that no test noticed.

    python -m tests.mutation --room check --count 200 --seed 0

A mutant is a module with one fault (see `changes`), which is put in place of the module as it is imported: no file is written. First the tests of the room run
once on the sound source, to see which of them come to which line, and how long each takes. A mutant then gets a process of its own, a fork of one that has
imported the libraries. It runs the tests that come to its line, the quick ones first, up to the first that fails; the clock kills one that takes much more
processor time than the sound source. Drawn tests draw the same examples each time, and few of them: what they find by luck is no check.

What lives is printed as a diff, to be judged by hand: it changes nothing that can be seen, or a test of behaviour is missing.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import os
import pickle
import random
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import CodeType
from typing import Any, TypeAlias

from tests.mutation.changes import Mutant, faults, mutant

ROOT = Path(__file__).parents[2]
_LAWS = ("tests/properties/test_laws.py", "tests/properties/test_agreement.py")
#: The rooms: their modules, and the tests that belong to them.
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "check": (
        ("lrdsl/check/*.py",),
        (
            "tests/check",
            "tests/rules/test_rules.py",
            "tests/test_diagnostics.py",
            "tests/formulas/test_sentence.py",
            "tests/formulas/typeset/test_symbolic.py",
            "tests/test_work.py",
            _LAWS[0],
        ),
    ),
    "plan": (("lrdsl/plan.py",), ("tests/test_plan.py", "lrdsl/plan.py", "tests/check", "tests/numbers", "tests/runtime/test_metrics.py")),
    "clock": (("lrdsl/clock.py",), ("tests/test_clock.py", "lrdsl/clock.py", "tests/formulas/test_text.py")),
    "numbers": (("lrdsl/numbers/*.py",), ("tests/numbers", "tests/check/test_kinds.py", "tests/check/test_cycles.py", "tests/test_jax.py", *_LAWS)),
    "expr": (
        ("lrdsl/expr/*.py",),
        ("tests/expr", "lrdsl/expr", "tests/check", "tests/numbers", "tests/formulas/test_text.py", "tests/formulas/test_papers.py", _LAWS[0]),
    ),
    "scheduler": (
        ("lrdsl/runtime/scheduler.py",),
        (
            "tests/runtime/test_scheduler.py",
            "tests/runtime/test_metrics.py",
            "tests/runtime/test_replan.py",
            "tests/runtime/test_targets.py",
            "tests/runtime/test_unchanged.py",
            "lrdsl/runtime/scheduler.py",
        ),
    ),
    "rules": (("lrdsl/rules/*.py",), ("tests/rules/test_rules.py", "tests/linting/test_fixes.py")),
    "notation": (("lrdsl/formulas/notation/*.py",), ("tests/formulas", "tests/test_readme.py")),
}
_LIBRARIES = ("numpy", "sympy", "hypothesis.strategies", "hypothesis.extra.numpy", "lark", "yaml", "pytest", "torch")
#: A drawn test draws this many examples; a mutant may take so many bytes, and so many seconds of processor time beside those that its tests take.
_EXAMPLES, _MEMORY, _SECONDS = 15, 6 << 30, 15


#: What the sound source shows: how long each test takes, and which come to each line of each module; "" stands for its import.
Known: TypeAlias = "tuple[dict[str, float], dict[str, dict[int, list[str]]]]"


class Faulty(importlib.machinery.SourceFileLoader):
    """Loads a mutant in place of its module."""

    def __init__(self, fault: Mutant) -> None:
        super().__init__(".".join(fault.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), str(fault.path))
        self.fault = fault

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> importlib.machinery.ModuleSpec | None:
        package = self.fault.path.stem == "__init__"
        return importlib.util.spec_from_loader(name, self, is_package=package) if name == self.name else None

    def get_code(self, _fullname: str) -> CodeType:
        code: CodeType = compile(self.fault.tree, self.path, "exec", dont_inherit=True)
        return code


class Chosen:
    """A plugin of pytest: runs the tests of an order on a mutant; without one, all tests, and notes how long they take and, by `coverage`, where they come."""

    def __init__(self, order: list[str] | None = None, fault: Mutant | None = None, coverage: Any = None) -> None:
        self.order, self.fault, self.coverage = order, fault, coverage
        self.seconds: dict[str, float] = {}

    def pytest_sessionstart(self) -> None:
        if self.fault is not None:  # before the finder of pytest itself, which rewrites assertions
            sys.meta_path.insert(0, Faulty(self.fault))

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        from hypothesis import Phase, settings

        if self.order is not None:
            rank = {name: i for i, name in enumerate(self.order)}
            items[:] = sorted((item for item in items if item.nodeid in rank), key=lambda item: rank[item.nodeid])
        for item in items:
            drawn = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
            if drawn is not None:  # nobody reads what a failing example is made smaller to
                few = settings(drawn, max_examples=min(_EXAMPLES, drawn.max_examples), phases=[Phase.explicit, Phase.generate])
                item.obj._hypothesis_internal_use_settings = few

    def pytest_runtest_setup(self, item: Any) -> None:
        if self.coverage is not None:
            self.coverage.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


def ran(paths: list[str], plugin: Chosen) -> int:
    """The exit status of the tests, in this process, which says nothing."""
    import pytest

    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    options = ["-x", "-q", "--tb=no", "-o", "addopts=", "--doctest-modules", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin"]
    return int(pytest.main([*options, *paths], [plugin]))


def learned(paths: list[str]) -> Known:
    """What the tests do on the sound source."""
    with tempfile.NamedTemporaryFile() as file:
        child = os.fork()
        if not child:
            import coverage

            measure = coverage.Coverage(data_file=None, include=[f"{ROOT}/lrdsl/*"])
            measure.start()
            plugin = Chosen(coverage=measure)
            status = ran(paths, plugin)
            measure.stop()
            data = measure.get_data()
            Path(file.name).write_bytes(pickle.dumps((plugin.seconds, {name: data.contexts_by_lineno(name) for name in data.measured_files()})))
            os._exit(status)
        if os.waitpid(child, 0)[1]:
            raise SystemExit("the tests fail on the sound source")
        known: Known = pickle.loads(Path(file.name).read_bytes())
        return known


def fate(fault: Mutant, known: Known) -> str:
    """What came of a mutant: of the tests that come to its line, the quick ones first; of all in the room, where it runs at import alone."""
    seconds, tests = known
    reached = {test for line in fault.lines for test in tests.get(str(fault.path), {}).get(line, ())}
    order = sorted(seconds if reached == {""} else reached - {""}, key=lambda test: seconds.get(test, 0.0))
    if not order:
        return "lived, and no test comes there"
    child = os.fork()
    if not child:
        most = int(3 * sum(seconds.get(test, 0) for test in order)) + _SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        try:
            os._exit(ran(sorted({test.partition("::")[0] for test in order}), Chosen(order, fault)))
        finally:
            os._exit(1)
    return "killed" if os.waitpid(child, 0)[1] else "lived"


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", choices=ROOMS, required=True)
    parser.add_argument("--count", type=int, default=100, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.chdir(ROOT)
    os.environ.update(CI="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", OMP_NUM_THREADS="1")
    for name in _LIBRARIES:
        importlib.import_module(name)
    modules, paths = ROOMS[options.room]
    numbers = [number for pattern in modules for path in sorted(ROOT.glob(pattern)) for number in faults(path)]
    numbers = random.Random(options.seed).sample(numbers, min(options.count, len(numbers)))
    known, fates = learned(list(paths)), Counter[str]()
    for number in numbers:
        fault = mutant(*number)
        end = fate(fault, known)
        fates[end] += 1
        if end != "killed":
            print(f"{fault.path.relative_to(ROOT)}:{fault.lines[0]}: {end}\n{fault.diff}\n", flush=True)
    print(f"{options.room}: {len(numbers)} mutants, {', '.join(f'{count} {end}' for end, count in sorted(fates.items()))}")


if __name__ == "__main__":
    main()

"""Files of definitions alone, which other files use: whether a file is one, and the problems of its definitions, which no target shows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from lrdsl.arguments import ENDING
from lrdsl.diagnostics import Diagnostic, ScheduleError
from lrdsl.files.opening import RefusedError, read_text
from lrdsl.syntax import nodes
from lrdsl.syntax import parse as parse_tree

_USE = re.compile(r'^[ \t]*use[ \t]*"([^"\n]+)"', re.MULTILINE)
#: The most schedule files of a folder that are searched for a `use`, and the most definitions that are tried.
_MOST_FILES, _MOST_DEFINITIONS = 200, 100
#: What stands for an argument, and the targets that use the value of a name. An error that comes with all of them is one of the definition.
_SAMPLES = ("10", "0.5", "hold(3)")
#: The codes of unknown shapes and parameters: whatever a definition is given, these are wrong.
_UNKNOWN = ("LR101", "LR102")
_TARGETS = ("hold({})", "hold(at={})", "{}")


def is_library(text: str, path: Path, root: Path) -> bool:
    """Whether a text without targets is a library: it has only definitions, or another schedule file of the project uses it."""
    try:
        tree = parse_tree(text)
    except ScheduleError:
        return False
    statements = tree.statements if isinstance(tree, nodes.File) else ()
    return bool(statements) and (all(isinstance(s, nodes.Binding | nodes.Function | nodes.Use) for s in statements) or _is_used(path, root))


def _is_used(path: Path, root: Path) -> bool:
    """Whether another schedule file of the project uses a file."""
    return next(users(path, root), None) is not None


def users(path: Path, root: Path) -> Iterator[Path]:
    """Yields the schedule files of a project that use a file, and those that use these: files use what lies beside or below them.

    Of a file outside of the project, the folder is looked at.
    """
    real, top = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    top = top if real.is_relative_to(top) else real.parent
    visited = {real}
    waiting = list(visited)
    while waiting:
        used = waiting.pop()
        for folder in [folder for folder in used.parents if folder.is_relative_to(top)]:
            for other in sorted(folder.glob(f"*{ENDING}"))[:_MOST_FILES]:
                if other not in visited and used in _used(other):
                    visited.add(other)
                    waiting.append(other)
                    yield other


def user_of(word: str, path: Path, root: Path) -> Path | None:
    """The first schedule file of a project that uses a file, and has a word; None if there is none."""
    return next((user for user in users(path, root) if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", _text(user)) is not None), None)


def _used(path: Path) -> list[Path]:
    try:
        return [Path(os.path.realpath(path.parent / use[1])) for use in _USE.finditer(_text(path))]
    except (OSError, ValueError):  # a name that is no path
        return []


def _text(path: Path) -> str:
    """The text of a file; "" for one that cannot be read."""
    try:
        return read_text(path)
    except (OSError, ValueError, RefusedError, ScheduleError):
        return ""


def problems_of_definitions(text: str, look: Callable[[str], list[Diagnostic]]) -> list[Diagnostic]:
    """Returns the errors of a library's definitions, whatever they are given. `look` gives the problems of a text."""
    tree = parse_tree(text)
    problems: list[Diagnostic] = []
    for s in (tree.statements if isinstance(tree, nodes.File) else ())[:_MOST_DEFINITIONS]:
        if isinstance(s, nodes.Function):
            needed = [p for p in s.parameters if p.default is None]
            trials = [f"{s.name}({', '.join(sample for _ in needed)})" for sample in _SAMPLES]
        elif isinstance(s, nodes.Binding):
            trials = [target.format(s.name) for target in _TARGETS]
        else:
            continue
        outcomes = [[d for d in look(f"{text}\nlr = {trial}\n") if d.severity == "error" and d.span.end.offset <= len(text)] for trial in trials]
        for d in (d for errors in outcomes for d in errors):
            lasts = all(any(other.span.start == d.span.start for other in errors) for errors in outcomes)
            if (d.code in _UNKNOWN or lasts) and d not in problems:
                problems.append(d)
    return problems

"""lrdsl: learning-rate schedules as one line of text.

    step(3, 0.1) then cosine(20)

`parse` checks a text and gives a `Schedule`: numbers, a formula, LaTeX. `compile` attaches it to an optimizer and gives a running scheduler. Names are loaded
when they are first used, so that `import lrdsl` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrdsl.analysis.comparison import Difference, compare
    from lrdsl.analysis.merit import Analysis, analyze
    from lrdsl.analysis.plotting import plot
    from lrdsl.clock import Clock
    from lrdsl.diagnostics import Diagnostic, ScheduleError
    from lrdsl.linting.linter import lint
    from lrdsl.reading import load
    from lrdsl.runtime import compile
    from lrdsl.runtime.scheduler import Scheduler
    from lrdsl.schedule import Schedule, parse
    from lrdsl.syntax.formatter import format

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "Clock",
    "Diagnostic",
    "Difference",
    "Schedule",
    "ScheduleError",
    "Scheduler",
    "analyze",
    "compare",
    "compile",
    "format",
    "lint",
    "load",
    "parse",
    "plot",
]

_HOME = {
    "Analysis": "lrdsl.analysis.merit",
    "Clock": "lrdsl.clock",
    "Difference": "lrdsl.analysis.comparison",
    "analyze": "lrdsl.analysis.merit",
    "compare": "lrdsl.analysis.comparison",
    "Diagnostic": "lrdsl.diagnostics",
    "Schedule": "lrdsl.schedule",
    "ScheduleError": "lrdsl.diagnostics",
    "Scheduler": "lrdsl.runtime.scheduler",
    "compile": "lrdsl.runtime",
    "format": "lrdsl.syntax.formatter",
    "lint": "lrdsl.linting.linter",
    "load": "lrdsl.reading",
    "parse": "lrdsl.schedule",
    "plot": "lrdsl.analysis.plotting",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        found = globals()[name] = getattr(import_module(_HOME[name]), name)
        return found
    raise AttributeError(f"module 'lrdsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})

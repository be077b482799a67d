"""lrdsl: learning-rate schedules as one line of text.

    step(3, 0.1) then cosine(20)

`parse` checks a text and returns a `Schedule`, which gives levels, a formula and LaTeX. `compile` attaches a schedule to an optimizer and returns a running
scheduler. Each public name is imported when it is first used, so that `import lrdsl` takes little time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrdsl.analysis.comparison import Difference, compare
    from lrdsl.analysis.merit import Analysis, analyze
    from lrdsl.analysis.plotting import plot
    from lrdsl.clock import Clock
    from lrdsl.diagnostics import Diagnostic, ScheduleError, ScheduleWarning
    from lrdsl.dialects.sources import read
    from lrdsl.linting.linter import lint
    from lrdsl.reading import load
    from lrdsl.runtime import compile
    from lrdsl.runtime.migrating import EndOfRunWarning, ResumeWarning
    from lrdsl.runtime.scheduler import Scheduler
    from lrdsl.schedule import Schedule, parse
    from lrdsl.syntax.formatter import format

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "Clock",
    "Diagnostic",
    "Difference",
    "EndOfRunWarning",
    "ResumeWarning",
    "Schedule",
    "ScheduleError",
    "ScheduleWarning",
    "Scheduler",
    "analyze",
    "compare",
    "compile",
    "format",
    "lint",
    "load",
    "parse",
    "plot",
    "read",
]

#: The module of each public name.
_MODULES = {
    "Analysis": "lrdsl.analysis.merit",
    "Clock": "lrdsl.clock",
    "Difference": "lrdsl.analysis.comparison",
    "EndOfRunWarning": "lrdsl.runtime.migrating",
    "ResumeWarning": "lrdsl.runtime.migrating",
    "analyze": "lrdsl.analysis.merit",
    "compare": "lrdsl.analysis.comparison",
    "Diagnostic": "lrdsl.diagnostics",
    "Schedule": "lrdsl.schedule",
    "ScheduleError": "lrdsl.diagnostics",
    "ScheduleWarning": "lrdsl.diagnostics",
    "Scheduler": "lrdsl.runtime.scheduler",
    "compile": "lrdsl.runtime",
    "format": "lrdsl.syntax.formatter",
    "lint": "lrdsl.linting.linter",
    "load": "lrdsl.reading",
    "parse": "lrdsl.schedule",
    "plot": "lrdsl.analysis.plotting",
    "read": "lrdsl.dialects.sources",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value
    raise AttributeError(f"module 'lrdsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})

"""Writes `grammar/api.md` from the docstrings of the public names, and tests that it is up to date: `python -m tests.test_api_page`."""

from __future__ import annotations

import inspect
import os
import re
import textwrap
from importlib import import_module
from typing import Any

import lrdsl
from tests.pages import ROOT

PAGE = ROOT / "grammar" / "api.md"
HEAD = """# The Python names

Everything that `import lrdsl` gives, and the modules for frameworks. It is written from the docstrings by `python -m tests.test_api_page`; the examples run.
`lrdsl.parse` and `lrdsl.compile` are the two that most programs need. The options of `parse`, which others take too, are the facts of the run:
`steps_per_epoch`, `total_steps`, `total_epochs`, `batch_size`, `tokens_per_step`, `ticks_per_step`, `tick` ("step" or "epoch"), and `names`, numbers or lists for names
of the text. `lrdsl docs api` shows this page, `help(lrdsl.parse)` one entry.
"""
#: The public names, in the order of the page: what is done first comes first.
ORDER = ("parse", "load", "compile", "Schedule", "Scheduler", "read", "lint", "format", "compare", "analyze", "plot", "Analysis", "Difference", "Clock")
ORDER += ("Diagnostic", "ScheduleError", "ScheduleWarning", "ResumeWarning", "EndOfRunWarning")
#: The modules for frameworks, and what is public in each.
DOORS = {
    "lrdsl.torch": ("LRScheduler", "schedule"),
    "lrdsl.transformers": ("ReportMetrics", "set_schedule"),
    "lrdsl.lightning": ("ReportMetrics",),
    "lrdsl.jax": ("schedule",),
    "lrdsl.keras": ("Schedule",),
}
#: The classes whose objects other functions make, and the methods that rooms of lrdsl use among themselves.
MADE = ("Schedule", "Scheduler", "Analysis", "Difference", "Clock", "Diagnostic", "ScheduleError", "ScheduleWarning", "ResumeWarning", "EndOfRunWarning")
INNER = {"replanned_often", "with_tree", "after", "catching", "plan_of", "main", "plan", "readable_plan", "evaluator_of", "checked_base", "base_of", "replans"}
MATH = re.compile(r":math:`([^`]*)`")


def signature(thing: Any) -> str:
    """Returns the parameters of a function, without types: the text of the docstring says what they are."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values() if p.name not in ("self", "cls")]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def prose(docstring: str | None) -> str:
    """Returns a docstring as Markdown: its examples in blocks, its formulas between dollars."""
    lines = MATH.sub(r"$\1$", inspect.cleandoc(docstring or "")).split("\n")
    out: list[str] = []
    inside = False
    for line in lines:
        if not inside and line.startswith(">>>"):
            out += ["```python", line]
            inside = True
        elif inside and not line.strip():
            out += ["```", line]
            inside = False
        else:
            out.append(line)
    return "\n".join([*out, "```"] if inside else out)


def own(kind: type) -> list[tuple[str, Any]]:
    """Returns the public methods and properties of a class that are its own, each with a docstring, in the order of the source."""
    members = [(name, member) for one in reversed(kind.__mro__) if one.__module__.startswith("lrdsl") for name, member in vars(one).items()]
    return [
        (name, member)
        for name, member in dict(members).items()
        if not name.startswith("_") and name not in INNER and (inspect.getdoc(member) or "") and described(member)
    ]


def described(member: Any) -> bool:
    return isinstance(member, property | classmethod | staticmethod) or inspect.isfunction(member) or type(member).__name__ == "cached_property"


def entry(name: str, thing: Any, level: int) -> str:
    called = thing.__func__ if isinstance(thing, classmethod | staticmethod) else thing
    bare = isinstance(thing, property) or not callable(called) or name.removeprefix("lrdsl.") in MADE
    parameters = "" if bare else signature(called)
    return f"{'#' * level} `{name}{parameters}`\n\n{prose(getattr(called, '__doc__', ''))}\n"


def page() -> str:
    parts = [HEAD]
    for name in ORDER:
        thing = getattr(lrdsl, name)
        parts.append(entry(f"lrdsl.{name}", thing, 2))
        if name in ("Schedule", "Scheduler"):
            parts += [entry(f"{name.lower()}.{member}", value, 3) for member, value in own(thing)]
    for module, names in DOORS.items():
        parts += [entry(f"{module}.{name}", getattr(import_module(module), name), 2) for name in names]
    return textwrap.dedent("\n".join(parts))


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.test_api_page`"


def test_every_public_name_is_on_the_page() -> None:
    assert set(ORDER) == set(lrdsl.__all__)
    for module, names in DOORS.items():
        assert set(getattr(import_module(module), "__all__", names)) == set(names)
    assert len(PAGE.read_text("utf-8").splitlines()) < 700


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "torch")
    PAGE.write_text(page(), "utf-8")

"""Lists which schedulers of other libraries are read, and which are written: the tables of `lrdsl dialects` and of the page `coming-from`."""

from __future__ import annotations

import re

import attrs

from lrdsl.arguments import one_of
from lrdsl.dialects import ALL, DIALECTS, dialect
from lrdsl.dialects.entry import Dialect
from lrdsl.dialects.systems import systems
from lrdsl.dialects.writing import WRITERS

#: The languages that schedules are written in, beside the libraries.
_LANGUAGES = {"numpy": "NumPy", "python": "Python"}


def libraries() -> list[dict[str, str]]:
    """Returns a row for each library: how it is read, and whether it is written."""
    rows = []
    for name in ALL:
        layouts = dialect(name).layouts
        in_code = name in DIALECTS or any(layout.calls for layout in layouts)
        read = {"objects": dialect(name).objects, "code": in_code, "configs": any(layout.formats for layout in layouts)}
        ways = [way for way, is_read in read.items() if is_read]
        rows.append(
            {
                "name": name,
                "library": dialect(name).title,
                "read": ", ".join(ways),
                "written": "yes" if name in WRITERS else "",
                "schedulers": str(len(dialect(name).entries) + len(dialect(name).kinds)),
            }
        )
    rows += [{"name": name, "library": _LANGUAGES[name], "read": "", "written": "yes", "schedulers": ""} for name in WRITERS if name not in ALL]
    return rows


def entries(name: str) -> list[dict[str, str]]:
    """Returns a row for each scheduler of a library: its text, or why it has none, and how it is written. Raises `ScheduleError` for an unknown library."""
    one_of("dialect", name, ALL)
    library = dialect(name)
    rows = [
        {
            "scheduler": entry.call,
            "text": entry.text or ("" if entry.reason else "by its arguments"),
            "written": _written(library, entry.name) if entry.forms else "no",
            "note": entry.note or entry.reason,
        }
        for entry in library.entries
    ]
    for kind in library.kinds:
        rows.append({"scheduler": kind.name, "text": kind.text, "written": _written(library, kind.name) if kind.text else "no", "note": kind.reason})
    return rows


def _written(library: Dialect, name: str) -> str:
    """How a scheduler is written: as itself, as a function, or why not."""
    if library.name not in WRITERS:
        return "no: its settings have no writer; `--to python` has a function"
    return library.unwritten.get(name, library.unwritten.get("", "yes"))


#: A formula of the step, where the other library has none: `scale(f)` stands for a function.
_FORMULA = re.compile(r"\b(scale|cumprod)\((?!f\))")


@attrs.frozen
class Scheduler:
    """A scheduler of a system: its name there, and its line of text, "" if it has none; `is_natural` says whether that names phases, and is no formula."""

    system: str
    name: str
    line: str
    is_natural: bool


def schedulers() -> list[Scheduler]:
    """Returns every scheduler that has a row in the tables, each once: those of the dialects, then those of systems that are not read."""
    rows = []
    for name in ALL:
        library = dialect(name)
        for entry in library.entries:
            line = entry.text or ("" if entry.reason else "by its arguments")
            rows.append(Scheduler(entry.system or library.title, entry.name, line, bool(line) and not _FORMULA.search(line)))
        rows += [Scheduler(library.title, kind.name, kind.text, bool(kind.text)) for kind in library.kinds]
    return rows + [Scheduler(system.title, line.scheduler, line.text and line.written, line.is_natural) for system in systems() for line in system.lines]


def page() -> str:
    """Returns the page `coming-from`: for each library, how it counts, and the text of each of its schedulers."""
    parts = [_HEAD]
    for name in ALL:
        library = dialect(name)
        ways = next(row["read"] for row in libraries() if row["name"] == name)
        parts.append(f"\n## {library.title}\n\n{library.counting}{' ' if library.counting else ''}Read from {ways}: `--from {name}`.")
        rows = entries(name)
        if rows:
            parts.append("\n| there | here | written | |\n| --- | --- | --- | --- |")
            parts.extend(f"| `{row['scheduler']}` | {_cell(row['text'])} | {row['written']} | {row['note']} |" for row in rows)
    parts.append(_FURTHER)
    for system in systems():
        parts.append(f"\n### {system.title}\n\n{system.counting} From `{system.where}`.\n\n| there | here | |\n| --- | --- | --- |")
        parts.extend(f"| `{line.scheduler}` | {_cell(line.text and line.written)} | {line.note} |" for line in system.lines)
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return f"`{text}`" if text and text != "by its arguments" else text or "no text"


_HEAD = """# Coming from another library

`lrdsl convert` shows the schedules in your code, notebooks and configs as text, and `lrdsl convert --write` puts lrdsl in their place. `lrdsl.read` takes a
live scheduler, a call, or a config. This page has what each library's scheduler comes to, with the names of the library's own parameters. It is written from
the tables in `lrdsl/dialects/` by
`python -m tests.dialects.test_overview`."""
_FURTHER = """
## Systems that are not read

Nothing reads the code or the configs of these systems. Write their schedules by hand: each line is exact at every tick of the run, with the arguments of the
system in the place of their names."""

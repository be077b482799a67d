"""What is read and written of each other library: the tables of `lrdsl dialects` and of the page `coming-from`."""

from __future__ import annotations

from lrdsl.arguments import one_of
from lrdsl.dialects import ALL, DIALECTS, dialect
from lrdsl.dialects.entry import Dialect
from lrdsl.dialects.writing import WRITERS

#: What is written that is no library of schedules.
_LANGUAGES = {"numpy": "NumPy", "python": "Python"}


def libraries() -> list[dict[str, str]]:
    """Returns a row for each library: how it is read, and whether it is written."""
    rows = []
    for name in ALL:
        read = {"objects": dialect(name).objects, "code": name in DIALECTS, "configs": bool(dialect(name).layouts)}
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
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return f"`{text}`" if text and text != "by its arguments" else text or "no text"


_HEAD = """# Coming from another library

`lrdsl convert` shows the schedules in your code, notebooks and configs as text, and `lrdsl convert --write` puts lrdsl in their place. `lrdsl.read` takes a
live scheduler, a call, or a config. This page has what each library's scheduler comes to, with the names of the library's own parameters. It is written from
the tables in `lrdsl/dialects/` by
`python -m tests.dialects.test_overview`."""

"""Tests that the example notebook runs and gives the outputs it holds. `python -m tests.test_notebook` runs it and saves its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

PAGE = Path(__file__).parents[1] / "examples" / "notebook.ipynb"
#: What is compared: pictures differ with the release of matplotlib.
_SHOWN = ("text/html", "text/latex", "text/plain", "image/svg+xml")


def executed() -> Any:
    """The notebook after a run of its own."""
    notebook = nbformat.read(PAGE, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", record_timing=False).execute()
    return notebook


def shown(notebook: Any) -> list[list[Any]]:
    """What each cell shows, without pictures."""
    cells = []
    for cell in notebook.cells:
        found: list[Any] = []
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            found.append(output.get("text") or {kind: data[kind] for kind in _SHOWN if kind in data and "image/png" not in data})
        cells.append(found)
    return cells


def test_it_shows_what_is_stored() -> None:
    notebook = executed()
    assert shown(notebook) == shown(nbformat.read(PAGE, as_version=4))
    html = [output["data"]["text/html"] for cell in notebook.cells for output in cell.get("outputs", ()) if "text/html" in output.get("data", {})]
    assert html
    for part in ("<code>", "The learning rate", "<math", "<svg"):
        assert part in html[0]
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))


if __name__ == "__main__":
    ran = executed()
    ran.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(ran, PAGE)

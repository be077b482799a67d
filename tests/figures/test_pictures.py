"""Tests that the pictures in `examples/pictures` are what their script draws now."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

PICTURES = Path(__file__).parents[2] / "examples" / "pictures"


def curves(svg: str) -> list[tuple[str, str]]:
    """The drawn lines of a picture, with their styles. The letters and the ticks of the axes come from the release of matplotlib."""
    lines = re.findall(r'<path d="([^"]*)" clip-path="[^"]*" style="([^"]*)"/>', svg)
    return [(" ".join(f"{float(x):.0f}" if x[-1:].isdigit() else x for x in line.split()), style) for line, style in lines]


def test_the_pictures_are_drawn_by_the_script(tmp_path: Path) -> None:
    runpy.run_path(str(PICTURES / "draw.py"))["draw"](tmp_path)
    drawn = {path.name: curves(path.read_text("utf-8")) for path in tmp_path.iterdir()}
    assert drawn == {path.name: curves(path.read_text("utf-8")) for path in PICTURES.glob("*.svg")}
    assert {name: len(lines) for name, lines in drawn.items()} == {"schedule.svg": 2, "schedule-dark.svg": 2, "schedules.svg": 3, "schedules-dark.svg": 3}

"""Tests that the pictures in `examples/pictures` are what their script draws now, and what the axes of pictures have room for."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import lrdsl
from lrdsl.analysis.plotting import picture_of

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


def test_a_logarithmic_axis_has_no_place_for_the_last_moments_of_a_fall() -> None:
    [panel] = picture_of(lrdsl.parse("warmup(5000) then cosine(rest)", total_steps=100_000), base=6e-4, log=True).panels
    levels = [y for _, y in panel.curves[0].points if y == y]
    assert 1e-8 < min(levels) < 1e-6  # the last tick has 4e-14
    assert panel.curves[0].points[-1][0] > 98_000
    [panel] = picture_of(lrdsl.parse("exp(0.9) for 500"), log=True).panels  # a fall that goes on all the time is drawn to its end
    assert min(y for _, y in panel.curves[0].points if y == y) == pytest.approx(0.9**500)


def test_a_figure_of_cycles_that_grow_has_a_few_of_them() -> None:
    assert picture_of(lrdsl.parse("restarts(cosine(10), stretch=2)")).end == 150

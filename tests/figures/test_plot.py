"""Tests of figures: the curve is the schedule, few points draw it, and each file has the format that its name says."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import work
from lrdsl.analysis.plotting import picture_of, plot
from lrdsl.cli import main
from lrdsl.figures.pgfplots import pgfplots
from lrdsl.figures.picture import PALETTE
from lrdsl.figures.sampling import points
from lrdsl.numbers import array
from lrdsl.plan import horizon
from tests.drawing import examples
from tests.formulas.typeset.formulas import schedules
from tests.properties import texts
from tests.test_work import phases

ALL = schedules()


def drawn_as(s: lrdsl.Schedule, target: str, base: float, end: int, log: bool = False) -> None:
    """The polyline has the levels of the ticks, as far as one sees."""
    line = points(s.plan_of(target), base, float(end), log)
    ticks = np.arange(end, dtype=float)
    levels = s.values(ticks, base, target)
    x, y = np.array(line).T
    assert (np.diff(x) >= 0).all()
    reach = max(np.ptp(y), 1e-6 * np.abs(y).max()) or 1.0
    found = _levels(x, y, ticks)
    assert np.abs(found - levels).max() <= reach / 150, (str(s), int(np.abs(found - levels).argmax()))


def _levels(x: np.ndarray, y: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """The levels of a polyline at ticks, behind the jump where there is one."""
    after = np.searchsorted(x, ticks, side="right")
    before, after = after - 1, np.minimum(after, len(x) - 1)
    share = np.where(x[before] == ticks, 0, ticks - x[before]) / np.where(after > before, x[after] - x[before], 1)
    return y[before] + (y[after] - y[before]) * share


def test_points_draw_the_schedule() -> None:
    for s, target in ALL.values():
        end = min(horizon(s.plan_of(target), None) - 1, 20_000)
        drawn_as(s, target, 0.3, end)


@examples(40)
@given(st.data())
def test_of_compositions_too(data: st.DataObject) -> None:
    drawn_as(data.draw(texts.schedules(depth=3, longest=300)), "lr", 0.3, data.draw(st.integers(5, 600)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linear(10) then hold(5)", [(0, 1), (10, 0), (15, 0)]),
        ("step(5, 0.5)", [(0, 1), (5, 1), (5, 0.5), (10, 0.5), (10, 0.25), (15, 0.25), (15, 0.125)]),
        ("restarts(linear(5))", [(0, 1), (5, 0), (5, 1), (10, 0), (10, 1), (15, 0), (15, 1)]),
    ],
)
def test_lines_and_jumps_are_drawn_with_no_point_too_many(text: str, expected: list[tuple[float, float]]) -> None:
    np.testing.assert_allclose(points(lrdsl.parse(text).plan, 1.0, 15.0), expected, atol=1e-12)


def test_a_logarithmic_axis_has_no_zero() -> None:
    line = points(lrdsl.parse("warmup(5) then linear(95)").plan, 1.0, 110.0, log=True)
    assert min(y for _, y in line) > 0
    assert len(line) > 20


def test_panels_and_curves() -> None:
    """A panel for each key; groups, and several schedules, share it; phases stand behind a lone curve."""
    file = lrdsl.parse('lr = warmup(5) then cosine(95); lr["head"] = hold; momentum = hold(at=0.9)')
    shown = picture_of(file, base=0.1)
    assert [curve.label for curve in shown.panels[0].curves] == [str(file), "group head"]
    assert [panel.name for panel in shown.panels] == ["learning rate", "momentum"]
    alone = picture_of(lrdsl.parse("warmup(5) then cosine(95)"))
    assert [(phase.text, phase.start, phase.end) for phase in alone.panels[0].phases] == [("warmup(5)", 0, 5), ("cosine(95)", 5, 100)]
    several = picture_of(lrdsl.parse("cosine(9)"), lrdsl.parse("linear(9)"), names=["one"])
    assert [curve.label for curve in several.panels[0].curves] == ["one", "linear(9)"]
    assert not several.panels[0].phases


def test_epochs_on_the_axis() -> None:
    shown = picture_of(lrdsl.parse("linear(10ep)", steps_per_epoch=100), time="epochs", ticks=1001)
    assert (shown.unit, shown.end, shown.panels[0].curves[0].points) == ("epoch", 10.0, [(0.0, 1.0), (10.0, 0.0)])


def test_a_figure() -> None:
    figure = plot(lrdsl.parse("cosine(9)"), lrdsl.parse("linear(9)"), dark=True, log=True, size=(4, 3))
    (axis,) = figure.axes
    assert axis.get_yscale() == "log"
    assert [line.get_color() for line in axis.get_lines()] == [f"#{colour}" for colour in PALETTE[:2]]
    assert tuple(figure.get_size_inches()) == (4, 3)


@pytest.mark.parametrize(("ending", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".tex", b"% \\usepackage{pgfplots}")])
def test_files(tmp_path: Path, ending: str, magic: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"lr{ending}"
    arguments = ["plot", "warmup(5) then cosine(95)", "step(30)", "-o", str(path), "--base", "0.1", "--name", "ours"]
    assert main(arguments) == 0
    first = path.read_bytes()
    assert first.startswith(magic)
    assert main(arguments) == 0
    assert path.read_bytes() == first, "the same figure is the same file"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert capsys.readouterr() == ("", "")


def test_nothing_is_half_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lr.svg"
    path.write_text("old")
    assert main(["plot", "cosin(20)", "-o", str(path)]) == 1
    assert main(["plot", "cosine(20)", "-o", str(tmp_path / "lr.gif")]) == 2
    assert main(["plot", "cosine(20)", "-o", str(tmp_path / "nowhere" / "lr.svg")]) == 2
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["lr.svg"]
    assert "LR101" in capsys.readouterr().err


def test_pgfplots_has_the_points() -> None:
    s = lrdsl.parse("step(5, 0.5) for 15")
    source = pgfplots(picture_of(s))
    assert source.count("{") == source.count("}")
    pairs = re.findall(r"\((\d[^,()]*),(\d[^()]*)\)", source.partition("coordinates")[2])
    np.testing.assert_allclose([(float(x), float(y)) for x, y in pairs], points(s.plan, 1.0, horizon(s.plan, None) - 1), atol=1e-6)


@pytest.mark.parametrize("text", ["bounce(restarts(cosine(3), times=50, stretch=1.05)) * bounce(restarts(cosine(5), times=50, stretch=1.07))", phases(300)])
def test_all_curves_are_sampled_together(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    levels = array.levels
    monkeypatch.setattr(array, "levels", lambda *given, **options: calls.append(given) or levels(*given, **options))
    s = lrdsl.parse(text)
    assert len(points(s.plan, 1.0, horizon(s.plan, None) - 1)) > 300
    assert len(calls) <= 14


def test_drawing_is_work_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    s = lrdsl.parse("restarts(cosine(10), stretch=1.1, times=60)")
    with work.limited():
        points(s.plan, 1.0, 999)
        assert work.spent() > 1000
    monkeypatch.setattr(work, "MOST", 1000)
    for draw in (s._repr_html_, lambda: picture_of(s)):
        with pytest.raises(lrdsl.ScheduleError, match="LR005"):
            draw()


@pytest.mark.parametrize(
    "text", ["restarts(linear(8/3))", "restarts(hold(2.1) then drop(0.5) then hold(1/3))", "hold(1/3) then drop(0.5) then hold(8/3) then drop(0.5)"]
)
def test_a_jump_between_ticks_is_upright(text: str) -> None:
    s = lrdsl.parse(text)
    line = points(s.plan, 1.0, 20.0)
    jumps = [(a, b) for a, b in itertools.pairwise(line) if abs(a[1] - b[1]) > 0.1 and abs(a[0] - b[0]) < 0.1]
    assert jumps
    assert all(a[0] == b[0] for a, b in jumps)

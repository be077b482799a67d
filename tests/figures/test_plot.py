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
from lrdsl.figures.matplotlib import Page, colour_of
from lrdsl.figures.pgfplots import pgfplots
from lrdsl.figures.sampling import points, sampled
from lrdsl.numbers import array
from lrdsl.plan import horizon
from tests.drawing import examples
from tests.formulas.typeset.formulas import schedules
from tests.properties import texts
from tests.test_work import phases

ALL = schedules()


def drawn_as(s: lrdsl.Schedule, target: str, base: float, end: int) -> None:
    """The polyline has the levels of the ticks, as far as one sees."""
    line = points(s.plan_of(target), base, float(end))
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
    "text",
    [
        "linear(42, to=1x, from=0) * exp(0.125)",
        "linear(4000, to=1x, from=0) * exp(0.5)",
        "hold(300) then (linear(4000, to=1x, from=0) * exp(0.2)) for 4000",
        "scale(exp(-(t - 700)^2)) for 1000",
        "scale(exp(t - 1000)) for 1000",
        "poly(1000, power=40)",
        "exp(0.01) for 1000",
        "rsqrt(1) for 4000",
        "hold(20k) then exp(0.1) for 20k",
    ],
)
def test_a_line_misses_no_narrow_peak(text: str) -> None:
    s = lrdsl.parse(text)
    drawn_as(s, "lr", 0.3, int(s.length or 60))


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


@pytest.mark.parametrize(
    "text", ["cosine(100)", "warmup(5) then linear(95)", "restarts(cosine(10))", "exp(0.99)", "linear(200k)", "hold(3, at=0x) then restart linear(5)"]
)
@pytest.mark.parametrize("log_x", [False, True])
def test_a_logarithmic_axis_shows_ticks_alone_and_cuts_zeros(text: str, log_x: bool) -> None:
    """Between the ticks, a cosine comes as close to 0 as one likes; at its last tick it has 0.0002."""
    s = lrdsl.parse(text)
    end = horizon(s.plan, None) - 1
    drawn = sampled(s.plan, 1.0, float(end), log=True, log_x=log_x)
    x, y = (np.array(part) for part in zip(*drawn.line, strict=True))
    assert (x == x.round()).all()
    assert (x >= log_x).all()
    levels = s.values(end + 1)
    gap = np.isnan(y)
    assert (y[~gap] == levels[x[~gap].astype(int)]).all()
    assert (y[~gap] > 0).all()
    below = [t for t in range(int(log_x), end + 1) if levels[t] <= 0]
    assert drawn.zeros == tuple(t for t in below if t - 1 not in below)
    ticks = np.array([t for t in range(int(log_x), end + 1) if levels[t] > 0])
    for run in np.split(ticks, np.flatnonzero(np.diff(ticks) > 1) + 1):  # nothing that one sees is lost
        kept = [(a, b) for a, b in zip(x[~gap], y[~gap], strict=True) if run[0] <= a <= run[-1]]
        across = np.log if log_x else np.asarray
        line = np.exp(np.interp(across(run), across([a for a, _ in kept]), np.log([b for _, b in kept])))
        assert np.abs(np.log(line / levels[run])).max() < 0.02


def test_zeros_are_marked(tmp_path: Path) -> None:
    figure = plot(lrdsl.parse("warmup(5) then linear(95)"), log=True)
    (axis,) = figure.axes
    _curve, mark = axis.get_lines()
    assert mark.get_marker() == "v"
    assert list(mark.get_xdata()) == [0, 100]
    assert axis.get_ylim()[0] > 1e-3
    assert main(["plot", "cosine(100)", "--log", "-o", str(tmp_path / "a.tex")]) == 0
    assert (tmp_path / "a.tex").read_text().count("bigtriangledown") == 1


def test_panels_and_curves() -> None:
    """A panel for each key; groups, and several schedules, share it; phases stand behind a lone curve."""
    file = lrdsl.parse('lr = warmup(5) then cosine(95); lr["head"] = hold; momentum = hold(at=0.9)')
    shown = picture_of(file, base=0.1)
    assert [curve.label for curve in shown.panels[0].curves] == ["other groups", "group head"]
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
    assert [line.get_color() for line in axis.get_lines()][::2] == [colour_of(style, Page(4, 3, 9, dark=True)) for style in range(2)]
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


def test_names_of_phases_are_above_the_axes_and_never_overlap(tmp_path: Path) -> None:
    texts_ = [
        "warmup(500) then cosine(99500)",
        "warmup(1) then hold(2) then warmup(3) then hold(4) then linear(2) then hold(60) then cosine(2) then exp(3, to=0.01x)",
    ]
    for text in texts_:
        for style in ("page", "paper", "dark"):
            figure = plot(lrdsl.parse(text), style=style)
            figure.savefig(tmp_path / "a.png")
            (axis,) = figure.axes
            boxes = [name.get_window_extent() for name in axis.texts]
            assert len(boxes) >= 2
            assert all(box.y0 >= axis.bbox.y1 for box in boxes)
            assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
            assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_a_legend_is_above_the_axes_and_in_the_figure(tmp_path: Path) -> None:
    long = [lrdsl.parse(f"warmup(2k) then hold({k}k) then one_minus_sqrt(4k, to=0.001x)") for k in range(20, 28)]
    for style in ("page", "paper", "slides"):
        figure = plot(*long, style=style)
        figure.savefig(tmp_path / "a.png")
        (axis,) = figure.axes
        legend = axis.get_legend()
        assert legend is not None
        box = legend.get_window_extent()
        assert box.y0 >= axis.bbox.y1
        assert box.x1 <= figure.bbox.x1
        looks = [(line.get_color(), str(line._dash_pattern)) for line in axis.get_lines()]  # type: ignore[attr-defined]
        assert len({colour for colour, _ in looks}) == len({dash for _, dash in looks}) == 8


@pytest.mark.parametrize(
    ("time", "unit", "end"),
    [("tokens", "tokens", 4.2e10), ("samples", "samples", 1.05e7), ("percent", "% of the run", 105.0), ("epochs", "epoch", 105.0), ("steps", "step", 10500.0)],
)
def test_units_of_time(time: str, unit: str, end: float) -> None:
    s = lrdsl.parse("linear(10k)", tokens_per_step=4_000_000, batch_size=1000, total_steps=10_000, steps_per_epoch=100)
    shown = picture_of(s, time=time, ticks=10_501)
    assert (shown.unit, shown.end) == (unit, end)
    assert [x for x, _ in shown.panels[0].curves[0].points] == [0, end / 1.05, end]
    with pytest.raises(lrdsl.ScheduleError, match="LR121"):
        picture_of(lrdsl.parse("linear(10)"), time=time) if time != "steps" else picture_of(lrdsl.parse("linear(9)"), time="tokens")


def test_tokens_of_a_batch_that_changes() -> None:
    s = lrdsl.parse("set tokens_per_step = hold(100, at=10) then hold(at=30); lr = linear(200)")
    assert picture_of(s, time="tokens", ticks=201).panels[0].curves[0].points == [(0, 1), (1000, 0.5), (4000, 0)]


def test_schedules_of_different_batches_meet_in_tokens() -> None:
    one, two = (lrdsl.parse("linear(1M tokens)", tokens_per_step=n) for n in (1000, 4000))
    ends = [curve.points[1][0] for curve in picture_of(one, two, time="tokens").panels[0].curves]
    assert ends == [1e6, 1e6]


def test_different_bases_are_named() -> None:
    shown = picture_of(lrdsl.parse("set base = 0.1; lr = cosine(9)"), lrdsl.parse("set base = 0.3; lr = linear(9)"), names=["a", "b"])
    assert [curve.label for curve in shown.panels[0].curves] == ["a, base 0.1", "b, base 0.3"]
    assert [curve.label for curve in picture_of(lrdsl.parse("hold"), lrdsl.parse("linear(9)"), names=["a", "b"]).panels[0].curves] == ["a", "b"]


def test_small_levels_have_a_factor_in_the_label() -> None:
    figure = plot(lrdsl.parse("cosine(9)"), base=3e-4)
    assert figure.axes[0].get_ylabel() == "learning rate (×10⁻⁴)"
    assert max(figure.axes[0].get_lines()[0].get_ydata()) == pytest.approx(3)


def test_only_multiples_of_base_are_called_so() -> None:
    figure = plot(lrdsl.parse("lr = warmup(5) then cosine(95); weight_decay = cosine(100, from=0.04, to=0.4)"))
    assert [axis.get_ylabel() for axis in figure.axes] == ["learning rate / base", "weight decay"]
    assert plot(lrdsl.parse("onecycle(100, peak=0.1)")).axes[0].get_ylabel() == "learning rate"


def test_phases_have_names_on_a_logarithmic_axis_of_time() -> None:
    figure = plot(lrdsl.parse("warmup(10) then rsqrt(1000)"), log_x=True)
    (axis,) = figure.axes
    names = {text.get_text(): text.xy[0] for text in axis.texts}
    assert list(names) == ["warmup(10)", "rsqrt(1000)"]
    assert 1 < names["warmup(10)"] < 10 < names["rsqrt(1000)"]


def test_two_values_in_one_panel() -> None:
    s = lrdsl.parse("lr = warmup(5) then cosine(95); momentum = linear(50, from=0.95, to=0.85) then hold")
    figure = plot(s, twin=True)
    assert [axis.get_ylabel() for axis in figure.axes] == ["learning rate / base", "momentum"]
    assert [axis.yaxis.get_label_position() for axis in figure.axes] == ["left", "right"]
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["learning rate", "momentum"]
    assert pgfplots(picture_of(s, twin=True)).count("\\begin{axis}") == 2
    assert len(plot(lrdsl.parse("lr = hold; momentum = hold; weight_decay = hold"), twin=True).axes) == 3


@pytest.mark.parametrize(
    ("text", "end"),
    [("hold", 100), ("linear(50) then hold", 57), ("warmup(10) then exp(0.9)", 29), ("exp(0.9999)", 20_793), ("rsqrt(1000)", 9000), ("linear(100)", 105)],
)
def test_endless_tails_are_cut(text: str, end: int) -> None:
    assert picture_of(lrdsl.parse(text)).end == end


@pytest.mark.parametrize(
    "options", [["--style", "slides"], ["--log", "--log-x"], ["--twin", "--dark"], ["--serif", "--time", "percent", "--total-steps", "99"]]
)
@pytest.mark.parametrize("texts_", [["cosine(99)"], ["lr = cosine(99); momentum = hold"], ["cosine(99)", "linear(9) then hold"], ["hold(at=0x)"]])
@pytest.mark.parametrize("ending", ["svg", "tex"])
def test_options_together(options: list[str], texts_: list[str], ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", *texts_, *options, "-o", str(tmp_path / f"a.{ending}")]) == 0
    assert capsys.readouterr() == ("", "")


def test_latex_letters_need_latex(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["plot", "cosine(9)", "--usetex", "-o", str(tmp_path / "a.png")]) == 2
    assert "leave `--usetex` out" in capsys.readouterr().err

"""Tests of `match`, and of `analyze` of several schedules."""

from __future__ import annotations

import json

import pytest

import lrdsl
from lrdsl.analysis.matching import match
from lrdsl.cli import main


@pytest.mark.parametrize(
    ("reference", "text", "value"),
    [
        ("cosine(100)", "linear(?)", 100),
        ("warmup(5) then cosine(95)", "warmup(5) then hold(?) then linear(20)", 37.5),
        ("cosine(100)", "hold(100, at=?)", 0.505),
        ("cosine(100)", "linear(100, to=?x)", 0),
        ("cosine(1000)", "warmup(10) then cosine(?)", 991),
        ("cosine(100)", "rsqrt(?) for 100", 12.6237075),
        ("cosine(100)", "exp(?) for 100", 0.98424340635),
    ],
)
def test_a_number_gives_the_same_area(reference: str, text: str, value: float) -> None:
    found = match(lrdsl.parse(reference), text)
    assert float(found.value) == value
    wanted = lrdsl.analyze(lrdsl.parse(reference)).area.value
    assert lrdsl.analyze(found.schedule).area.value == pytest.approx(wanted, rel=1e-9) == found.area


def test_with_a_base_a_clock_and_names() -> None:
    found = match(lrdsl.parse("cosine(100)"), "warmup(w) then linear(?)", base=0.1, names={"w": 5})
    assert (found.value, str(found.schedule)) == (96, "warmup(w) then linear(96)")
    found = match(lrdsl.parse("cosine(2ep)", steps_per_epoch=50), "linear(? steps)", steps_per_epoch=50)
    assert str(found.schedule) == "linear(100 steps)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("linear(10)", "has 0 `?`"),
        ("linear(?, to=?x)", "has 2 `?`"),
        ("linear(10) then hold(?, at=0x)", "no number gives"),
        ("liner(?)", "no shape is called"),
        ("hold(?) then exp(0.9)", "length of the run is unknown|no number"),
    ],
)
def test_what_cannot_be_solved_is_refused(text: str, message: str) -> None:
    with pytest.raises(lrdsl.ScheduleError, match=message):
        match(lrdsl.parse("hold(1000)"), text)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--match", "area", "warmup(5) then cosine(95)", "warmup(5) then hold(?) then linear(20)"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:5] == ["? = 37.5", "in whole ticks: 38", "", "1  warmup(5) then cosine(95)", "2  warmup(5) then hold(37.5) then linear(20)"]
    assert ["area", "50", "50", "1"] in [line.split() for line in out]
    assert main(["analyze", "--match", "area", "linear(?)", "cosine(9)", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [one.get("match") for one in data] == [9, None]
    assert data[1]["targets"]["lr"]["ratios"]["area"] == 1
    assert main(["analyze", "--match", "area", "linear(9)", "cosine(9)"]) == 2


def test_several_schedules_with_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "hold(100)", "linear(100)", "lr = cosine(100); momentum = hold(100, at=0.9)"]) == 0
    out = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line[:1].isalpha()}
    assert out.splitlines()[:2] == ["1  hold(100)", "2  linear(100)"]
    assert ["area", "100", "50.5", "0.505", "50.5", "0.505"] in [line.split() for line in out.splitlines()]
    assert rows["area"] == ["90"]  # of momentum, which one schedule has
    assert main(["analyze", "hold(at=0x) for 9", "linear(9)"]) == 0  # a ratio to 0 is left out
    assert main(["analyze", "linear(9)", "--format", "json"]) == 0


def test_a_schedule_without_an_end_runs_as_long_as_the_reference() -> None:
    found = match(lrdsl.parse("warmup(10) then cosine(90)"), "hold(at=?x)")
    assert found.value == 0.5
    assert found.area == pytest.approx(50)
    assert match(lrdsl.parse("cosine(100)"), "warmup(?) then hold").area == pytest.approx(50.5)

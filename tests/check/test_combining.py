"""Forms that combine phases: the levels of each follow, tick by tick, from those of the phases in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import lrdsl

TICKS = 45
#: Phases of several pieces, each with its length.
PHASES = {
    "warmup(3) then hold(2) then linear(4)": 9,
    "warmup(3) then linear(4, to=0.25x) then warmup(2, from=0.25x)": 9,
    "step(2, 0.5) for 7": 7,
    "cosine(9, to=0.1x)": 9,
    "hold(2) then exp(0.5) for 4 then linear(5, to=0.2)": 11,
    "hold(4) then restart linear(3, to=0.5x)": 7,
    "multistep([2, 5], 0.5) for 8": 8,
    "hold(1) then drop(0.5) then hold(3, at=0.3) then drop(2)": 4,
    "restarts(linear(3), times=3, decay=0.5)": 9,
}
#: Forms of one phase A: the text, and the level at a tick t from the levels a(t) of A.
FORMS: dict[str, Callable[[Callable[[int], float], int], float]] = {
    "({A}) for 5": lambda a, t: a(min(t, 5)),
    "({A}) for 30": lambda a, t: a(min(t, 30)),
    "skip(0, {A})": lambda a, t: a(t),
    "skip(3, {A})": lambda a, t: a(t + 3),
    "skip(20, {A})": lambda a, t: a(t + 20),
    "every(1, {A})": lambda a, t: a(t),
    "every(3, {A})": lambda a, t: a(t // 3 * 3),
    "every(2, every(3, {A}))": lambda a, t: a(t // 2 * 2 // 3 * 3),
    "restart hold(3, at=0.25) then restart ({A})": lambda a, t: a(t - 3) if t >= 3 else 0.25,
    "2 * ({A})": lambda a, t: 2 * a(t),
    "({A}) / 4": lambda a, t: a(t) / 4,
    "({A}) + 0.5": lambda a, t: a(t) + 0.5,
    "({A}) - 0.5": lambda a, t: a(t) - 0.5,
    "3x - ({A})": lambda a, t: 3 - a(t),
    "min({A}, 0.4)": lambda a, t: min(a(t), 0.4),
    "max({A}, 0.4, 0.2x)": lambda a, t: max(a(t), 0.4),
    "sum({A}, {A}, 0.25)": lambda a, t: 2 * a(t) + 0.25,
    "clip({A}, 0.3, 0.6x)": lambda a, t: min(max(a(t), 0.3), 0.6),
    "clip({A}, low=0.3)": lambda a, t: max(a(t), 0.3),
    "clip({A}, high=0.3)": lambda a, t: min(a(t), 0.3),
    "({A}) * (hold(5) then linear(5))": lambda a, t: a(t) * min(max(10 - t, 0) / 5, 1),
    "hold(at=0.5) for 7 then ({A}) for 0 then restart ({A})": lambda a, t: a(t - 7) if t >= 7 else 0.5,
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("form", FORMS)
def test_forms_of_one_phase(form: str, phase: str) -> None:
    levels = lrdsl.parse(phase).values(TICKS + 25, 1.0).tolist()
    expected = [FORMS[form](levels.__getitem__, t) for t in range(TICKS)]
    schedule = lrdsl.parse(form.format(A=phase))
    assert schedule.values(TICKS, 1.0).tolist() == pytest.approx(expected, rel=1e-14, abs=1e-15)
    assert [schedule.at(t) for t in range(TICKS)] == pytest.approx(expected, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if "drop" not in phase and "step" not in phase])
def test_stretched(phase: str) -> None:
    """Between jumps, which fall on their tick in both, twice the length is half the pace."""
    n = PHASES[phase]
    levels = lrdsl.parse(phase).values(n + 5, 1.0).tolist()
    for text in (f"stretch({phase}, 2)", f"stretch({phase}, to={2 * n})"):
        schedule = lrdsl.parse(text)
        assert schedule.length == 2 * n
        assert schedule.values([2 * t for t in range(n + 5)]).tolist() == pytest.approx(levels, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(
    "phase", ["warmup(3) then hold(2) then linear(4)", "cosine(9, to=0.1x)", "warmup(3) then linear(4, to=0.25x) then warmup(2, from=0.25x)", "linear(9) for 4"]
)
def test_there_and_back(phase: str) -> None:
    """A curve without jumps is the same in both directions, also over cycles."""
    n = int(lrdsl.parse(phase).length or 0)
    levels = lrdsl.parse(phase).values(n + 1, 1.0).tolist()
    there_and_back = [*levels, *levels[-2:0:-1]]
    schedule = lrdsl.parse(f"bounce({phase})")
    assert schedule.values(6 * n).tolist() == pytest.approx(there_and_back * 3, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(("phase", "n"), PHASES.items())
def test_restarts_are_equal(phase: str, n: int) -> None:
    levels = lrdsl.parse(phase).values(TICKS).tolist()
    assert lrdsl.parse(f"restarts({phase})").values(TICKS).tolist() == pytest.approx([levels[t % n] for t in range(TICKS)], rel=1e-14, abs=1e-15)
    twice = [levels[t if t < n else t - n] for t in range(TICKS)]
    assert lrdsl.parse(f"restarts({phase}, times=2)").values(TICKS).tolist() == pytest.approx(twice, rel=1e-14, abs=1e-15)


@pytest.mark.parametrize(("phase", "n"), PHASES.items())
def test_each_cycle_enters_where_the_last_one_ended(phase: str, n: int) -> None:
    """A cycle after the first is the phase after a phase that leads to its entry level."""
    cycles, entry = lrdsl.parse(f"repeat({phase}, times=3)"), lrdsl.parse(phase).at(n)
    expected = lrdsl.parse(phase).values(n).tolist()
    for _ in range(2):
        part = lrdsl.parse(f"hold(1, at={entry!r}) then ({phase})")
        expected += part.values(n + 1).tolist()[1:]
        entry = part.at(n + 1)
    assert cycles.values(3 * n).tolist() == pytest.approx(expected, rel=1e-13, abs=1e-15)
    assert cycles.at(3 * n) == cycles.at(3 * n + 100) == pytest.approx(entry, rel=1e-13, abs=1e-15)

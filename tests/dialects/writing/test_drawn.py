"""Tests that exported code gives the numbers of drawn schedules. `python -m tests.dialects.writing` draws more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.dialects.writing.exported import RUNS, compare
from tests.drawing import examples
from tests.properties import texts
from tests.properties.test_far import FRACTIONAL

#: Keras hands torch's tensors to NumPy in a way that both are leaving behind.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
#: How many ticks are compared in the frameworks, where each takes long.
_FEW = 40
_COUNTS = {"python": 240, "numpy": 160, "torch": 60, "optax": 40, "keras": 40}
TEXTS = [
    "hold",
    "hold(at=0.02)",
    "warmup(5) then cosine(20, to=0.01)",
    "warmup(3, shape=exp, from=0.01x) then hold(2.5) then poly(10, power=0.9)",
    "step(5/2, 0.5)",
    "multistep([3, 7], gamma=[0.1, 2]) then exp(0.97)",
    "bounce(cosine(20)) for 50 then rsqrt(10)",
    "restarts(cosine(10), stretch=1.5, decay=0.5)",
    "restarts(warmup(3) then cosine(7), stretch=2)",
    "every(3, cyclic(0.1x, 1x, 5, mode=triangular2))",
    "onecycle(100, three_phase=yes)",
    "repeat(warmup(3, shape=exp, from=0.1x) then drop(0.5))",
    "exp(10, to=1e-5) then inv(3)",
    "scale(1/(1 + exp(t - 1000)))",
    "cumprod(1 - 1/(t + 2)^2) for 30 then linear(5)",
    "min(cumprod(1.5 + sin(t/9)), 1x) * exp(0.99) for 1500 then linear(5)",
    "clip(cumprod(1 + 0.9*sin(t/500)), 0.01x, 1x) for 2900 then linear(50)",
    "max(linear(10), 0.001)",
    "clip(scale(exp(t/5)), high=1x)",
    "scale(2 + cos(t^2/50)) for 90 then hold",
    "stretch(repeat(cosine(31/15), times=10), 1.37) * exp(0.999)",
    "1.9 * clip(one_minus_sqrt(90, touches=neither), low=0.001)",
    "restarts(warmup(1), stretch=2, decay=1.18e-38)",
    "hold for 1 then min(hold, step(1, 6.9e-43)) for 8 then hold",
    "(sum(cosine(9), hold(at=1e-4)) * step(4)) for 30 then linear(5, to=0)",
]


def drawn(data: st.DataObject, to: str) -> tuple[lrdsl.Schedule, str, list[int]]:
    """Draws a schedule, and ticks at which its exported code is compared."""
    longest = data.draw(st.sampled_from([60, 300, 3000, 10**5]))
    schedule = data.draw(texts.schedules(depth=4, longest=longest))
    most = texts.FEW if "cumprod" in str(schedule) else 10**6
    ticks = sorted({t for t in [*range(40), *data.draw(texts.ticks(schedule, most))] if t <= most})
    return schedule, to, ticks[:: max(1, len(ticks) // _FEW)] if to in ("keras", "torch") else ticks


@pytest.mark.parametrize("to", RUNS)
def test_drawn_schedules(to: str) -> None:
    @examples(_COUNTS[to])
    @given(st.data())
    def check(data: st.DataObject) -> None:
        compare(*drawn(data, to))

    check()


@pytest.mark.parametrize("to", RUNS)
def test_known_schedules(to: str) -> None:
    for text in TEXTS:
        assert compare(lrdsl.parse(text), to, range(0, 120, 1 if to in ("python", "numpy") else 3)) == "same", text


@pytest.mark.parametrize("to", ["python", "numpy", "optax"])
def test_fractional_cycles(to: str) -> None:
    for text in FRACTIONAL:
        assert compare(lrdsl.parse(text), to, range(200)) == "same", text


def test_a_scheduler_of_torch_that_would_raise_is_not_written() -> None:
    assert compare(lrdsl.parse("cyclic(0.001, 0.1, 1, mode=triangular2)"), "torch", [0, 2048, 10**6]) == "same"


@pytest.mark.parametrize("text", ["cyclic(0.866, 0, 12)", "cyclic(0.866, 0, 500)", "cyclic(0.001, 0.1, 1, 999, mode=exp_range, gamma=0.9999)"])
def test_cycles_are_right_far_on(text: str) -> None:
    assert compare(lrdsl.parse(text), "torch", [0, 11, 352112, 10**6 - 1]) == "same"


@pytest.mark.parametrize("to", ["python", "numpy", "optax"])
def test_far_ticks(to: str) -> None:
    for text in ("step(7, 0.9999999)", "restarts(cosine(2.1))", "bounce(linear(7/3)) * rsqrt(100)", "restarts(cosine(10), stretch=2)"):
        assert compare(lrdsl.parse(text), to, [0, 1, 2**24 + 1, 10**8 + 3, 2**31 - 1]) == "same", text

"""Tests of `set batch_size = ...` and `set tokens_per_step = ...` as schedules, and of what tokens and samples mean then."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import lrdsl
from lrdsl.batches import Batches

#: The batches of Llama 3, with lengths.
LLAMA = "set tokens_per_step = hold(252M tokens, at=4M) then hold(2.87T tokens, at=8M) then hold(at=16M); "
#: 100 steps of 1 sample, 100 of 2, then 10 each.
SMALL = "set batch_size = hold(100, at=1) then hold(100, at=2) then hold(at=10); set total = 1000; "


def batches(text: str, **options: Any) -> list[tuple[int, Any]]:
    found = lrdsl.parse(f"set batch_size = {text}; lr = hold", **options).clock.batch_size
    assert isinstance(found, Batches)
    return list(zip(found.starts, found.amounts, strict=True))


def starts(lr: str, before: str = SMALL, **options: Any) -> list[Any]:
    s = lrdsl.parse(f"{before}lr = {lr}", **options)
    return [*(p.start for p in s.phases[1:]), s.plan.length]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hold(252M samples, at=1024) then hold(at=2048)", [(0, 1024), (246094, 2048)]),
        ("hold(at=1024) for 252M samples then hold(at=2048)", [(0, 1024), (246094, 2048)]),
        ("hold(10k, at=1024) then step(10k, 2) for 30k", [(0, 1024), (20000, 2048), (30000, 4096), (40000, 8192)]),
        ("every(10, linear(30, from=1, to=4))", [(0, 1), (10, 2), (20, 3), (30, 4)]),
        ("hold(0, at=8) then multistep([10, 20], [2, 4])", [(0, 8), (10, 16), (20, 64)]),
        ("hold(0, at=1) then multistep([100 samples, 300 samples], [2, 3]) then hold(60 samples) then drop(1.5) then hold", [(0, 1), (100, 2), (200, 6), (210, 9)]),
        ("hold(5, at=16) then repeat(hold(7) then drop(2), times=3)", [(0, 16), (12, 32), (19, 64), (26, 128)]),
        ("min(hold(at=100), hold(10 samples, at=5) then drop(10))", [(0, 5), (2, 50)]),
        ("hold(250 samples, at=100) then hold(400 samples, at=200) then hold(at=400)", [(0, 100), (3, 200), (5, 400)]),
        ("hold(at=1000) until 10 then hold(at=1) until 100 then hold(at=5) until 10100 samples then hold(at=6)", [(0, 1000), (10, 1), (100, 5), (102, 6)]),
        ("hold(3ep, at=4) then hold(2 * 1k samples, at=8) then hold(at=16)", [(0, 4), (30, 8), (280, 16)]),
        ("hold(30%, at=4) then hold(rest, at=8)", [(0, 4), (300, 8)]),
        ("hold(30%, at=4) then every(350, linear(rest, to=32))", [(0, 4), (650, 18), (1000, 32)]),
        ("(hold(0, at=1) then multistep([100 samples, 300 samples], [2, 3])) * 2 then hold(at=5)", [(0, 2), (50, 4), (100, 5)]),
    ],
)  # fmt: skip
def test_schedules_that_stay_between_jumps(text: str, expected: list[tuple[int, int]]) -> None:
    assert batches(text, steps_per_epoch=10, total_steps=1000) == expected


def test_the_batches_of_llama_3() -> None:
    assert starts("warmup(1B tokens) then cosine(1T tokens)", LLAMA) == [Fraction(313, 2), Fraction(250313, 2)]
    until = "set tokens_per_step = hold(at=4M) until 252M tokens then hold(at=8M) until 2.87T tokens then hold(at=16M); "
    assert lrdsl.parse(f"{until}lr = hold").clock.facts()["tokens_per_step"] == [[0, 4_000_000], [63, 8_000_000], [358_782, 16_000_000]]
    assert starts("hold until 3T tokens then multistep([3.5T tokens], since=run)", until) == [Fraction(1467627, 4), Fraction(1592627, 4)]


def test_the_length_of_the_run() -> None:
    """It is a number of steps; shares of it are shares of the steps."""
    s = lrdsl.parse(f"{LLAMA}set total = 15T tokens; lr = warmup(10%) then hold(rest) then one_minus_sqrt(1T tokens)")
    assert s.clock.total_steps == Fraction(4467689, 4)
    assert [p.start for p in s.phases] == [0, Fraction(4467689, 40), Fraction(4467689, 4) - 62500]
    smoke = lrdsl.parse(f"{LLAMA}lr = warmup(8000) then hold(rest) then one_minus_sqrt(1T tokens)", total_steps=10)
    assert [p.start for p in smoke.phases] == [0, 8000, 8000]


@pytest.mark.parametrize(
    ("lr", "expected"),
    [
        ("hold(50 samples) then cosine(250 samples) then hold(1k samples)", [50, 200, 300]),
        ("hold(50) then cosine(100 samples)", [50, 125]),
        ("hold(50) for 300 samples then multistep([10 samples, 20 samples])", [200, 202]),
        ("hold(50) then hold until 300 samples then linear(5)", [50, 200, 205]),
        ("hold(50) then multistep([300 samples, 400 samples], since=run) then linear(5)", [50, 210, 215]),
        ("cosine(2 * 100 samples + 100 samples)", [200]),
        ("cosine(-100 samples + 400 samples)", [200]),
        ("cosine(1k samples / 2)", [220]),
        ("cosine(300 samples + 5)", [205]),
        ("cosine(min(300 samples, 10%))", [100]),
        ("cosine(floor(305 samples / 1 step) * 1 step)", [200]),
        ("hold(100 steps * (200 samples / 100 samples))", [200]),
        ("cosine(50) * warmup(300 samples)", [200]),
        ("hold(10) then min(cosine(90), linear(300 samples))", [10, 201]),
        ("every(10, cosine(300 samples))", [200]),
        ("hold(rest) then (hold(1k samples) then cosine(1k samples)) * 0.5", [800, 1000]),
        ("hold(rest) then linear(3200 samples, to=0.5x) then cosine(500)", [100, 500, 1000]),
        ("hold(rest) then linear(3250 samples, to=0.5x) then cosine(500)", [50, 500, 1000]),
        ("hold(10%) then cosine(rest) until 2k samples", [100, 370]),
        ("hold(rest) then cosine(rest) for 8k samples", [200, 1000]),
    ],
)  # fmt: skip
def test_lengths(lr: str, expected: list[Any]) -> None:
    assert starts(lr) == expected


def test_names_mean_a_length_where_they_are_used() -> None:
    names = f"{SMALL}let n = 100 samples; def twice(k) = hold(k) then hold(2 * k); "
    assert starts("twice(n) then cosine(n) then hold(n)", names) == [200, 210, 220]
    assert starts("hold(w * 100 samples) then cosine(n)", names, names={"w": 3}) == [200, 210]


def test_values_and_assertions() -> None:
    s = lrdsl.parse(f"{SMALL}lr = scale(1 - t / 300 samples) for 200; assert lr at 300 samples == lr at 200; assert lr at 200 samples == 0.25x")
    assert [s.at(t) for t in (0, 100, 150, 200)] == [1, 0.5, 0.25, 0]
    assert lrdsl.parse(f"{SMALL}lr = hold(at=(linear(300 samples) at 200 samples))").at(0) == 0.25
    assert lrdsl.parse(f"{SMALL}lr = repeat(hold(5, at=(linear(400) at 300 samples)))").at(0) == 0.5
    assert lrdsl.parse(f"{SMALL}lr = linear(100 samples)").sentence() == "The learning rate falls linearly to 0 over 100 steps."


def test_tokens_and_samples_are_two_facts() -> None:
    """A step's tokens are its samples times their length, which may change too: neither follows from the other."""
    s = lrdsl.parse(
        f"{SMALL}set tokens_per_step = hold(300 samples, at=4k) then hold(at=80k); lr = hold(100 samples) then hold(400k tokens) then hold(8k tokens)"
    )
    assert [p.start for p in s.phases] == [0, 100, 200]
    assert s.plan.length == Fraction(2001, 10)
    assert starts("hold(4k tokens) then cosine(300 samples)", tokens_per_step=40) == [100, 210]


def test_a_number_of_the_host_and_a_schedule_of_the_text() -> None:
    (problem,) = lrdsl.lint("set batch_size = hold(5, at=2) then hold(at=4); lr = hold", batch_size=2)
    assert (problem.code, problem.message) == ("LR124", "the file sets batch_size to 2, then 4 from step 5 on, but batch_size is already 2")
    assert lrdsl.parse("set batch_size = hold(5, at=2) then hold; lr = hold", batch_size=2).clock.batch_size == 2
    (problem,) = lrdsl.lint("set batch_size = hold(5, at=2) then hold(at=4); set batch_size = 2; lr = hold")
    assert problem.message == "the file sets batch_size to 2, but batch_size is already 2, then 4 from step 5 on"


def test_a_batch_that_cannot_be_read_is_one_problem() -> None:
    assert [d.code for d in lrdsl.lint("set batch_size = linear(5); lr = cosine(1B samples)")] == ["LR125"]
    assert [d.code for d in lrdsl.lint("set batch_size = hold(at=256); set total = 1B samples; lr = cosine(2ep)")] == ["LR121"]


def test_a_phase_behind_rest_whose_length_needs_its_start() -> None:
    """It is refused where the batch is a number too."""
    for lr in ("hold(rest) then cosine(5) until 90%", "cosine(rest) then (hold until 90%)", "hold(rest) then multistep([900], since=run)"):
        assert [d.code for d in lrdsl.lint(f"{lr}", total_steps=1000)] == ["LR122"], lr


def test_many_phases_cost_little() -> None:
    """Each phase is read a few times, and not all of them for each."""
    ramp = " then ".join(f"hold({i + 1} samples, at={i % 7 + 1})" for i in range(400))
    assert len(batches(f"{ramp} then hold(at=9)")) > 300


def test_equality_and_hashes() -> None:
    """The batch counts where a length counts its samples."""
    a, b, c = (
        lrdsl.parse(f"set batch_size = {batch}; lr = hold(40 samples) then linear(10)")
        for batch in ("hold(5, at=2) then hold(at=4)", "hold(5, at=2) then hold(at=4.0)", "hold(5, at=2) then hold(at=3)")
    )
    assert a.clock == b.clock != c.clock
    assert a == lrdsl.parse(a.text) == b != c
    assert hash(a) == hash(lrdsl.parse(a.text))
    assert str(a) == "set batch_size = hold(5, at=2) then hold(at=4); lr = hold(40 samples) then linear(10)"


def test_amounts_of_one_unit_have_a_share_also_where_the_batch_changes() -> None:
    assert starts("hold(10 steps * (3 samples / 1 samples))") == [30]
    assert starts("hold(10 steps * (300 samples / 200 samples)) then exp(100 samples / 200 samples) for 5") == [15, 20]
    (problem,) = lrdsl.lint(f"{SMALL}lr = hold(10 steps * (3 samples / 0 samples))")
    assert (problem.code, problem.message) == ("LR144", "division by 0")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("step(20 samples)", "n"),
        ("exp(0.9, per=20 samples)", "per"),
        ("cyclic(0.1x, 1x, 20 samples)", "up"),
        ("cyclic(0.1x, 1x, 5, 20 samples)", "down"),
        ("every(20 samples, exp(0.9))", "interval"),
    ],
)
def test_a_time_that_comes_again_is_no_number_of_ticks(text: str, name: str) -> None:
    (problem,) = lrdsl.lint(f"set batch_size = hold(10, at=2) then hold(at=4); lr = {text}")
    assert problem.code == "LR123"
    assert f"as `{name}`, which comes again and again" in problem.message

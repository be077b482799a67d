"""Tests of exported schedulers for torch in loops: several param groups, absolute levels, targets for some groups, resuming."""

from __future__ import annotations

from typing import Any

import pytest

import lrdsl
from tests.dialects.writing.exported import compiled, optimizer, rates, run

GROUPS = [{"lr": 0.1, "name": "head"}, {"lr": 0.02, "name": "blocks.1"}, {"lr": 3.0, "name": "blocks.2"}]


@pytest.mark.parametrize(
    "text",
    [
        "warmup(5) then cosine(20)",
        "warmup(5) then cosine(20, to=0.001)",
        "exp(10, to=1e-5) then hold",
        "hold(at=0.5)",
        "set base = 0.3; lr = cosine(20)",
        'lr = cosine(20); lr["blocks.*"] = 0.1 * lr',
        'lr = cosine(20); lr[2] = hold(at=0.01); lr["head", "blocks.2"] = linear(9)',
        'lr["blocks.[1]"] = linear(9)',
    ],
)
def test_each_group_has_the_rates_of_lrdsl(text: str) -> None:
    found, expected = rates(lrdsl.parse(text).export("torch"), GROUPS, 30), compiled(text, GROUPS, 30)
    for ours, theirs, group in zip(found, expected, GROUPS, strict=True):
        assert ours == pytest.approx(theirs, rel=0, abs=1e-12 * float(str(group["lr"]))), (text, group)


def test_a_base_that_is_given_holds_for_all_groups() -> None:
    schedule = lrdsl.parse("warmup(5) then cosine(20, to=0.001)")
    for column in rates(schedule.export("torch", base=0.2), GROUPS, 30):
        assert column == pytest.approx(schedule.values(30, 0.2).tolist(), rel=1e-12, abs=1e-14)


def test_one_target_is_for_all_groups() -> None:
    schedule = lrdsl.parse('lr = hold; lr["blocks.{k}"] = 0.5^k * cosine(20)')
    target = 'lr["blocks.3"]'
    (column, *_) = rates(schedule.export("torch", target=target), GROUPS, 30)
    assert column == pytest.approx([0.1 * level for level in schedule.values(30, target=target)], abs=1e-13)


def test_a_run_goes_on_from_its_state() -> None:
    code = lrdsl.parse("warmup(5) then cosine(20, to=0.001)").export("torch")
    whole = rates(code, GROUPS, 20)
    first, again = optimizer(*GROUPS), optimizer(*GROUPS)
    scheduler = run(code)["make_scheduler"](first)
    for _ in range(9):
        first.step()
        scheduler.step()
    resumed = run(code)["make_scheduler"](again)
    again.load_state_dict(first.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    again.step()
    resumed.step()
    assert [group["lr"] for group in again.param_groups] == [column[10] for column in whole]


def test_a_rate_that_cannot_be_multiplied_is_an_error() -> None:
    make: Any = run(lrdsl.parse("cosine(20, to=0.001)").export("torch"))["make_scheduler"]
    with pytest.raises(ValueError, match="rate 0"):
        make(optimizer({"lr": 0.0}))
    run(lrdsl.parse("cosine(20)").export("torch"))["make_scheduler"](optimizer({"lr": 0.0}))


def test_a_selector_that_fits_no_group_is_an_error() -> None:
    make: Any = run(lrdsl.parse('lr = hold; lr["backbone"] = cosine(20)').export("torch"))["make_scheduler"]
    with pytest.raises(ValueError, match="backbone"):
        make(optimizer({"lr": 0.1}))


@pytest.mark.parametrize(
    ("text", "part", "options"),
    [
        ("lr = hold; momentum = linear(9, from=0.5)", "linear(9, from=0.5)", {}),
        ("lr = hold; momentum = linear(9, from=0.5)", "linear(9, from=0.5)", {"target": "momentum"}),
        ('lr["blocks.{k}.*"] = 0.9^k * cosine(20)', "0.9^k * cosine(20)", {}),
        ("warmup(5) then plateau", "plateau", {}),
        ("hold until loss < 0.3 then linear(9)", "loss < 0.3", {}),
        ("lr = hold; momentum = hold(5, at=0.9) then plateau", "plateau", {"target": "momentum"}),
    ],
)
def test_what_a_lambda_cannot_say_is_refused_with_its_part(text: str, part: str, options: dict[str, Any]) -> None:
    with pytest.raises(lrdsl.ScheduleError) as caught:
        lrdsl.parse(text).export("torch", **options)
    (problem,) = caught.value.diagnostics
    assert problem.code == "LR155"
    if "at=0.9" not in text:
        assert text[problem.span.start.offset : problem.span.end.offset] == part
    assert "lrdsl.compile" in problem.help
    assert lrdsl.parse("lr = hold; momentum = linear(9, from=0.5)").export("torch", target="lr")

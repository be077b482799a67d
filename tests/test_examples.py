"""The examples run, and do what they say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

import lrdsl

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_digits_resumes_to_the_bit() -> None:
    digits = runpy.run_path(str(EXAMPLES / "digits.py"))
    config = yaml.safe_load(digits["CONFIG"])
    unbroken = digits["Run"](config)
    whole = unbroken.train(config["epochs"])
    for stop in (1, 6, 9):  # at a boundary of phases, in the middle, in a later phase
        first = digits["Run"](config)
        begun = first.train(stop)
        resumed = digits["Run"].resume(config, first.save())
        assert begun + resumed.train(config["epochs"] - stop) == whole
    assert whole[-1][1] < whole[0][1] / 10
    assert unbroken.accuracy() > 0.97
    assert unbroken.scheduler.finished


def test_digits_with_two_groups_and_a_weight_decay() -> None:
    """The backbone at a tenth and frozen at first: a resumed run is the unbroken run, to the bit, in every number that the file drives."""
    digits = runpy.run_path(str(EXAMPLES / "digits.py"))
    config = yaml.safe_load(digits["CONFIG"]) | {"schedule": (EXAMPLES / "two_groups.lrs").read_text("utf-8")}

    def numbers(run: Any) -> list[tuple[float, float]]:
        return [(group["lr"], group["weight_decay"]) for group in run.optimizer.param_groups]

    unbroken = digits["Run"](config)
    frozen = unbroken.model[0].weight.detach().clone()
    whole = unbroken.train(1)
    assert unbroken.model[0].weight.equal(frozen)
    assert numbers(unbroken)[0][0] == pytest.approx(0.1 * numbers(unbroken)[1][0])
    whole += unbroken.train(config["epochs"] - 1)
    assert not unbroken.model[0].weight.equal(frozen)
    half = digits["Run"](config)
    begun = half.train(6)
    resumed = digits["Run"].resume(config, half.save())
    assert numbers(resumed) == numbers(half)
    assert begun + resumed.train(config["epochs"] - 6) == whole
    assert numbers(resumed) == numbers(unbroken)
    assert all(a.equal(b) for a, b in zip(resumed.model.parameters(), unbroken.model.parameters(), strict=True))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lrs")), ids=lambda path: path.stem)
def test_recipes_of_papers_hold_what_they_assert(path: Path) -> None:
    clock = {"steps_per_epoch": 14, "total_epochs": 12} if path.stem == "two_groups" else {}
    schedule = lrdsl.load(path, **clock)
    assert path.stem == "two_groups" or len(schedule.program.assertions) >= (2 if schedule.metrics else 3)
    source = path.read_text("utf-8").split("\n\n")[0]
    assert source.startswith("# ")


def test_digits_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "digits.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "equal to the last bit" in out
    assert len([line for line in out.splitlines() if line.strip()[:1].isdigit()]) == 12

"""Tests that the examples run, and that their results are the ones they state."""

from __future__ import annotations

import itertools
import math
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import lrdsl
from tests.launching import programs, torchrun

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


def test_layerwise_decay_is_that_of_the_code() -> None:
    """The scale of each layer as in lrd.py, and the rate as in lr_sched.py, both in the code of the paper."""
    schedule = lrdsl.load(EXAMPLES / "layerwise.lrs")
    names = ["embed.decay", *(f"blocks.{i}.{kind}" for i in range(12) for kind in ("decay", "no_decay")), "head.decay"]
    groups = [{"lr": 4e-3, "name": name} for name in names]
    scheduler = lrdsl.compile(schedule, SimpleNamespace(param_groups=groups))
    for tick in (0, 1, 6254, 6255, 70_001, 125_099):
        scheduler.seek(tick)
        epoch = tick / 1251
        rate = 4e-3 * epoch / 5 if epoch < 5 else 1e-6 + (4e-3 - 1e-6) * 0.5 * (1 + math.cos(math.pi * (epoch - 5) / 95))
        layers = {"embed": 0, "head": 13, **{f"blocks.{i}": i + 1 for i in range(12)}}
        for group in groups:
            assert group["lr"] == pytest.approx(rate * 0.75 ** (13 - layers[str(group["name"]).rpartition(".")[0]]), rel=1e-10, abs=1e-16)


def test_digits_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "digits.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert "equal to the last bit" in out
    assert len([line for line in out.splitlines() if line.strip()[:1].isdigit()]) == 12


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / f"digits_{name}.py"))


def last_columns(out: str, word: str) -> list[float]:
    """The number after a word, line by line."""
    return [float(line.split(word)[1].split()[0]) for line in out.splitlines() if f" {word} " in line]


@pytest.mark.filterwarnings("ignore")
def test_lightning() -> None:
    module = example("lightning")
    by_step, by_loss = module["Digits"](), module["DigitsByLoss"]()
    assert float(module["fit"](by_step).callback_metrics["val_accuracy"]) > 0.9
    steps = len(by_step.rates)
    expected = lrdsl.parse(by_step.hparams.schedule, total_steps=steps, total_epochs=8)
    assert by_step.rates == [expected.at(t, 0.02) for t in range(steps)]
    assert float(module["fit"](by_loss, 20).callback_metrics["val_accuracy"]) > 0.9
    rates = by_loss.rates[:: len(by_loss.rates) // 20]
    assert all(b in (a, a / 2) for a, b in itertools.pairwise(rates))
    assert rates[-1] < rates[0]


@pytest.mark.filterwarnings("ignore")
def test_trainer() -> None:
    module = example("trainer")
    expected = lrdsl.parse(module["SCHEDULE"], total_steps=300)
    # Trainer logs after its scheduler has been stepped, except at the last step of a run, where the two are the same here.
    assert module["main"]() == {step: expected.at(step - 1, 0.01) for step in range(50, 301, 50)}


@pytest.mark.filterwarnings("ignore")
def test_trainer_with_its_own_optimizer() -> None:
    whole, resumed, measured = example("trainer_metrics")["main"]()
    assert list(whole) == [45, 90, 135, 180, 225, 270]
    assert resumed == whole
    assert measured[-1] > 0.85
    falls = [step for (step, rate), (_, later) in itertools.pairwise(whole.items()) if later == rate / 2]
    worse = [45 * (i + 1) for i, share in enumerate(measured[:3]) if i and share <= max(measured[:i]) * 1.0001]
    assert [step for step in falls if step < 200] == worse


@pytest.mark.filterwarnings("ignore")
def test_accelerate(capsys: pytest.CaptureFixture[str]) -> None:
    alone = example("accelerate")["main"]()
    assert alone == [lrdsl.parse("warmup(1ep) then cosine(rest)", steps_per_epoch=57, total_epochs=6).at(57 * k, 0.01) for k in range(1, 7)]
    assert last_columns(capsys.readouterr().out, "lr") == pytest.approx(alone, abs=1e-6)


def test_accelerate_with_two_processes() -> None:
    out = torchrun(2, EXAMPLES / "digits_accelerate.py")
    expected = lrdsl.parse("warmup(1ep) then cosine(rest)", total_epochs=6, steps_per_epoch=29)
    assert last_columns(out, "lr") == pytest.approx([expected.at(29 * k, 0.01) for k in range(1, 7)], abs=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_jax(capsys: pytest.CaptureFixture[str]) -> None:
    assert example("jax")["main"]() > 0.95
    expected = lrdsl.parse("warmup(10%) then cosine(rest, to=0.01x)", total_steps=300)
    assert last_columns(capsys.readouterr().out, "lr") == pytest.approx([expected.at(t, 0.05) for t in range(0, 300, 50)], abs=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_keras() -> None:
    module = example("keras")
    first, second, rate = module["main"]()
    assert 0.9 < first < second
    expected = lrdsl.parse(module["SCHEDULE"], steps_per_epoch=29, total_epochs=8)
    assert rate == pytest.approx(expected.at(4 * 29, 0.01), rel=1e-6)


def test_hydra() -> None:
    texts = ("warmup(1ep) then cosine(rest, to=0.01x)", "warmup(2ep) then cosine(rest, to=0.01x)", "step(2ep, 0.5)")
    runs = ([], ["warm=2ep", "epochs=4"], ["scheduler.schedule='step(2ep, 0.5)'"])
    modules = ("hydra", "torch", "sklearn.datasets", "lrdsl.torch")
    for done, text, epochs in zip(programs(EXAMPLES / "digits_hydra.py", runs, modules), texts, (6, 4, 6), strict=True):
        expected = lrdsl.parse(text, steps_per_epoch=29, total_epochs=epochs)
        assert done.stdout.splitlines()[0] == text, done.stderr
        assert last_columns(done.stdout, "lr") == pytest.approx([expected.at(29 * k, 0.01) for k in range(1, epochs + 1)], abs=1e-6)


def test_jsonargparse() -> None:
    config = ["--config", EXAMPLES / "digits_jsonargparse.yaml"]
    runs = (config, [*config, "--scheduler.schedule", "linear(174)"], [*config, "--momentum", "linea(4)"])
    *sound, wrong = programs(EXAMPLES / "digits_jsonargparse.py", runs, ("jsonargparse", "torch", "sklearn.datasets", "lrdsl.torch"))
    beta = lrdsl.parse("hold(2ep) then linear(4ep, to=0.85)", steps_per_epoch=29)
    for done, text in zip(sound, ("warmup(10%) then cosine(rest, to=0.01x)", "linear(174)"), strict=True):
        expected = lrdsl.parse(text, total_steps=174)
        assert last_columns(done.stdout, "lr") == pytest.approx([expected.at(29 * k, 0.01) for k in range(1, 7)], abs=1e-6), done.stderr
        assert last_columns(done.stdout, "beta") == pytest.approx([beta.at(29 * k - 1, 0.95) for k in range(1, 7)], abs=1e-4)
    assert wrong.returncode == 2
    assert "did you mean `linear`?" in wrong.stderr


def test_pydantic(capsys: pytest.CaptureFixture[str]) -> None:
    expected = lrdsl.parse("warmup(20) then cosine(180)")
    assert example("pydantic")["main"]() == [expected.at(t, 0.02) for t in range(200)]
    out = capsys.readouterr().out
    assert '{"schedule":"warmup(20) then cosine(180)","lr":0.02,"steps":200}' in out
    assert "1 validation error" in out
    assert "did you mean `cosine`?" in out

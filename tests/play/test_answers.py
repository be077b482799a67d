"""Tests of the answers to the page's questions: JSON in, JSON out, and no exception for anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.play.answers import ANSWERS, FORMATS, answer
from lrdsl.play.questions import MAX_QUESTION
from tests.drawing import examples

THREE = "warmup(5%) then hold(40%) then cosine(rest, to=0.01x)"


def ask(kind: str, text: str = "", facts: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """The answer to a question."""
    answered: dict[str, Any] = json.loads(answer(json.dumps({"ask": kind, "text": text, "facts": facts or {}, **more})))
    return answered


def test_a_look_has_the_curves_the_sentence_and_the_phases() -> None:
    look = ask("look", THREE, {"total_steps": "1_000", "base": "1e-1"})
    assert look["problems"] == []
    assert (look["base"], look["unit"], look["start"], look["end"]) == (0.1, "step", 0, 1000)
    [panel] = look["panels"]
    assert [(p["text"], p["start"], p["end"]) for p in panel["phases"]] == [
        ("warmup(5%)", 0, 50),
        ("hold(40%)", 50, 450),
        ("cosine(rest, to=0.01x)", 450, 1000),
    ]
    schedule = lrdsl.parse(THREE, total_steps=1000)
    [curve] = panel["curves"]
    assert curve["y"] == pytest.approx([schedule.at(x, base=0.1) for x in curve["x"]], abs=1e-9)
    [target] = look["targets"]
    assert target["sentence"] == schedule.sentence(base=0.1)
    assert [row[:3] for row in target["rows"]] == [[0, "warmup(5%)", "0 … 50"], [0, "hold(40%)", "50 … 450"], [0, "cosine(rest, to=0.01x)", "450 … 1_000"]]


def test_a_look_at_a_part_of_the_run_is_closer() -> None:
    whole, part = (ask("look", "cosine(10000)", first=first, ticks=ticks) for first, ticks in ((0, 0), (100, 51)))
    assert (part["start"], part["end"]) == (100, 150)
    [curve] = part["panels"][0]["curves"]
    assert curve["x"][0] == 100
    assert curve["x"][-1] == 150
    assert sum(100 <= x <= 150 for x in whole["panels"][0]["curves"][0]["x"]) < len(curve["x"])


def test_places_count_utf_16_units() -> None:
    text = "# 𝕏𝕏\ncosin(20)"
    [problem] = ask("look", text)["problems"]
    assert (problem["code"], problem["line"]) == ("LR101", 2)
    units = text.encode("utf-16-le")
    assert units[2 * problem["from"] : 2 * problem["to"]].decode("utf-16-le") == "cosin"
    fix = problem["fix"]
    repaired = units[: 2 * fix["from"]] + fix["insert"].encode("utf-16-le") + units[2 * fix["to"] :]
    assert ask("look", repaired.decode("utf-16-le"))["problems"] == []
    words = ask("words", text)["words"]
    assert words[0] == [0, 6, "comment"]
    hover = ask("hover", "# 𝕏𝕏\ncosine(20)", at=9)
    assert (hover["from"], hover["to"]) == (7, 13)


def test_several_targets_and_groups_have_panels() -> None:
    look = ask("look", 'lr = linear(10); lr["head"] = 0.1 * lr; momentum = hold(at=0.9)')
    assert [(panel["name"], [curve["label"] for curve in panel["curves"]]) for panel in look["panels"]] == [
        ("learning rate / base", ["other groups", "group head"]),
        ("momentum", ["other groups"]),
    ]
    assert [t["name"] for t in look["targets"]] == ["lr", 'lr["head"]', "momentum"]


def test_the_level_at_a_tick_is_that_of_values() -> None:
    values = lrdsl.parse(THREE, total_steps=1000).values(1001, base=0.1)
    for tick in (0, 49, 50, 51, 450, 777, 1000):
        assert ask("levels", THREE, {"total_steps": "1000", "base": "0.1"}, tick=tick)["levels"][0]["level"] == pytest.approx(values[tick], rel=1e-14, abs=0)


def test_completion_hover_and_the_call_that_is_typed() -> None:
    options = ask("complete", "cosine(20, ", at=11)["options"]
    assert {"label": "to=", "kind": "parameter", "detail": "the level it ends at"}.items() <= options[1].items()
    assert ask("hover", "cosine(20)", at=2)["text"].startswith("```lrs\ncosine(n")
    assert ask("signature", "cosine(20, ", at=11) == {"label": "cosine(n, to=0, from=v, power=1, touches=start)", "slot": "to=0", "doc": "the level it ends at"}
    assert ask("signature", "cosine(20)", at=10) == {"label": ""}


def test_formulas_and_code_are_those_of_the_schedule() -> None:
    schedule = lrdsl.parse("warmup(5) then cosine(20)")
    formulas = ask("formulas", "warmup(5) then cosine(20)", {"base": "0.1"})["formulas"]
    assert list(formulas) == list(FORMATS)
    assert formulas["python"] == schedule.typeset("python", base=0.1)
    for row in ask("dialects")["written"]:
        answered = ask("export", "warmup(5) then cosine(20)", {"base": "0.1"}, to=row["name"])
        try:
            code, refusal = schedule.export(row["name"], base=0.1), ""
        except lrdsl.ScheduleError as error:  # another library may have no way to say it
            code, refusal = "", error.diagnostics[0].message
        assert (answered.get("code", ""), next((problem["message"] for problem in answered.get("problems", ())), "")) == (code, refusal)


def test_two_texts_are_laid_over_each_other() -> None:
    look = ask("look", "poly(10)", other="linear(10)")
    assert [curve["label"] for curve in look["panels"][0]["curves"]] == ["this text", "the other text"]
    verdict = ask("compare", "poly(10)", other="linear(10)")
    assert (verdict["same"], verdict["proved"]) == (True, True)
    assert not ask("compare", "poly(10)", other="linear(11)")["same"]
    broken = ask("look", "poly(10)", other="linar(10)")
    assert broken["other"][0]["code"] == "LR101"
    assert len(broken["panels"][0]["curves"]) == 1


def test_import_reads_code_and_configs() -> None:
    [code] = ask("read", "CosineAnnealingLR(opt, T_max=n)")["readings"]
    assert (code["dialect"], code["text"], code["unknown"]) == ("torch", "bounce(cosine(n))", ["n"])
    for config in (
        "lr_scheduler_type: cosine\nwarmup_steps: 3\nmax_steps: 30\nlearning_rate: 0.1",
        '{"lr_scheduler_type": "cosine", "warmup_steps": 3, "max_steps": 30, "learning_rate": 0.1}',
    ):
        [one] = ask("read", config)["readings"]
        assert (one["dialect"], one["text"], one["base"], one["facts"]["total_steps"]) == ("transformers", "hf.cosine(3, 30)", "0.1", "30")
    two = ask("read", "a = StepLR(o, 30)\nb = ExponentialLR(o, 0.9)")["readings"]
    assert [(one["line"], one["text"]) for one in two] == [(1, "step(30)"), (2, "exp(0.9)")]
    assert ask("read", "nothing here")["readings"] == []


def test_assertions_are_tested_apart() -> None:
    text = "lr = linear(10)\nassert lr at 10 == 0\nassert lr at 5 == 0"
    assert ask("look", text)["problems"] == []
    answered = ask("assertions", text)
    assert [(p["code"], p["line"]) for p in answered["problems"]] == [("LR145", 3)]
    assert answered["held"] == ["assert lr at 10 == 0"]
    assert [d.code for d in lrdsl.lint(text)] == ["LR145"]  # everywhere else, they are tested at once


def test_facts_are_numbers_as_a_command_takes_them() -> None:
    assert ask("look", "hold(w)", {"names": "w=1_0"})["targets"][0]["rows"][0][3] == "10"
    for facts in ({"total_steps": "abc"}, {"base": "1e999"}, {"names": "w"}, {"events": "x"}, {"tick": "day"}, {"total_steps": "1e999999"}):
        [problem] = ask("look", "hold", facts)["problems"]
        assert (problem["code"], problem["severity"]) == ("LR152", "error"), facts
    assert ask("look", "cosine(rest)", {"total_steps": "10", "total_epochs": "3", "steps_per_epoch": "5"})["problems"][0]["code"] == "LR124"


def test_events_are_supposed() -> None:
    look = ask("look", "hold until val_loss < 0.3 then linear(4)", {"events": "2"})
    assert look["follows"] == ["val_loss"]
    assert [row[2] for row in look["targets"][0]["rows"]] == ["0 … 2", "2 … 6"]


@pytest.mark.parametrize(
    "question",
    ["", "x", "[]", "1", "{}", '{"ask": "no"}', '{"ask": 1}', '{"ask": "look", "text": 1}', '{"ask": "look", "facts": 1}', '{"ask": "look", "facts": {"base": 1}}',
     '{"ask": "look", "facts": {"path": "x"}}', '{"ask": "levels", "text": "hold", "tick": -1}', '{"ask": "levels", "text": "hold", "tick": true}', "[" * 100_000, "x" * (MAX_QUESTION + 1)],
)  # fmt: skip
def test_what_the_page_does_not_ask_is_refused(question: str) -> None:
    assert set(json.loads(answer(question))) == {"error"}


def test_no_question_opens_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.lrs").write_text("def f() = hold\n", "utf-8")
    (tmp_path / "base.py").write_text("optim = 1\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    texts = ['use "other.lrs"; lr = f()', str(tmp_path / "other.lrs"), "_base_ = ['base.py']\nparam_scheduler = dict(type='StepLR', step_size=3)", THREE]
    for text in texts:
        for kind in ANSWERS:
            ask(kind, text, {"total_steps": "100"}, other=text, to="torch")  # what lrdsl itself reads is read now
    opened: list[Any] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if is_watched[0] and event in ("open", "os.listdir", "os.scandir", "subprocess.Popen", "socket.connect", "os.system"):
            opened.append((event, arguments[0]))

    is_watched = [True]
    sys.addaudithook(hook)
    for text in texts:
        for kind in ANSWERS:
            ask(kind, text, {"total_steps": "101"}, other=text, to="torch", at=3)
    is_watched[0] = False
    assert opened == []
    assert ask("look", texts[0])["problems"][0]["code"] == "LR146"


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
_TEXTS = (
    st.sampled_from(["", "hold", "cosine(20", THREE, "lr = hold; momentum = linear(3)", "\0", "\ud800", "𝕏", "x" * 200_000, "plateau(metric=m)"]) | st.text()
)
_FACTS = st.dictionaries(
    st.sampled_from(["base", "total_steps", "names", "events", "tick", "batch_size"]),
    st.sampled_from(["", "0", "-1", "1e-3", "1000", "nan", "x=1", "epoch", "1/3"]) | st.text(),
)


@given(
    st.sampled_from(sorted(ANSWERS)),
    _TEXTS,
    _FACTS,
    st.dictionaries(st.sampled_from(["other", "at", "tick", "ticks", "first", "to", "target", "log", "symbolic"]), _JSON | _TEXTS | st.integers(0, 3000)),
)
@examples(150)
def test_every_question_has_an_answer(kind: str, text: str, facts: dict[str, str], more: dict[str, Any]) -> None:
    answered = json.loads(answer(json.dumps({"ask": kind, "text": text, "facts": facts, **more})))
    assert isinstance(answered, dict)
    assert answered

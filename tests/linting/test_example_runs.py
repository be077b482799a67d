"""Texts that lack facts of the run are checked for several example runs: what all of them have is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.linting.projects import check_source
from lrdsl.linting.settings import Settings

TEXTS = {
    "set total = 100ep; lr = restarts(cosine(30ep))": ["LR211"],
    "set total = 90ep; lr = restarts(cosine(30ep))": [],
    "set total = 60ep; lr = multistep([60ep, 80ep])": ["LR208", "LR208"],
    "set total = 30ep; lr = step(40ep)": ["LR222"],
    "set total = 90ep; lr = warmup(5) then cosine(85)": [],  # a tick may be an epoch
    "set total = 90ep; lr = warmup(5ep) then cosine(40ep)": ["LR204"],
    "set total = 10B tokens; set tokens_per_step = 100k; lr = cosine(rest)": [],
    "set total = 1M samples; lr = warmup(1M samples) then cosine(1M samples)": ["LR216", "LR203"],
    "set epoch = 100 steps; lr = warmup(1B tokens) then cosine(5ep)": [],  # an example run has no other epoch
    "set tick = epoch; set total = 90ep; lr = step(30) then cosine(1B tokens)": [],
    "warmup(90%) then cosine(10%)": ["LR206"],  # all times are shares, so that it is the same for every length of the run
    "warmup(5%) then hold(45%) then cosine(20%)": ["LR204"],
    "restarts(cosine(30%))": ["LR211"],
    "lr = multistep([50%, 120%]); momentum = hold(at=0.9)": ["LR208"],
    "warmup(5%) then cosine(rest)": [],
    "warmup(10%) then hold until 80% then linear(rest)": [],
    "restarts(cosine(25%))": [],
    "warmup(60%) then exp(0.99)": [],  # it falls by the tick
    "let warm = 500; lr = warmup(warm) then cosine(rest)": [],
    "warmup(500) then cosine(rest)": [],
    "lr = warmup(5ep) then restart cosine(85ep)": ["LR307"],
    "lr = warmup(5ep) then cosine(85)": ["LR207"],
}


@pytest.mark.parametrize("text", TEXTS)
def test_example_runs(text: str) -> None:
    assert [d.code for d in check_source(Path("a.lrs"), text, Settings(Path()), "").diagnostics] == TEXTS[text]


def test_settings_stand_in_any_order() -> None:
    texts = (
        "set tokens_per_step = 100k\nset total = 10B tokens\nset epoch = 50 steps\nset batch_size = hold(10ep, at=256) then hold(at=512)",
        "lr = cosine(rest)",
    )
    lines = texts[0].split("\n")
    for i in range(len(lines)):
        turned = "\n".join([*lines[i:], *lines[:i], texts[1]])
        assert check_source(Path("a.lrs"), turned, Settings(Path()), "").diagnostics == ()
    missing = check_source(
        Path("a.lrs"), "set total = 10B tokens\nset epoch = 1M samples\nlr = hold", Settings(Path(), clock=(("tick", "epoch"),)), ""
    ).diagnostics
    assert missing == ()


def test_a_length_that_a_program_gives_by_name() -> None:
    source = "import lrdsl\nlrdsl.compile('warmup(n) then cosine(90)', o, names={'n': %s})\n"
    found = {n: [d.code for d in check_source(Path("a.py"), source % n, Settings(Path()), "").diagnostics] for n in ("0.1", "5", "n")}
    assert found == {"0.1": ["LR219"], "5": [], "n": []}

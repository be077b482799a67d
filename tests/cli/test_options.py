"""Tests that all options of `table`, `plot`, `show` and `analyze` work together: every pair of settings, for one target and several, with and without a base."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from lrdsl.cli import main
from tests.pairwise import Options, assert_holds_every_pair, rows

CLOCK = ("--total-steps", "1000", "--steps-per-epoch", "100", "--batch-size", "7", "--tokens-per-step", "4194304")
#: One target and several, in the units of the text; cycles; a drop; levels of 0; names that are signs elsewhere; and several schedules.
TEXTS = (
    ("warmup(1B tokens) then hold(100) then cosine(rest, to=1e-5)",),
    ("lr = warmup(30) then restarts(linear(10), stretch=2); weight_decay = cosine(total, from=0.04, to=0.4); betas[0] = linear(5ep, from=0.85, to=0.95)",),
    ('lr = 0.1 * cyclic(0.1x, 1x, 7.5) + 1e-6; lr["head_%"] = 10 * lr; "clip" = step(30, 0.5)',),
    ("exp(0.9)", "step(300, 0.1) for 900 then hold(at=0)", "let n_a = 3ep; lr = warmup(n_a) then linear(rest)"),
)
_BASE: tuple[tuple[str, ...], ...] = ((), ("--base", "3e-4"))
_TICKS: tuple[tuple[str, ...], ...] = ((), ("--ticks", "333"))
_TIME = tuple(("--time", time) for time in ("ticks", "steps", "epochs", "tokens", "samples", "percent"))
_NAMED: tuple[tuple[str, ...], ...] = ((), ("--caption", "The rate_1 over 90 % of {it}", "--label", "fig:rate"), ("--label", "fig:rate"))
_PHASE: tuple[tuple[str, ...], ...] = ((), ("--phase-name", "rise & shine", "--phase-name", "#2"))
OPTIONS: dict[str, Options] = {
    "table": {
        "format": tuple(("--format", format) for format in ("latex", "markdown")),
        "summary": ((), ("--summary",)),
        "base": _BASE,
        "ticks": _TICKS,
        "time": _TIME,
        "width": tuple(("--width", width) for width in ("twocolumn", "neurips", "5cm")),
        "named": _NAMED,
        "phase": _PHASE,
        "name": ((), ("--name", "A_1")),
        "target": ((), ("--target", "lr")),
    },
    "plot": {
        "output": tuple(("-o", f"rate{ending}") for ending in (".tex", ".svg", ".png")),
        "base": _BASE,
        "ticks": _TICKS,
        "time": _TIME,
        "log": ((), ("--log",)),
        "log_x": ((), ("--log-x",)),
        "phases": ((), ("--no-phases",)),
        "phase": _PHASE,
        "twin": ((), ("--twin",)),
        "style": tuple(("--style", style) for style in ("page", "paper", "slides", "dark")),
        "size": ((), ("--size", "column"), ("--size", "3x2")),
        "dark": ((), ("--dark",)),
        "serif": ((), ("--serif",)),
        "named": _NAMED,
        "name": ((), ("--name", "A_1 & B")),
        "target": ((), ("--target", "lr")),
    },
    "show": {"base": _BASE, "ticks": _TICKS, "ascii": ((), ("--ascii",)), "target": ((), ("--target", "lr")), "columns": (("40",), ("80",), ("200",))},
    "analyze": {
        "format": tuple(("--format", format) for format in ("text", "json")),
        "base": _BASE,
        "ticks": _TICKS,
        "threshold": ((), ("--threshold", "1e-5")),
        "target": ((), ("--target", "lr")),
    },
}


def long_numbers(text: str) -> list[str]:
    """Returns the numbers of a text with more digits than a reader uses: more than six, or nine of a whole number."""
    numbers = re.findall(r"(?<![\w.#])\d[\d,_]*(?:\.\d+)?", text)
    digits = {number: re.sub(r"\D", "", number).lstrip("0") for number in numbers}
    return [number for number in numbers if len(digits[number]) > (6 if "." in number else 9)]


@pytest.mark.parametrize("verb", OPTIONS)
def test_the_rows_hold_every_pair(verb: str) -> None:
    assert_holds_every_pair(OPTIONS[verb])


@pytest.mark.parametrize("texts", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("verb", ["table", "show", "analyze"])
def test_every_two_options_go_together(verb: str, texts: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for row in rows(OPTIONS[verb]):
        settings = list(row)
        if verb == "show":
            monkeypatch.setenv("COLUMNS", settings.pop()[0])
        arguments = [argument for setting in settings for argument in setting]
        status = main([verb, *(texts[:1] if verb == "show" else texts), *CLOCK, *arguments])
        out, err = capsys.readouterr()
        assert status == 0, (arguments, err)
        assert verb == "show" or not err, (arguments, err)
        CHECKS[verb](out, [*arguments, *(row[-1] if verb == "show" else ())])


@pytest.mark.parametrize("texts", TEXTS, ids=range(len(TEXTS)))
def test_every_two_options_of_figures_go_together(texts: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i, row in enumerate(rows(OPTIONS["plot"])):
        arguments = [argument for setting in row for argument in setting]
        output = tmp_path / arguments[1]
        if output.suffix != ".tex" and i % len(TEXTS) != TEXTS.index(texts):  # a picture takes half a second: each is drawn for one of the texts
            continue
        output.unlink(missing_ok=True)
        arguments[1] = str(output)
        status = main(["plot", *texts, *CLOCK, *arguments])
        _, err = capsys.readouterr()
        refusals = {"a caption and a label are for LaTeX": "--label" in arguments and output.suffix != ".tex", "two values": "--twin" in arguments}
        if status == 2:
            assert any(reason in err and holds for reason, holds in refusals.items()), (arguments, err)
            continue
        assert status == 0, (arguments, err)
        _check_figure(output, arguments)


def _check_table(out: str, arguments: list[str]) -> None:
    if "latex" in arguments:
        body = _check_latex(out)
        width = body.count("&") and max(line.count(" & ") for line in body.splitlines())
        for line in body.splitlines():
            if line.endswith(r"\\") and "multicolumn" not in line:
                assert line.replace(r"\&", "").count("&") == width, (arguments, line)
    else:
        tables = [line.count(" | ") for line in out.splitlines() if line.startswith("|")]
        assert len(set(tables)) == 1, arguments
    assert not long_numbers(out), (arguments, long_numbers(out))


def _check_latex(source: str) -> str:
    """Checks that braces and environments are balanced, that nothing is unescaped, and that no label stands twice. Returns the source without its options."""
    bare = re.sub(r"\\[{}]", "", source)
    assert bare.count("{") == bare.count("}")
    for name in set(re.findall(r"\\begin\{(\w+)\}", bare)):
        assert bare.count(rf"\begin{{{name}}}") == bare.count(rf"\end{{{name}}}")
    labels = re.findall(r"\\label\{([^}]*)\}", bare)
    assert len(labels) == len(set(labels))
    assert not re.search(r"nan(?!,|\))|\binf\b|Fraction|None", bare)
    return bare


def _check_show(out: str, arguments: list[str]) -> None:
    assert "--ascii" not in arguments or out.isascii()
    width = max(len(line) for line in out.splitlines() if line not in TITLES)
    assert width <= int(arguments[-1]), (arguments, width)
    assert not long_numbers(out), (arguments, long_numbers(out))
    assert ("eta0 is the base" if "--ascii" in arguments else "η₀ is the base") in out.replace("_", "")


def _check_analysis(out: str, arguments: list[str]) -> None:
    if "json" in arguments:
        assert json.loads(out)
    else:
        assert not long_numbers(out), (arguments, long_numbers(out))


#: The texts themselves, which are not broken into lines.
TITLES = {texts[0] for texts in TEXTS}
CHECKS: dict[str, Any] = {"table": _check_table, "show": _check_show, "analyze": _check_analysis}


def _check_figure(path: Path, arguments: list[str]) -> None:
    if path.suffix == ".png":
        assert path.read_bytes().startswith(b"\x89PNG")
        return
    source = path.read_text("utf-8")
    if path.suffix == ".svg":
        ET.fromstring(source)
        return
    _check_latex(source)
    entries = re.findall(r"\\addlegendentry(?:\[[^]]*\])?\{(.*)\}", source)
    assert len(entries) == len(set(entries)), (arguments, entries)
    for words in (
        *entries,
        *re.findall(r"(?:label=|\) )\{([^}]*)\}", source),
        *re.findall(r"(?<=[{,])[^{},]*(?=[,}])", "".join(re.findall("xticklabels=.*?}", source))),
    ):
        assert not long_numbers(words), (arguments, long_numbers(words))

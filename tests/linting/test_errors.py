"""Tests of the explanations of errors: each bad example has the problem that it is for, and no other; each good one has none."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

import lrdsl
from lrdsl.cli import main
from lrdsl.diagnostics import CODES
from lrdsl.linting.codes import declared
from lrdsl.linting.errors import EXPLANATIONS, Explanation
from lrdsl.linting.linter import ABOUT
from lrdsl.linting.projects import check_source
from lrdsl.linting.reports import name, url
from lrdsl.linting.settings import Settings
from lrdsl.rules.catalogue import RULES
from lrdsl.training.catalogue import RUN_RULES


def codes_of(explanation: Explanation, example: str) -> list[str]:
    """The codes of the problems of an example."""
    if explanation.language == "lrs":
        return [d.code for d in lrdsl.lint(example, **explanation.clock)]
    if explanation.language == "yaml":
        return [d.code for d in check_source(Path("a.yaml"), example, Settings(Path())).diagnostics]
    optimizer = SimpleNamespace(param_groups=[{"lr": 0.1, "betas": (0.9, 0.999)}])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            exec(example, {"lrdsl": lrdsl, "optimizer": optimizer})
        except lrdsl.ScheduleError as error:
            return [d.code for d in error.diagnostics]
    return []


def test_every_code_has_one_explanation_in_order() -> None:
    assert list(EXPLANATIONS) == [*CODES, *sorted(ABOUT)]
    assert not EXPLANATIONS.keys() & (RULES.keys() | RUN_RULES.keys())


@pytest.mark.parametrize("explanation", EXPLANATIONS.values(), ids=EXPLANATIONS)
def test_the_bad_example_has_the_problem_and_the_good_one_has_none(explanation: Explanation) -> None:
    assert (codes_of(explanation, explanation.bad), codes_of(explanation, explanation.good)) == ([explanation.code], [])


@pytest.mark.parametrize("code", [*EXPLANATIONS, "LR203", "LR601"])
def test_explain_shows_both_examples(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code.lower()]) == 0
    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    declaration = declared(code)
    assert shown[0] == f"{code} {name(code)}"
    assert all(line.strip() in shown for text in (declaration.bad, declaration.good) for line in text.splitlines())
    assert not getattr(declaration, "clock", None) or any(line.startswith("in a run with") for line in shown)


def test_explain_names_the_nearest_code_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "LR9O3"]) == 2
    assert "did you mean `LR903`?" in capsys.readouterr().err


@pytest.mark.parametrize("code", [*EXPLANATIONS, *RULES, *RUN_RULES])
def test_the_address_is_that_of_a_heading_of_the_page(code: str) -> None:
    address = urlsplit(url(code))
    headings = re.findall(r"^### (.*)$", Path(unquote(address.path)).read_text("utf-8"), re.MULTILINE)
    assert address.fragment in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings], "as GitHub makes anchors"


def test_a_check_does_not_load_the_explanations() -> None:
    program = "import sys; from lrdsl.cli import main; main(['check', 'cosin(5)', '-']); print('lrdsl.linting.errors' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], input="cosin(5)", capture_output=True, text=True, check=True)
    assert run.stdout.endswith("False\n")

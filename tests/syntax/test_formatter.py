"""Tests of the formatter: its layout keeps the meaning and all comments of a text, and does not change when it is formatted again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

import lrdsl
from lrdsl.syntax import parse
from lrdsl.syntax.formatter import WIDTH
from tests.drawing import examples
from tests.formulas.typeset.formulas import EXAMPLES
from tests.properties import texts


@pytest.mark.parametrize(
    ("text", "laid_out"),
    [
        ("step( 3 steps,.10 )then(cosine( 2_0 ))  # the classic\n", "step(3 steps, 0.10) then (cosine(2_0))  # the classic\n"),
        ("let w=5;lr=warmup(w)then cosine(-3*w+10^-2)", "let w = 5; lr = warmup(w) then cosine(-3 * w + 10^-2)"),
        ("let w=5;lr=warmup(w)", "let w = 5; lr = warmup(w)"),
        ("let w=5;lr=warmup(w)\n", "let w = 5\nlr = warmup(w)\n"),
        ('lr["x"]=hold(at=.1x)for 10 % until val_loss<0.3 or 5 ep\n', 'lr["x"] = hold(at=0.1x) for 10% until val_loss < 0.3 or 5ep\n'),
        ("cosine(20,[1,2 ,3],  to=- 1e-5)", "cosine(20, [1, 2, 3], to=-1e-5)"),
        ("assert lr  at 3ep==0.1x\n", "assert lr at 3ep == 0.1x\n"),
        ("def f(a,b = 1)=linear(a,to= b)\n", "def f(a, b=1) = linear(a, to=b)\n"),
        ("set base=1\nset total = 5 ep\nlr=hold\n", "set base  = 1\nset total = 5ep\nlr = hold\n"),
        ("\n\n# one\n\n\n\n#two\nlr=hold # three\n\n\n# four\n", "# one\n\n# two\nlr = hold  # three\n\n# four\n"),
        ("lr=min(a(1),\n # why\n hold)\n", "lr = min(\n    a(1),\n    # why\n    hold\n)\n"),
        ("lr=(\n# why\nhold(3))*2\n", "lr = (\n    # why\n    hold(3)\n) * 2\n"),
        ("(\n# why\nhold(3))*2\n", "(\n    # why\n    hold(3)\n) * 2\n"),
        ("lr=cosine(3, # why\n to=0.1x)\n", "lr = cosine(\n    3,  # why\n    to=0.1x\n)\n"),
        ("warmup(5) # one\nthen hold(3)# two\n# three\nthen cosine(5)\n", "warmup(5)  # one\n    then hold(3)  # two\n    # three\n    then cosine(5)\n"),
    ],
)  # fmt: skip
def test_layouts(text: str, laid_out: str) -> None:
    assert lrdsl.format(text) == laid_out
    assert lrdsl.format(laid_out) == laid_out


def test_long_chains_have_a_phase_a_line() -> None:
    text = "lr = " + " then ".join(f"linear({n}_000 steps, to=0.{n}x)" for n in range(1, 7)) + "\n"
    assert lrdsl.format(text).split("\n")[1] == "    then linear(2_000 steps, to=0.2x)"
    inner = "lr = repeat(" + " then ".join(f"linear({n}_000 steps, to=0.{n}x)" for n in range(1, 7)) + ", times=3)\n"
    assert lrdsl.format(inner).split("\n")[:3] == ["lr = repeat(", "    linear(1_000 steps, to=0.1x)", "        then linear(2_000 steps, to=0.2x)"]


def test_a_long_list_fills_its_lines() -> None:
    milestones = [f"{n}_000" for n in range(1, 40)]
    text = f"lr = multistep([{', '.join(milestones)}], gamma=0.1)\n"
    first, brackets, *rows, end, gamma, last = lrdsl.format(text).splitlines()
    assert (first, brackets, end, gamma, last) == ("lr = multistep(", "    [", "    ],", "    gamma=0.1", ")")
    assert [item for row in rows for item in re.findall(r"\w+", row)] == milestones
    assert all(WIDTH - len("39_000, ") < len(row) <= WIDTH for row in rows[:-1])
    with_comments = lrdsl.format(text.replace("2_000,", "2_000, # the second\n"))
    assert "\n        2_000,  # the second\n        3_000,\n" in with_comments


@pytest.mark.parametrize(
    ("text", "laid_out"),
    [
        ("hold(.5)", "hold(0.5)"),
        ("hold(at=5.)", "hold(at=5)"),
        (f"hold(at=.{'1' * 39})", f"hold(at=.{'1' * 39})"),
        ("hold(at=1E3) then cosine(1e+03, to=1E-05)", "hold(at=1e3) then cosine(1e3, to=1e-5)"),
        ("cosine(1_000, to=0.90x)", "cosine(1_000, to=0.90x)"),
        ("let warm = (5); lr = cosine((warm))", "let warm = 5; lr = cosine(warm)"),
        ("hold((5ep)) then cosine((10%))", "hold(5ep) then cosine(10%)"),
        ("(cosine(5)) then (hold)", "(cosine(5)) then hold"),
        ("restarts(((cosine(5) then hold(3))), 3)", "restarts((cosine(5) then hold(3)), 3)"),
        ("multistep(([3, 6]))", "multistep(([3, 6]))"),
        ("scale((t)^(2) / ((10))^2)", "scale(t^2 / 10^2)"),
        ("scale(2^(-3) * (1 + t))", "scale(2^(-3) * (1 + t))"),
        ("cosine(5) for (3 + 1)", "cosine(5) for (3 + 1)"),
        ("lr = hold * ( # why\n (2))\n", "# why\nlr = hold * 2\n"),
    ],
)
def test_numbers_and_brackets_have_one_spelling(text: str, laid_out: str) -> None:
    assert lrdsl.format(text) == laid_out
    assert lrdsl.format(laid_out) == laid_out


@pytest.mark.parametrize("page", sorted([*(EXAMPLES.parent / "grammar").glob("*.md"), EXAMPLES.parent / "README.md"]), ids=lambda page: page.stem)
def test_the_samples_of_our_pages_are_laid_out(page: Path) -> None:
    samples = re.findall(r"```lrs\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)
    for sample in samples:
        text = f"{sample}\n" if "\n" in sample else sample
        try:
            layout = lrdsl.format(text)
        except lrdsl.ScheduleError:  # a sample of a mistake
            continue
        assert layout.rstrip("\n") == sample  # a text with a comment becomes lines


@pytest.mark.parametrize("path", sorted([*EXAMPLES.glob("*.lrs"), *(Path(lrdsl.__file__).parent / "prelude").glob("*.lrs")]), ids=lambda path: path.stem)
def test_our_own_files_are_laid_out(path: Path) -> None:
    text = path.read_text("utf-8")
    assert lrdsl.format(text) == text


def test_a_wrong_text_has_no_layout() -> None:
    with pytest.raises(lrdsl.ScheduleError, match="LR003"):
        lrdsl.format("cosine(20")


@examples(150)
@given(texts.messy())
def test_any_spacing_and_any_comments(messy: str) -> None:
    """The layout of a file with blanks, breaks and comments anywhere has the same meaning and all comments, and is its own layout."""
    try:
        meant = parse(messy)
    except lrdsl.ScheduleError:  # a break ended a statement in the middle
        return
    found = lrdsl.format(messy)
    assert parse(found) == meant
    assert sorted(re.findall(r"# ?note (\d+)", found)) == sorted(re.findall(r"# ?note (\d+)", messy))
    assert lrdsl.format(found) == found

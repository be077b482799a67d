"""Tests of the language reference: its tables are those of the declarations. `python -m tests.test_grammar_reference` writes the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import lrdsl
from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import FOLDER, namespace_of, recipe_names, recipes
from lrdsl.check.program import SETTINGS
from lrdsl.clock import CANONICAL_UNIT, UNITS
from lrdsl.diagnostics import CODES
from lrdsl.dialects import DIALECTS, dialect
from lrdsl.kinds import DESCRIPTION, Parameter
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical
from tests.reference.peers import PEERS

PAGE = Path(__file__).parents[1] / "grammar" / "reference.md"
MEANS = {
    "tick": "one call of `scheduler.step()`",
    "step": "one step of the optimizer",
    "epoch": "`steps_per_epoch` steps",
    "percent": "a hundredth of the run",
    "token": "a step holds `tokens_per_step`",
    "sample": "a step holds `batch_size`",
}
STATES = {
    "base": "the base that assertions are tested with (default: 1)",
    "batch_size": "samples in a step: a number, or a schedule",
    "epoch": "steps in an epoch",
    "tick": "`step` or `epoch`",
    "tokens_per_step": "tokens in a step: a number, or a schedule",
    "total": "the length of the run, in any unit that is known",
}


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = rows
    return _row(*head) + _row(*("---" for _ in head)) + "".join(_row(*row) for row in body)


def _kind(p: Parameter) -> str:
    kind = " or ".join(f"`{o}`" for o in p.options) or DESCRIPTION[p.kind]
    listed = {"one": "", "list": ", a list", "either": ", or a list"}[p.listed]
    return kind + listed + (f", {p.range_text}" if p.range_text else "")


def _parameters(found: tuple[Parameter, ...]) -> str:
    rows = ((f"`{p.name}`", _kind(p), f"`{p.default_text}`" if p.default_text else "", p.doc, f"`{p.letter}`" if p.letter else "") for p in found)
    return _table(("parameter", "kind", "default", "is", "letter"), *rows)


def _example(text: str) -> str:
    """Returns an example, and what it does in words."""
    return f"```lrs\n{text}\n```\n\n> {lrdsl.parse(text).sentence()}\n"


def phases() -> str:
    """Returns every form of a phase, in one table."""
    operators = (
        ("A then B", "One after the other; B enters at the level where A ended."),
        ("restart A", "A, entered at the base again."),
        ("A for D", "A, held from D on at the level it reached there."),
        ("A until C", "A up to a time of the run, `80%`, or until something happens: `val_loss < 0.3 or for 20ep`."),
        ("A * B", "Both at once, B as a pure factor; a number is a constant factor."),
        ("A + 1e-5, 1x - A", "A plus a level; a level less A."),
    )
    rows = [(f"`{form.signature}`", form.summary) for forms in SHAPES.values() for form in forms]
    rows += [(f"`{form}`", summary) for form, summary in operators]
    rows += [(f"`{c.signature}`", c.summary) for c in COMBINATORS.values()]
    return _table(("phase", "what it does"), *rows)


def shapes() -> str:
    blocks = []
    for forms in SHAPES.values():
        for form in forms:
            blocks.append(f"### `{form.signature}`\n\n{form.summary} From: {form.source}.\n\n{_parameters(form.parameters)}\n{_example(form.example)}")
    return "\n".join(blocks)


def combinators() -> str:
    return "\n".join(f"### `{c.signature}`\n\n{c.summary}\n\n{_parameters(c.parameters)}\n{_example(c.example)}" for c in COMBINATORS.values())


def units() -> str:
    rows = []
    for unit in CANONICAL_UNIT:
        spelled = ", ".join(f"`{word}`" for word, named in UNITS.items() if named == unit)
        rows.append((spelled, MEANS[unit]))
    return _table(("unit", "is"), *rows)


def settings() -> str:
    assert set(SETTINGS) == set(STATES)
    return _table(("setting", "states"), *((f"`set {name} = ...`", states) for name, states in STATES.items()))


def recipe_table() -> str:
    rows = []
    for name, found in recipes().items():
        slots = ", ".join(p.name if p.default is None else f"{p.name}={canonical(p.default)}" for p in found.function.parameters)
        rows.append((f"`{name}({slots})`", f"`{canonical(found.function.body)}`"))
    return _table(("recipe", "is"), *rows)


def peers() -> str:
    entries = ((dialect(name), entry) for name in DIALECTS for entry in dialect(name).entries)
    rows = [(d.title, f"`{entry.call}`", f"`{entry.text}`" if entry.forms else "no text", entry.note or entry.reason) for d, entry in entries]
    systems = ((p.library, f"`{p.call}`", f"`{re.sub(r'[{}]', '', p.text)}`", p.note) for p in PEERS)
    return _table(("library", "there", "here", ""), *rows, *systems)


def codes() -> str:
    return _table(("code", "says that there is"), *((f"`{code}`", what) for code, what in CODES.items()))


SECTIONS: dict[str, Callable[[], str]] = {
    "phases": phases,
    "shapes": shapes,
    "combinators": combinators,
    "units": units,
    "settings": settings,
    "recipes": recipe_table,
    "peers": peers,
    "codes": codes,
}


def written(text: str) -> str:
    """Returns the page with its tables made anew from the declarations."""
    for name, section in SECTIONS.items():
        body = section()
        text, found = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, body=body: f"{m[1]}\n{body}\n{m[2]}", text, count=1, flags=re.DOTALL)
        assert found == 1, name
    return text


def test_the_reference_is_up_to_date() -> None:
    text = PAGE.read_text("utf-8")
    assert written(text) == text


def test_the_first_screen_is_one_from_which_a_newcomer_can_write() -> None:
    """It has at most 60 lines, comes before all else, and each text on it is one of the language; A and B stand for phases."""
    text = PAGE.read_text("utf-8")
    before, screen = text.split("\n## ")[:2]
    assert screen.startswith("In one screen\n")
    assert len((before + screen).splitlines()) <= 60
    (block,) = re.findall(r"```lrs\n(.*?)```", screen, re.DOTALL)
    cells = [cell for line in screen.splitlines() if line.startswith("| ") for cell in re.findall(r"`([^`]+)`", line.split(" | ")[1])]
    facts = {"steps_per_epoch": 100, "total_steps": 9000, "tokens_per_step": 4_000_000}
    for written in (block, *cells):
        filled = re.sub(r"\b[AB]\b", "cosine(9)", written)
        wrong = [d for d in lrdsl.lint(filled, **facts) if d.severity == "error"]
        assert not wrong, (written, wrong)
    said = " ".join(cells)
    words = ("warmup", "cosine", "hold", "step", "exp", "then", "for", "until", "restart", "rest", "to=", "x", "%", "ep", "touches=", "scale", "lr =", "lr[")
    assert not [word for word in words if word not in said]


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_names_its_source(name: str) -> None:
    """Each recipe, or its group, has a comment above it."""
    text = (FOLDER / f"{namespace_of(name)}.lrs").read_text("utf-8")
    before = text[: text.index(f"def {name}(")].rstrip("\n").split("\n\n")[-1]
    assert before.lstrip().startswith("#")


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")

"""Tests of texts that are read again with a memory: only what has changed is read, and what comes out is the same as without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.files.folder import Folder
from lrdsl.linting.linter import lint
from lrdsl.syntax import nodes
from lrdsl.syntax import parse as parse_tree
from lrdsl.work import Memory, limited, remembering, spent
from tests.drawing import examples

#: Lines of files. Most are sound; some depend on others, some have errors.
LINES = (
    "set total = 1000", "set total = 2000", "set epoch = 10 steps", "set base = 0.1", "set batch_size = hold(100, at=1) then hold(at=2)",
    "let warm = 5", "let warm = 7ep", "let low = 0.1x", "let body = cosine(rest, to=low)", "let body = linear(20)", "let a = warm + 1",
    "def f(n, to=0) = warmup(n) then cosine(rest, to=to)", "def f(n) = hold(n)", "def g(n) = f(n + warm)", "def bad(n) = bad(n)",
    "lr = warmup(warm) then body", "lr = f(warm)", "lr = g(3) then hold", "lr = cosin(3)", "lr = cosine(", "lr = repeat(linear(5), 3)", "lr = exp(2)",
    'lr["x"] = 0.1 * lr', 'lr["b.{k}"] = 0.5^(12 - k) * lr', 'lr["b.{j}.c"] = hold(at=(1 / (j - 1)))', 'lr["y"] = lr["b.3"] * 2', "momentum = hold(at=low)",
    "weight_decay = hf.cosine(20, 100)", "momentum = lr", "lr = hold until val_loss < 0.3 then linear(20)", "lr = cosine(200 samples)", "assert max(lr) <= 1x", "# only a comment",
)  # fmt: skip
CHANGED = 'let warm = 5\nlet low = 0.1x\ndef f(n) = warmup(n) then cosine(20, to=low)\nlr = f(warm)\nmomentum = hold(at=0.9)\nlr["x"] = 0.1 * lr\nbetas[0] = hold(at=0.5)'


def seen(text: str) -> list[object]:
    return [d.to_json() for d in lint(text)]


@examples(150)
@given(st.lists(st.tuples(st.integers(0, 7), st.booleans(), st.sampled_from(LINES)), min_size=2, max_size=14))
def test_a_memory_changes_nothing(edits: list[tuple[int, bool, str]]) -> None:
    """A file to which lines are added, and in which lines are replaced, has the same problems and levels with a memory as without."""
    memory, lines = Memory(), [""] * 8
    for line, appends, text in edits:
        lines[line] = f"{lines[line]}; {text}".removeprefix("; ") if appends else text
        whole = "\n".join(part.ljust(200) for part in lines)
        memory.turn()
        with remembering(memory):
            problems = seen(whole)
        assert problems == seen(whole)
        try:
            plain = lrdsl.parse(whole)
        except lrdsl.ScheduleError:
            continue
        with remembering(memory):
            remembered = lrdsl.parse(whole)
            plans = [remembered.readable_plan(target.name) for target in remembered.targets]
        assert remembered == plain
        assert [t.plan.phases for t in remembered.targets] == [t.plan.phases for t in plain.targets]
        assert [p.extent for t in remembered.targets for p in t.plan.phases] == [p.extent for t in plain.targets for p in t.plan.phases]
        assert [p.level for p in plans] == [plain.readable_plan(target.name).level for target in plain.targets]


@pytest.mark.parametrize(
    ("before", "after", "read"),
    [
        ("hold(at=0.9)", "hold(at=0.8)", 1),  # a target alone
        ("cosine(20", "cosine(30", 2),  # a function, the target that calls it, and one of that target
        ("let low = 0.1x", "let low = 0.2x", 2),
        ("let warm = 5", "let warm = 6", 2),
        ("0.1 * lr", "0.2 * lr", 1),
        ("momentum", "weight_decay", 1),
        ("hold(at=0.5)", "hold(at=", 0),
        ("let low = 0.1x\n", "let low = 0.1x  # a level\n", 0),
        ("lr = f(warm)\n", "\nlr = f(warm)\n", 4),  # the lines after it stand at other places
        ("let warm", "set total = 100; let warm", 4),
    ],
)
def test_only_what_has_changed_is_read(before: str, after: str, read: int) -> None:
    def padded(text: str) -> str:
        return "\n".join(line.ljust(80) for line in text.split("\n"))

    memory = Memory()
    with remembering(memory):
        lint(padded(CHANGED))
        assert memory.made["target"] == 4
        memory.made.clear()
        memory.turn()
        lint(padded(CHANGED))
        assert memory.made == {"text": 1}
        memory.turn()
        lint(padded(CHANGED.replace(before, after)))
    assert memory.made.get("target", 0) == read


def test_definitions_of_other_files(tmp_path: Path) -> None:
    """A target is read again if a definition of a file that it uses has changed."""
    memory, common = Memory(), tmp_path / "common.lrs"
    text = 'use "common.lrs"\nlr = f(5)\nmomentum = hold(at=0.9)\n'
    lengths = []
    for n in (10, 10, 20):
        common.write_text(f"def f(n) = warmup(n) then cosine({n})\n", "utf-8")
        memory.turn()
        memory.made.clear()
        with remembering(memory):
            lengths.append((lrdsl.parse(text, library=Folder.of(tmp_path / "a.lrs")).length, memory.made.get("target", 0)))
    assert lengths == [(15, 2), (15, 0), (25, 1)]


def test_other_facts_are_another_text() -> None:
    memory = Memory()
    with remembering(memory):
        lengths = [lrdsl.parse("lr = warmup(w) then cosine(rest)\n", total_steps=n, names={"w": w}).phases[1].length for n, w in ((100, 5), (200, 5), (200, 9))]
    assert lengths == [95, 195, 191]


def statement(tree: nodes.Node) -> nodes.Node:
    """The first statement of a file."""
    assert isinstance(tree, nodes.File)
    return tree.statements[0]


def test_a_memory_keeps_two_texts() -> None:
    memory = Memory()
    with remembering(memory):
        first = parse_tree("lr = hold(3)")
        assert parse_tree("lr = hold(3)") is first
        for _ in range(2):
            memory.turn()
            assert statement(parse_tree("lr = hold(3)")) is statement(first)
        memory.turn()
        memory.turn()
        assert statement(parse_tree("lr = hold(3)")) is not statement(first)
    assert parse_tree("lr = hold(3)") is not parse_tree("lr = hold(3)")


def test_a_memory_tells_equal_objects_apart() -> None:
    memory = Memory()
    one, other = [1], [1]
    assert memory.once("x", (one,), 3, lambda: "one") == "one"
    assert memory.once("x", (other,), 3, lambda: "other") == "other"
    assert memory.once("x", (one,), 3, lambda: "again") == "one"
    assert memory.made == {"x": 2}


def test_rules_speak_of_what_is_remembered() -> None:
    memory, codes = Memory(), []
    for level in ("0.8", "0.9"):
        memory.turn()
        with remembering(memory):
            codes.append([d.code for d in lint(f"lr = hold(3) then restart linear(5)\nmomentum = hold(at={level})\n")])
    assert codes[0] == codes[1] == ["LR307"]


def test_names_expand_as_if_they_were_read() -> None:
    """A text whose names expand too far is refused again, although most of it is remembered."""
    names = f"let a = {' + '.join(['1'] * 60)}; let b = {' + '.join(['a'] * 20)}"
    texts = ["\n".join([names, *(f'lr["{i}"] = hold({"at=b + b + b" if i < n else "3"})'.ljust(100) for i in range(8))]) for n in range(9)]
    memory, refused = Memory(), []
    for text in texts:
        memory.turn()
        with remembering(memory):
            problems = lint(text)
        assert [d.to_json() for d in problems] == seen(text)
        refused.append(any(d.code == "LR005" for d in problems))
    assert refused == [False] * 7 + [True] * 2


def test_work_counts_as_if_it_were_done() -> None:
    memory, work = Memory(), []
    for _ in range(2):
        memory.turn()
        with remembering(memory), limited():
            lrdsl.parse("lr = repeat(max(exp(0.93), 0.17) for 7, times=29)\nmomentum = hold(at=0.9)\n")
            work.append(spent())
    assert work[1] > 0.9 * work[0] > 100

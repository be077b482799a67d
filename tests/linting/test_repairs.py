"""Tests of repairs and formatting in files of other formats: no other byte changes, and a killed process leaves the old file or the new one."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.diagnostics import Fix
from lrdsl.linting.hosts.edits import Texts, edited
from lrdsl.linting.hosts.likeness import looks_like_one
from lrdsl.linting.projects import check_source, formatted, texts_of
from lrdsl.linting.settings import Settings
from lrdsl.syntax.parser import parse
from tests.drawing import examples
from tests.linting.hosts.test_notebook import notebook
from tests.properties import texts

PROGRAM = "s = lrdsl.parse('''\nlet x = 3\nlr = warmup(5)\n''')"


@pytest.mark.parametrize(
    ("name", "source", "repaired"),
    [
        ("a.yaml", "my_schedule: |\n  lr = warmup(5)\n  let x = 3\nafter: 1\n", "my_schedule: |\n  lr = warmup(5)\nafter: 1\n"),
        ("a.yaml", "schedule: |-\r\n    let x = 3\r\n    lr = warmup(5)\r\nb: 1\r\n", "schedule: |-\r\n    lr = warmup(5)\r\nb: 1\r\n"),
        ("a.py", 'schedule = """\n    let x = 3\n    lr = warmup(5)\n"""\n', 'schedule = """\n    lr = warmup(5)\n"""\n'),
        ("a.toml", 'schedule = """\nlr = warmup(5)\nlet x = 3\n"""\n', 'schedule = """\nlr = warmup(5)\n"""\n'),
        ("a.json", r'{"schedule": "let x = 3\nlr = warmup(5)"}', '{"schedule": "lr = warmup(5)"}'),
        ("a.ipynb", notebook(PROGRAM.splitlines(keepends=True)), notebook(PROGRAM.replace("let x = 3\n", "").splitlines(keepends=True))),
    ],
)
def test_repairs_that_take_a_line_out(tmp_path: Path, name: str, source: str, repaired: str) -> None:
    done = check_source(tmp_path / name, source, Settings.of(tmp_path), "unsafe")
    assert done.source == repaired
    assert done.diagnostics == ()


def test_a_repair_that_would_change_more_is_not_made(tmp_path: Path) -> None:
    source = "schedule: hold(3) then cosine(9)\n"
    s = Settings.of(tmp_path)

    def read(source: str) -> Texts:
        return texts_of(tmp_path / "a.yaml", source, s)

    for added in ("# then", ": ", "then\n"):
        assert edited(source, read(source), {0: [Fix(8, 12, added)]}, read).source == source
    assert edited(source, read(source), {0: [Fix(8, 12, "then  restart")]}, read).source == "schedule: hold(3) then  restart cosine(9)\n"


def test_a_repair_of_an_anchor_is_one_of_its_aliases(tmp_path: Path) -> None:
    source = "schedule: &a warmup(5) then restart cosine(9)\nmy_schedule: *a\n"
    assert check_source(tmp_path / "a.yaml", source, Settings.of(tmp_path), "safe").source == source.replace("restart ", "")


@pytest.mark.parametrize(
    ("name", "source", "laid_out"),
    [
        ("a.yaml", "a_schedule: |\n  lr=hold( 3 )\n  momentum=hold()\nb:   1\n", "a_schedule: |\n  lr       = hold(3)\n  momentum = hold()\nb:   1\n"),
        ("a.yaml", "schedule: 'warmup( 5 )then   cosine(95)'  # x\nb:   1\n", "schedule: 'warmup(5) then cosine(95)'  # x\nb:   1\n"),
        ("a.yaml", "schedule: >-\n  warmup( 5 )\n  then   cosine(95)\nb:   1\n", "schedule: >-\n  warmup(5) then cosine(95)\nb:   1\n"),
        (
            "a.py",
            "def f():\n    schedule = '''\n        warmup( 5 )# first\n        then hold( 3 )\n    '''\n",
            "def f():\n    schedule = '''\n        warmup(5)  # first\n            then hold(3)\n    '''\n",
        ),
        ("a.toml", "schedule = '''\nlr=hold( 3 )\nmomentum=hold\n'''\n", "schedule = '''\nlr       = hold(3)\nmomentum = hold\n'''\n"),
        ("a.json", r'{"schedule": "lr=hold( 3 )\nmomentum=hold"}', r'{"schedule": "lr       = hold(3)\nmomentum = hold"}'),
        ("a.ipynb", notebook(PROGRAM.replace(" = ", "=").splitlines(keepends=True)), notebook(PROGRAM.replace("s = ", "s=").splitlines(keepends=True))),
        ("a.yaml", "schedule: hold( 3) then cosin e(\n", "schedule: hold( 3) then cosin e(\n"),
    ],
)
def test_layout(tmp_path: Path, name: str, source: str, laid_out: str) -> None:
    assert formatted(tmp_path / name, source, Settings.of(tmp_path)) == laid_out


def _host(kind: str, text: str) -> str:
    """A file of some kind with a text in it, and with other things around."""
    if kind == "lrs":
        return text
    if kind == "yaml":
        return "a:   é  # é\n" + yaml.dump({"schedule": text, "z": "é"}, default_style="|", allow_unicode=True, width=10_000)
    if kind == "json":
        return json.dumps({"a": [1, "é"], "schedule": text, "b": "𝕏"}, ensure_ascii=False)
    if kind == "toml":
        return f"a = 'é'\nschedule = {json.dumps(text, ensure_ascii=False)}\nb   = 1 # é\n"
    if kind == "ipynb":
        return notebook("%time é = 1", f"schedule = {text!r}\n".splitlines(keepends=True))
    return f"é = 1\nschedule = {text!r}  # é\nb   = 1\n"


@examples(100)
@given(
    text=texts.messy(),
    kind=st.sampled_from(["lrs", "yaml", "json", "toml", "py", "ipynb"]),
    repair=st.sampled_from(["fmt", "safe", "unsafe"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_in_any_file(text: str, kind: str, repair: str, end: str) -> None:
    sound = not any(d.severity == "error" for d in lrdsl.lint(text))
    assume(looks_like_one(text) and (sound or kind != "lrs" or repair != "fmt"))
    path, s = Path(f"a.{kind}"), Settings(Path())
    source = _host(kind, text).replace("\n", end)
    (before,) = texts_of(path, source, s)[0]

    def change(source: str) -> str:
        return formatted(path, source, s) if repair == "fmt" else check_source(path, source, s, repair).source

    changed = change(source)
    (after,) = texts_of(path, changed, s)[0]
    assert changed[: after.offsets[0]] == source[: before.offsets[0]]
    assert changed[after.offsets[-1] :] == source[before.offsets[-1] :]
    assert change(changed) == changed
    assert after.text.count("#") == before.text.count("#")
    assert len(re.findall(r"(?<!\r)\n" if end == "\r\n" else r"\r", changed)) == 0
    if repair == "fmt" and sound:
        assert parse(after.text) == parse(before.text)


SOURCE = "schedule: warmup(5) then restart cosine(95)\n" + "# a comment of some length\n" * 20_000


def test_a_killed_process_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    seen = set()
    wait = 0.0
    for k in range(12):
        path.write_text(SOURCE, "utf-8")
        running = subprocess.Popen(
            [sys.executable, "-m", "lrdsl", "check", "--fix", "--no-cache", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        began = time.monotonic()
        if k == 0:
            running.wait()
            wait = time.monotonic() - began
        else:
            try:
                running.wait(wait * k / 11)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.wait()
        seen.add(path.read_text("utf-8"))
    assert seen <= {SOURCE, SOURCE.replace("restart ", "")}
    assert SOURCE.replace("restart ", "") in seen


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.lrs"
    path.write_text("lr=hold(3)\n", "utf-8")
    path.chmod(0o640)
    subprocess.run([sys.executable, "-m", "lrdsl", "fmt", str(path)], check=True, capture_output=True)
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == (lrdsl.format("lr=hold(3)\n"), 0o640)

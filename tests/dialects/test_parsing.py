"""Tests of programs that name a scheduler and cannot be read: `convert` and `check` say why and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pygls.workspace import TextDocument

from lrdsl.cli import main
from lrdsl.dialects.code.parsing import fault
from lrdsl.editor.open_file import OpenFile
from lrdsl.linting.settings import Settings
from lrdsl.work import Memory

IMPORT = "from torch.optim.lr_scheduler import CosineAnnealingLR\n"
MADE = f"{IMPORT}s = CosineAnnealingLR(optimizer, T_max=10)\n"
#: A program, what stands where it cannot be read, a part of the reason, and whether it is another language's.
UNREAD = (
    (f"{MADE}é = 'é'; x = = 1\n", "= 1", "it is no Python: invalid syntax", False),
    (f"{MADE}print 'é', 1\n", "print", "it is a program for an older Python", True),
    (f"{MADE}try:\n    f()\nexcept ValueError, e:\n    pass\n", "ValueError", "it is a program for an older Python", True),
    (f"{MADE}target = target.cuda(async=True)\n", "async", "it is a program for an older Python", True),
    (f"import {{{{ name }}}}\n{MADE}", "{{ name", "it is a template of a program", True),
    (f"{MADE}{{% if a %}}\nb = 1\n", "% if a", "it is a template of a program", True),
    (f"{MADE}<<<<<<< HEAD\nn = 1\n", "<<<<<<<", "it is no Python: invalid syntax", False),
    (f"{MADE}x = (\r\n", "(\r\n", "it is no Python: '(' was never closed", False),
    (f"{MADE}\0", "\0", "it has a character NUL", False),
    (f"{MADE}{'(' * 1000}{')' * 1000}", "(((((", "too many nested parentheses", False),
    ("a = TrainingArguments('out', max_steps=3\n", "(", "it is no Python: '(' was never closed", False),
    (f"{IMPORT}{'x = 1' + chr(10)}" * 20_000 + "y =\n", "", "it has more than 1,000,000 characters", False),
)


@pytest.mark.parametrize(("source", "at", "reason", "is_foreign"), UNREAD, ids=range(len(UNREAD)))
def test_why_a_program_is_not_read_and_where(source: str, at: str, reason: str, is_foreign: bool) -> None:
    why = fault(source)
    assert why is not None
    assert (reason in why.reason, why.is_foreign) == (True, is_foreign), why
    assert source[why.offset :].startswith(at), source[why.offset :][:20]


@pytest.mark.parametrize("source", [MADE, "x = = 1\n", "print 'no scheduler'\n", "", f"{MADE}x = 'a {{{{ b }}}}'\n"])
def test_a_program_that_is_read_or_names_no_scheduler(source: str) -> None:
    assert fault(source) is None


def test_check_warns_of_what_is_no_python_and_notes_what_is_another_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("broken", "x = = 1"), ("two", "print 'x'"), ("template", "import {{ name }}"), ("sound", "x = 1")):
        (tmp_path / f"{name}.py").write_text(f"{MADE}{text}\n", "utf-8")
    (tmp_path / "other.py").write_text("x = = 1\n", "utf-8")
    assert main(["check", str(tmp_path), "--format", "json", "--isolated", "--no-cache"]) == 1
    printed = json.loads(capsys.readouterr().out)
    found = {(Path(d["path"]).stem, d["code"], d["severity"], d["span"]["start"]["line"], d["span"]["start"]["column"]) for d in printed}
    assert found == {("broken", "LR903", "warning", 3, 5), ("two", "LR903", "note", 3, 1), ("template", "LR903", "note", 3, 8)}
    assert main(["check", str(tmp_path / "two.py"), str(tmp_path / "template.py"), "--isolated", "--no-cache"]) == 0


def test_a_comment_silences_it_and_is_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(f"{MADE}x = = 1  # lrs: ignore[LR903]\ny = 1  # lrs: ignore[LR601]\n", "utf-8")
    assert main(["check", str(path), "--isolated", "--no-cache"]) == 0


@pytest.mark.parametrize("how", [[], ["--verify"], ["--diff"], ["--write"]])
def test_convert_says_it(how: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "train.py"
    text = f"{MADE}def f(:\n"
    path.write_text(text, "utf-8")
    assert main(["convert", str(path), *how]) == 1
    printed = capsys.readouterr()
    assert f"{path}:3:" in printed.out + printed.err
    assert "the program is not read: it is no Python: invalid syntax" in printed.out + printed.err
    assert path.read_text("utf-8") == text


def test_an_editor_does_not_say_it_while_a_program_is_typed() -> None:
    host = TextDocument("file:///train.py", f"{MADE}t = lrdsl.parse('cosin(3)')\nx = (\n", language_id="python")
    opened = OpenFile.of(host, Settings(Path("/")), Memory(), {})
    assert [d.code for d in opened.problems] == ["LR101"]

"""Tests of output: hostile names, paths and texts command neither a terminal nor a CI log, and reports are valid for all of them."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import lrdsl
from lrdsl.cli import main, terminal
from lrdsl.cli.check import print_report
from lrdsl.diagnostics import Diagnostic, Span, render
from lrdsl.escaping.visible import glyphs, line, visible, width
from lrdsl.linting.projects import Checked
from tests.drawing import examples

PACKAGE = Path(lrdsl.__file__).parent
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "fixtures" / "sarif-2.1.0.json").read_text("utf-8")), format_checker=jsonschema.FormatChecker()
)
#: What a terminal obeys, a reader does not see, or a log takes for a command.
HOSTILE = (
    "\x1b[31m\x1b]0;title\x07", "\x9b31m", "\u202elr\u202c", "\u2066x\u2069", "\u200e\u200f\u061c", "a\u200bb\u200c\u200d\ufeff", "\x85\u2028\u2029", "\r\x08\x7f\0",
    "\udcff\ud800", "\n::error file=a::boom", "::set-output name=a::b", "##[error]boom", "##vso[task.setvariable]x", "  ::notice::b", "[red]x[/]", "%0A%", "a,b:c", "]]>&<\"'",
    "\u0301\u0301", "e" + "\u0301" * 50, "\U000e0041\U000e0001", "\ufff9\uffff", "\u3164\u115f", "\t", "$\\frac{", "`|*_", "日本語", "\xad",
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters()), st.text(st.sampled_from("".join(HOSTILE))), st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join)
)
paths = texts.filter(lambda path: "\0" not in path and path.strip("/."))


def obeyed(shown: str) -> list[str]:
    """What in a page of text somebody could obey, or not see."""
    bad = [c for c in shown.replace("\n", "") if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or c in "\u3164\u115f\ufe0f"]
    return [*bad, *(each for each in shown.split("\n") if each.lstrip().startswith("::") or re.search(r"##\w*\[", each))]


def checked(path: str, source: str, message: str, help: str, place: tuple[int, int], severity: str) -> Checked:
    found = Diagnostic("LR101", severity, message, help, Span.of(source, *place))
    return Checked(path, source, (found, found), 1, 1)


problems = st.builds(checked, paths, texts, texts, texts, st.tuples(st.integers(0, 20), st.integers(0, 40)), st.sampled_from(["error", "warning"]))


# One door


def test_nothing_prints_but_the_terminal() -> None:
    """The language server speaks over its own pipes, by pygls."""
    doors = {"cli/terminal.py"}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            prints = isinstance(node, ast.Name) and node.id in ("print", "breakpoint")
            streams = isinstance(node, ast.Attribute) and "std" in node.attr and re.fullmatch("sys.(__)?std(out|err)(__)?", ast.unparse(node))
            consoles = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Console", "rprint", "inspect")
            imports = isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("sys", "rich") and {a.name for a in node.names} & {"stdout", "stderr", "print", "print_json", "get_console"}  # fmt: skip
            writes = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in ("os.write", "traceback.print_exc", "traceback.print_exception", "logging.basicConfig")  # fmt: skip
            assert name in doors or not (prints or streams or consoles or imports or writes), f"{name}:{getattr(node, 'lineno', 0)}"


# Texts that are shown


@given(texts)
@example("".join(HOSTILE))
def test_all_of_a_text_can_be_seen(text: str) -> None:
    assert "".join(glyphs(text)) == visible(text)
    assert len(glyphs(text)) == len(text)
    assert not obeyed(line(text))
    assert "\n" not in visible(text)
    assert not re.search(r"[\u0300-\u036f]{4}", visible(text)), "marks run into the lines around"


@pytest.mark.parametrize("text", ["été", "日本語", "a b", "\\x1b", "הלו", "η₀·t/5", "🎉", "#[a]", "a::b", "## [a]"])
def test_what_is_harmless_stays(text: str) -> None:
    assert line(text) == text


@given(problems)
@example(checked("a\n::error::b", "hold(3) ##[error]", "m", "h", (0, 4), "error"))
def test_diagnostics(one: Checked) -> None:
    shown = render(one.diagnostics, one.source, one.path)
    assert not obeyed(shown)
    assert 5 <= len(shown.split("\n")) <= 13, "no line more than what is ours"


@given(st.lists(st.sampled_from([*HOSTILE, "a", " ", "ab", "é", "日"]), max_size=12), st.integers(0, 12))
def test_carets_stand_under_what_is_wrong(parts: list[str], k: int) -> None:
    parts = [part.replace("\n", "").replace("\t", "") for part in parts]
    before, text = "".join(parts[:k]), "".join([*parts[:k], "wrong", *parts[k:]])
    if len(text) > 100:
        return
    d = Diagnostic("LR101", "error", "m", "h", Span.of(text, len(before), len(before) + 5))
    rows = render([d], text).split("\n")
    body, carets = rows[3].removeprefix("1 | "), rows[4].removeprefix("  | ")
    start = next(i for i in range(len(body) + 1) if width(body[:i]) == len(carets) - 5 and body[i:].startswith("wrong"))
    assert carets == " " * width(body[:start]) + "^" * 5


# Reports


def written(kind: str, found: list[Checked]) -> str:
    page = io.StringIO()
    with contextlib.redirect_stdout(page):
        print_report(kind, found)
    text = page.getvalue()
    text.encode("utf-8")
    assert not obeyed(text if kind != "github" else text.replace("::error ", "").replace("::warning ", "")), text
    return text


def strict(text: str) -> Any:
    """JSON, as the strictest reader takes it."""

    def refuse(_: str) -> None:
        raise AssertionError("a number that is none")

    data = json.loads(text, parse_constant=refuse)
    json.dumps(data, ensure_ascii=False).encode("utf-8")
    return data


@examples(150)
@given(st.lists(problems, max_size=3))
@example([checked(path, path, path, path, (0, 3), "error") for path in HOSTILE if "\0" not in path])
def test_reports_are_valid_for_all_that_there_is(found: list[Checked]) -> None:
    assert len(written("text", found).split("\n")) <= 16 * len(found) + 1
    assert len(strict(written("json", found))) == 2 * len(found)
    entries = strict(written("gitlab", found))
    for entry in entries:  # the fields that GitLab documents
        assert entry.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["path"]
        assert entry["location"]["lines"]["begin"] >= 1
    marks = [entry["fingerprint"] for entry in entries]
    assert len(set(marks)) == len(marks) == 2 * len(found)
    SCHEMA.validate(sarif := strict(written("sarif", found)))
    for result in sarif["runs"][0]["results"]:
        assert re.fullmatch(r"[\w./:%~-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], re.ASCII)
    for each in written("github", found).splitlines():
        assert re.match(r"::(error|warning) file=[^,:]*,line=\d+,col=\d+,endLine=\d+,endColumn=\d+,title=lrdsl LR101::", each)
    suite = ElementTree.fromstring(written("junit", found))
    assert len(suite.findall("testcase/failure")) == 2 * len(found)
    assert (suite.tag, suite.get("name"), suite.get("tests"), suite.get("failures")) == ("testsuite", "lrdsl", str(len(found)), str(len(found)))
    assert all(case.get("name") and case.get("classname") for case in suite.findall("testcase"))  # what the schema of Jenkins requires
    assert all(failure.keys() == ["message", "type"] and failure.text for failure in suite.findall("testcase/failure"))


def test_a_github_command_keeps_the_path() -> None:
    command = written("github", [checked("a%b:c,d\r\ne", "x", "50%\n", "h", (0, 1), "error")])
    assert command.startswith("::error file=a%25b%3Ac%2Cd%0D%0Ae,line=1,")
    assert "::50%25%0A; h" in command


def test_names_that_are_not_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names = [b"caf\xe9.lrs", b"a\n::error::b.lrs", b"\x1b[31m.lrs", b"##[error].lrs", b"a'\"<&.lrs", b"-n.lrs"]
    for name in names:
        Path(os.fsdecode(name)).write_text("cosin(3)\n", "utf-8")
    for kind in ("text", "json", "github", "gitlab", "sarif", "junit"):
        assert main(["check", "--format", kind, "."]) == 1
        out, err = capsys.readouterr()
        assert not obeyed(err)
        assert not obeyed(out.replace("::error file", ""))
        uris = re.findall(r'"uri": "([^"]*)"', out)
        assert kind != "sarif" or {"caf%E9.lrs", "a%0A%3A%3Aerror%3A%3Ab.lrs", "%1B%5B31m.lrs"} <= set(uris)
    for command in (["fmt", "--check"], ["fmt", "--diff"], ["check", "--diff", "--fix"], ["check", "--statistics"], ["show", *map(os.fsdecode, names[1:2])]):
        main(command)
        out, err = capsys.readouterr()
        assert not obeyed(out + err), command


def test_a_difference_is_a_patch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe it is as it is, with a path that can be seen; on a terminal and in a CI log all of it can be seen."""
    for name in terminal._CI:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    source = "lr=hold( 3 )  # \x1b[31m\u2028 \u202e\n  # ::error::x\nmomentum=hold"
    Path("a.lrs").write_text(source, "utf-8")
    assert main(["fmt", "--diff", "a.lrs"]) == 1
    difference = capsys.readouterr().out
    done = subprocess.run(["patch", "-p0"], input=difference.encode(), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done
    assert Path("a.lrs").read_text("utf-8") == lrdsl.format(source)
    Path("a.lrs").write_text(source, "utf-8")
    monkeypatch.setenv("CI", "true")
    main(["fmt", "--diff", "a.lrs"])
    assert not obeyed(capsys.readouterr().out)


# Every verb


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if "\n" not in text and "\0" not in text])
def test_no_verb_obeys_what_it_shows(hostile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = hostile.replace("\ud800", "")  # no argument has that
    name = hostile.replace(chr(34), "").encode("utf-8", "ignore").decode()
    text = f'lr["{name}"] = warmup(3) then cosine(4)\nlr["x"] = hold until été < 3 then linear(3)\nassert max(lr["{name}"]) <= 1x\n'
    commands = [
        ["show", text], ["values", text], ["values", text, "--format", "csv"], ["values", text, "--format", "json"], ["table", text], ["table", text, "--format", "markdown"],
        ["analyze", text, "--target", f'lr["{name}"]'], ["diff", text, text], ["show", f"hold({hostile})"], ["show", text, "--target", hostile], ["explain", hostile],
        ["check", hostile], ["fmt", hostile], ["check", "--select", hostile], ["check", "-", "--stdin-filename", hostile], ["plot", text, "-o", hostile], ["formula", text, "--base", hostile],
        ["values", text, "--ticks", hostile], [hostile], ["values", text, hostile], ["values", "--set", hostile, text], ["values", "--set", f"{hostile}=3", text],
        *(["formula", text, "--format", kind] for kind in ("latex", "markdown", "text", "typst", "mathml", "sympy", "python", "sentence")),
    ]  # fmt: skip
    for command in commands:
        monkeypatch.setattr("sys.stdin", io.StringIO("cosin(3)"))
        with contextlib.suppress(SystemExit):
            main(command)
        out, err = capsys.readouterr()
        assert not obeyed(out), command
        assert not obeyed(err), command


def test_names_beginning_like_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["show", "hold", "a\n::error::b", "##[error]"])
    err = capsys.readouterr().err
    assert "a\\n::error::b \\x23#[error]" in err
    assert not obeyed(err)


def test_marks_for_styles_are_text(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(["show", 'lr["[red]a[/] :tada: [link=x]"] = hold']) == 0
    out = capsys.readouterr().out
    assert "\x1b[" in out
    assert 'lr["[red]a[/] :tada: [link=x]"]' in re.sub(r"\x1b\[[\d;]*m", "", out)
    assert main(["show", "hold(3) then \x1b[31m"]) == 1


#: A text with letters that few encodings have.
WIDE = 'lr["日本"] = warmup(3) then cosine(4)'


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize(
    "command", [["show", WIDE], ["formula", WIDE, "--format", "text"], ["formula", WIDE, "--format", "mathml"], ["table", WIDE], ["check", "-"], ["fmt", "-"]]
)
def test_any_encoding_will_do(encoding: str, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.BytesIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{WIDE}  # 日本".encode()), "utf-8"))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(page, encoding))
    assert main(command) == 0
    sys.stdout.flush()
    assert command == ["check", "-"] or page.getvalue()
    page.getvalue().decode(encoding)
    assert b"\x1b" not in page.getvalue()


def test_any_terminal_will_do() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "TERM": "dumb", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-m", "lrdsl", "show", WIDE], capture_output=True, check=True, env=env)
    assert done.stdout.decode("ascii")
    assert b"\x1b" not in done.stdout + done.stderr


def test_colours_are_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for expected, variables in ((True, {}), (False, {"NO_COLOR": "1"}), (False, {"TERM": "dumb"})):
        with monkeypatch.context() as m:
            for name, value in variables.items():
                m.setenv(name, value)
            page = Tty()
            m.setattr("sys.stderr", page)
            assert main(["show", "cosin(3) \x1b[5m"]) == 1
            assert ("\x1b[1;31m" in page.getvalue()) == expected
            assert not obeyed(re.sub(r"\x1b\[[\d;]+m", "", page.getvalue()))
            assert "\x1b[5m" not in page.getvalue()
    page = Tty()
    monkeypatch.setattr("sys.stdout", page)
    monkeypatch.setattr("sys.stdin", io.StringIO("lr = hold # \x1b[5m \u202e\n"))
    assert main(["fmt", "-"]) == 0
    assert not obeyed(page.getvalue())


def test_fingerprints_stay() -> None:
    """The first of its kind in a line has the fingerprint that it always had, so that no report shows it as new."""
    (entry, _) = strict(written("gitlab", [checked("a.lrs", "x", "m", "h", (0, 1), "error")]))
    assert entry["fingerprint"] == hashlib.sha256(b"a.lrs:LR101:1:m").hexdigest()

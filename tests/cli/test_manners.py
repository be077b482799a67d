"""Tests of the options and settings of `lrdsl check` and `lrdsl fmt` that say which files, which rules, what is printed, and how a run ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lrdsl.cli import main
from lrdsl.editor.server import server
from lrdsl.linting import listing
from lrdsl.linting.linter import Selection
from lrdsl.linting.settings import Settings, SettingsError, SettingsOfFiles
from lrdsl.linting.tables import offset_of
from lrdsl.rules.catalogue import RULES, page
from tests.folders import names, repository, write

SAFE, UNSAFE, GOOD = "lr = warmup(5) then restart cosine(95)\n", "lr = cosin(20)\n", "lr = cosine(5)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    write(folder, **{"safe.lrs": SAFE, "sub/unsafe.lrs": UNSAFE, "sub/deep/good.lrs": GOOD})
    monkeypatch.chdir(folder)
    return folder


def codes(capsys: pytest.CaptureFixture[str], *options: str) -> list[tuple[str, str]]:
    """The path and the code of each problem."""
    capsys.readouterr()
    main(["check", "--format", "json", *options])
    return [(d["path"], d["code"]) for d in json.loads(capsys.readouterr().out)]


# What is printed


@pytest.mark.usefixtures("project")
def test_marks_and_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert "warning[LR307] [*]: " in out
    assert "error[LR101]: " in out
    assert err.splitlines()[1] == "[*] 1 can be repaired with `--fix`, 1 can be repaired with `--fix --unsafe-fixes`"
    assert main(["check", "--unsafe-fixes"]) == 1, "without --fix it only shows"
    out, err = capsys.readouterr()
    assert "error[LR101] [*]: " in out
    assert err.splitlines()[1] == "[*] 2 can be repaired with `--fix --unsafe-fixes`"
    assert [Path(name).read_text() for name in ("safe.lrs", "sub/unsafe.lrs")] == [SAFE, UNSAFE]
    assert main(["check", "--fix", "--unsafe-fixes"]) == 0
    assert "cosine(20)" in Path("sub/unsafe.lrs").read_text()


@pytest.mark.usefixtures("project")
def test_quiet_and_exit_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-q"]) == 1
    out, err = capsys.readouterr()
    assert (out.count("-->"), err) == (2, "")
    assert main(["check", "--exit-zero"]) == 0
    assert main(["check", "--exit-zero", "--diff"]) == 0
    assert main(["check", "--exit-zero", "nowhere"]) == 2


@pytest.mark.usefixtures("project")
def test_concise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-q", "--output-format", "concise"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "safe.lrs:1:21: LR307 [*] the level is the base here already, so `restart` changes nothing; remove it",
        "sub/unsafe.lrs:1:6: LR101 no shape is called `cosin`; did you mean `cosine`?",
    ]


@pytest.mark.usefixtures("project")
def test_json_says_what_a_rule_is_and_what_its_repair_does(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--format", "json"])
    safe, unsafe = json.loads(capsys.readouterr().out)
    assert (safe["name"], safe["applicability"]) == ("restart-of-nothing", "safe")
    address, anchor = safe["url"].split("#")
    assert Path(address.removeprefix("file://")) == page()
    assert f"### {RULES['LR307'].code} `{RULES['LR307'].name}`" in page().read_text("utf-8")
    assert anchor == "lr307-restart-of-nothing"
    assert (unsafe["name"], unsafe["applicability"]) == ("unknown-shape", "unsafe")


@pytest.mark.usefixtures("project")
def test_statistics_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), **{"more.lrs": UNSAFE})
    main(["check", "--statistics", "--format", "json"])
    assert json.loads(capsys.readouterr().out) == [
        {"code": "LR101", "name": "unknown-shape", "count": 2, "fixable": 0},
        {"code": "LR307", "name": "restart-of-nothing", "count": 1, "fixable": 1},
    ]


@pytest.mark.parametrize("kind", ["text", "concise", "json", "sarif"])
def test_a_report_in_a_file(project: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--format", kind])
    printed = capsys.readouterr().out
    assert main(["check", "--format", kind, "-o", "report"]) == 1
    assert capsys.readouterr().out == ""
    assert (project / "report").read_text("utf-8") == printed
    assert main(["check", "-o", "no/folder/report"]) == 2
    assert capsys.readouterr().err.startswith("lrdsl: no/folder/report: ")


@pytest.mark.usefixtures("project")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="devices of Linux")
def test_a_report_for_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-q", "-o", "/dev/null"]) == 1
    assert main(["check", "-q", "-o", "/dev/full"]) == 2
    assert capsys.readouterr().err == "lrdsl: /dev/full: No space left on device\n"
    read, write = os.pipe()
    assert main(["check", "-q", "--format", "concise", "-o", f"/dev/fd/{write}"]) == 1
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert b": LR" in pipe.read()


@pytest.mark.parametrize(("variables", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)])
@pytest.mark.usefixtures("project")
def test_colours(variables: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    main(["check", "safe.lrs"])
    assert ("\x1b[" in capsys.readouterr().out) == coloured


# Which rules


@pytest.mark.parametrize(
    ("selection", "has", "lacks"),
    [
        (Selection(), ["LR501", "LR903"], []),
        (Selection(("LR2",)), ["LR203"], ["LR501"]),
        (Selection(ignore=("LR5",)), ["LR203"], ["LR501"]),
        (Selection(("LR501",), ("LR5",)), ["LR501"], ["LR502"]),
        (Selection(("LR5",), ("LR501",)), ["LR502"], ["LR501"]),
        (Selection(("LR501",), ("LR501",)), [], ["LR501"]),
        (Selection(ignore=("LR5",)).changed(None, ("LR501",)), ["LR501"], ["LR502"]),
        (Selection(ignore=("LR5",)).changed(("LR5",)), ["LR501"], ["LR203"]),
        (Selection(("LR501",)).without(("LR5",)), [], ["LR501"]),
    ],
)
def test_the_longer_prefix_decides(selection: Selection, has: list[str], lacks: list[str]) -> None:
    assert all(code in selection for code in has)
    assert not any(code in selection for code in lacks)


def test_options_change_the_settings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, **{"lrdsl.toml": 'ignore = ["LR3"]\n'})
    both, one = [("safe.lrs", "LR307"), ("sub/unsafe.lrs", "LR101")], [("sub/unsafe.lrs", "LR101")]
    assert codes(capsys) == one
    assert codes(capsys, "--extend-select", "LR307") == both
    assert codes(capsys, "--select", "ALL") == both
    assert codes(capsys, "--isolated") == both
    assert codes(capsys, "--config", "ignore = []") == both
    assert codes(capsys, "--config", 'select = ["LR2"]') == one
    write(project, **{"other.toml": 'select = ["LR307"]\nexclude = ["sub"]\n'})
    assert codes(capsys, "--config", "other.toml") == both[:1]
    for options in (
        ["--config", "nowhere.toml"],
        ["--config", "x = 1"],
        ["--config", "select ="],
        ["--isolated", "--config", "other.toml"],
        ["--select", "XY"],
    ):
        assert main(["check", *options]) == 2


# Settings


def test_the_settings_of_the_folder_of_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest ones count, for the command and for the server, whatever the current folder is."""
    write(project, **{"pyproject.toml": '[tool.lrdsl]\nignore = ["LR3"]\n', "sub/.lrdsl.toml": "", "sub/safe.lrs": SAFE, "sub/deep/safe.lrs": SAFE})
    write(project, **{"sub/deep/pyproject.toml": "[tool.other]\n", "sub/deep/lrdsl.toml": 'ignore = ["LR307"]\n'})
    assert codes(capsys) == [("sub/safe.lrs", "LR307"), ("sub/unsafe.lrs", "LR101")]
    assert codes(capsys, "sub/deep", "safe.lrs") == []
    assert SettingsOfFiles().of(project / "sub/deep/x.lrs").selection.ignore == ("LR307",)
    assert server() is not None


def test_settings_extend_others(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, **{"base.toml": 'ignore = ["LR3"]\n[clock]\ntotal-steps = 100\n[paths]\n"*.lrs" = { steps-per-epoch = 7 }\n'})
    write(project, **{"sub/lrdsl.toml": 'extend = "../base.toml"\n[clock]\nbatch-size = 5\n', "sub/safe.lrs": SAFE})
    assert codes(capsys, "sub/safe.lrs") == []
    found = SettingsOfFiles().of(project / "sub" / "safe.lrs")
    assert dict(found.clock) == {"total_steps": 100, "batch_size": 5}
    assert found.options(project / "sub" / "safe.lrs") == {"total_steps": 100, "batch_size": 5, "steps_per_epoch": 7}


@pytest.mark.parametrize("target", ["/etc/hosts", "../../outside.toml", "lrdsl.toml", "loop.toml", "nowhere.toml", "none/pyproject.toml", "link.toml"])
def test_what_may_not_be_extended(project: Path, target: str) -> None:
    write(project.parent, **{"outside.toml": "", "project/sub/loop.toml": 'extend = "lrdsl.toml"\n', "project/sub/none/pyproject.toml": ""})
    write(project, **{"sub/lrdsl.toml": f'ignore = []\nextend = "{target}"\n'})
    (project / "sub" / "link.toml").symlink_to(project.parent / "outside.toml")
    with pytest.raises(SettingsError):
        Settings.of(project / "sub")
    assert main(["check"]) == 2


def test_a_repository_may_extend_from_its_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path)
    write(tmp_path, **{"lrdsl.toml": 'ignore = ["LR3"]\n', "a/b/lrdsl.toml": 'extend = "../../lrdsl.toml"\n'})
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert Settings.of(tmp_path / "a" / "b").selection.ignore == ("LR3",)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ('[project]\nname = "x"\n[tool.lrdsl]\nselect = ["LR2",\n  "LX"]\n', "5:4"),
        ("[tool.lrdsl]\nselekt = []\n", "2:1"),
        ("[tool.lrdsl]\nselect = 3\n", "2:1"),
        ('tool.lrdsl.keys = ["a", 3]\n', "1:1"),
        ("[tool.lrdsl]\nclock = { total-epochs = 3, total-step = 5 }\n", "2:29"),
        ('[tool.lrdsl.clock]\nbatch-size = 5\ntotal-steps = "x"\n', "3:1"),
        ("[tool.lrdsl]\nselect = [\n", "3:1"),
        ("[tool.lrdsl\n", "1:12"),
        ("[tool]\nlrdsl = 3\n", "2:1"),
        ('[tool.lrdsl]\nextend = "/x"\n', "2:1"),
        ('[tool.lrdsl.paths]\n"b.yaml" = {}\n"*.yaml" = { total-epochs = 0 }\n', "3:1"),
        ('[tool.lrdsl.paths."*.yaml"]\ntotal-epochs = 3\nx = 3\n', "3:1"),
        ('[tool.lrdsl.per-file-ignores]\n"a.yaml" = []\n"*.yaml" = "LR4"\n', "3:1"),
    ],
)
def test_an_error_in_settings_names_its_place(project: Path, source: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, **{"pyproject.toml": source})
    assert main(["check"]) == 2
    assert capsys.readouterr().err.startswith(f"lrdsl: {project / 'pyproject.toml'}:{place}: ")


def test_settings_in_the_wrong_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, **{"lrdsl.toml": "keys = []\n[tool.lrdsl]\nignore = []\n"})
    assert main(["check"]) == 2
    assert (
        capsys.readouterr().err == f"lrdsl: {project / 'lrdsl.toml'}:2:2: settings stand at the top here, without [tool.lrdsl], which is for pyproject.toml\n"
    )
    write(project, **{"lrdsl.toml": 'exclude = "sub"\n'})
    assert main(["check"]) == 2
    assert "`exclude` must be a list of texts, as [\"data\"], and is 'sub'" in capsys.readouterr().err
    assert main(["check", "--config", "keys = 3", "--isolated"]) == 2
    assert capsys.readouterr().err == 'lrdsl: --config keys = 3: `keys` must be a list of texts, as ["*schedule*"], and is 3\n'


def test_the_place_of_what_is_not_there() -> None:
    assert offset_of("[tool.lrdsl]\nselect = []\n", ("tool", "other", "x")) is None
    assert offset_of("", ("tool",)) is None


# Which files


@pytest.mark.usefixtures("project")
def test_excluded_files(capsys: pytest.CaptureFixture[str]) -> None:
    bad, sub = [("safe.lrs", "LR307"), ("sub/unsafe.lrs", "LR101")], [("sub/unsafe.lrs", "LR101")]
    assert codes(capsys, "--exclude", "sub") == bad[:1]
    assert codes(capsys, "--exclude", "/safe.lrs,deep/") == sub
    assert codes(capsys, "--exclude", "s*.lrs") == sub
    write(Path(), **{"lrdsl.toml": 'exclude = ["sub/*.lrs"]\n'})
    assert codes(capsys) == bad[:1]
    assert codes(capsys, "sub/unsafe.lrs") == sub, "a file that is named is checked"
    assert codes(capsys, "sub/unsafe.lrs", "sub", "--force-exclude") == []
    write(Path(), **{"sub/lrdsl.toml": ""})
    assert codes(capsys) == bad, "the settings of the folder decide"
    assert main(["fmt", "--check", "--exclude", "*.lrs"]) == 0


@pytest.mark.usefixtures("project")
def test_files_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--show-files", "--exclude", "deep"]) == 0
    assert capsys.readouterr().out.splitlines() == ["safe.lrs", "sub/unsafe.lrs"]


def test_a_file_of_another_kind_is_said_to_be_skipped(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, **{"notes.txt": UNSAFE})
    for verb in ("check", "fmt"):
        assert main([verb, "notes.txt"]) == 0
        assert "lrdsl: notes.txt: skipped: " in capsys.readouterr().err


def test_what_tools_build_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, **dict.fromkeys(("build/a.lrs", "dist/a.lrs", "x.egg-info/a.lrs", "env/a.lrs", "conda/a.lrs", "src/a.lrs"), GOOD))
    write(tmp_path, "env/pyvenv.cfg", "conda/conda-meta/history")
    assert names(tmp_path) == ["src/a.lrs"]
    repository(tmp_path)
    assert names(tmp_path) == ["build/a.lrs", "dist/a.lrs", "src/a.lrs", "x.egg-info/a.lrs"], "a repository says itself what it ignores"
    assert listing.ENDINGS[0] == ".lrs"


# Standard input


def typed(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(source))


@pytest.mark.parametrize(
    ("options", "status", "out"),
    [
        (["-"], 0, "lr = cosine(5)\n"),
        (["--stdin-filename", "a.lrs"], 0, "lr = cosine(5)\n"),
        (["--check", "-"], 1, "would format stdin.lrs\n"),
        (["--check", "--stdin-filename", "sub/a.lrs"], 1, "would format sub/a.lrs\n"),
        (["--diff", "-"], 1, "--- stdin.lrs\n+++ stdin.lrs\n@@ -1 +1 @@\n-lr=cosine( 5)\n+lr = cosine(5)\n"),
    ],
)
@pytest.mark.usefixtures("project")
def test_formatting_standard_input(options: list[str], status: int, out: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed(monkeypatch, "lr=cosine( 5)\n")
    assert main(["fmt", *options]) == status
    assert capsys.readouterr().out == out


@pytest.mark.usefixtures("project")
def test_a_file_name_for_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), **{"sub/lrdsl.toml": 'ignore = ["LR3"]\n'})
    typed(monkeypatch, SAFE)
    assert main(["check", "--stdin-filename", "x.lrs"]) == 1
    assert " --> x.lrs:1:21" in capsys.readouterr().out
    typed(monkeypatch, SAFE)
    assert main(["check", "--stdin-filename", "sub/x.lrs"]) == 0, "its folder has the settings"
    for options in (["--stdin-filename", "x.lrs", "safe.lrs"], ["-", "safe.lrs"]):
        assert main(["check", *options]) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--stdin-filename", "notes.txt"], "lrdsl: notes.txt: skipped: "),
        (["--stdin-filename", "sub/x.lrs", "--exclude", "sub", "--force-exclude"], ""),
    ],
)
@pytest.mark.usefixtures("project")
def test_standard_input_that_is_left_out(options: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["check", "--quiet"], ["check", "--fix", "--quiet"], ["fmt"]):
        typed(monkeypatch, "restart  cosine(9)")
        assert main([*command, *options]) == 0
        out, err = capsys.readouterr()
        assert out == ("" if command == ["check", "--quiet"] else "restart  cosine(9)")
        assert err.startswith(said)
        assert bool(err) == bool(said)


# How a run ends


def run(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "lrdsl", *arguments], stderr=subprocess.PIPE, text=True, **options)


def test_a_full_disk_is_one_line(project: Path) -> None:
    write(project, **{"loose.lrs": "lr=cosine( 5)\n"})
    for command in (["check"], ["show", "cosine(5)"], ["fmt", "--diff"], ["check", "--format", "json"]):
        with open("/dev/full", "w") as full:  # noqa: PTH123
            process = run(*command, stdout=full, cwd=project)
            err = process.communicate()[1]
        assert process.returncode == 2
        assert err.splitlines()[-1] == "lrdsl: the output: No space left on device"
        assert "Traceback" not in err


def test_a_closed_pipe_is_silent(project: Path) -> None:
    write(project, **{f"{i}.lrs": SAFE for i in range(300)})
    process = run("check", "-q", stdout=subprocess.PIPE, cwd=project)
    assert process.stdout is not None
    process.stdout.close()
    assert process.communicate()[1] == ""


@pytest.mark.usefixtures("project")
def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    for name in ("lrdsl.linting.projects.check_file", "lrdsl.linting.projects.formatted", "lrdsl.cli.sources.parse"):
        monkeypatch.setattr(name, interrupted)
    for command in (["check"], ["fmt"], ["show", "cosine(5)"]):
        assert main(command) == 130
        assert capsys.readouterr() == ("", "lrdsl: interrupted\n")


def test_watching(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It checks at once, again after each change, and its status is that of the last check."""
    asked = []

    def changes(*paths: str, watch_filter: Any, **_: Any) -> Any:
        asked.append((paths, [watch_filter(None, name) for name in ("a.lrs", "b.YAML", "pyproject.toml", "c.txt", ".git/index")]))
        yield {(1, str(project / "safe.lrs"))}
        write(project, **{"lrdsl.toml": "select = ["})
        yield {(1, str(project / "lrdsl.toml"))}
        write(project, **{"lrdsl.toml": "", "safe.lrs": GOOD, "sub/unsafe.lrs": GOOD})
        yield {(1, str(project / "safe.lrs"))}
        raise KeyboardInterrupt

    monkeypatch.setattr("watchfiles.watch", changes)
    assert main(["check", "--watch"]) == 0
    assert asked == [((".",), [True, True, True, False, False])]
    err = capsys.readouterr().err
    summaries = [line for line in err.splitlines() if "schedules in" in line]
    assert summaries == ["3 schedules in 3 files: 2 problems"] * 2 + ["3 schedules in 4 files: 0 problems"]
    assert err.count(f"lrdsl: {project / 'lrdsl.toml'}:") == 1

"""Tests of `lrdsl check` and `lrdsl fmt` in an attacker's folder: nothing in it is run, nothing outside is touched, and one bad file ends no run."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lrdsl
from lrdsl.cli import main
from lrdsl.linting import checking, projects
from tests.folders import bare_repository, repository, write

BAD, GOOD = "lr=warmup(5)then restart cosine( 95 )\n", "lr = warmup(5) then cosine(95)\n"
LEFT = f".lrdsl-{'0' * 32}.tmp"
#: Runs the command as its script does, and ends with 99 where something would start a program.
HOOKED = """
import os, sys
sys.path[:] = [path for path in sys.path if path]
def hook(event, arguments):
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"):
        print(event, arguments, file=sys.stderr)
        os._exit(99)
sys.addaudithook(hook)
from lrdsl.cli import main
sys.exit(main(sys.argv[1:]))
"""
#: What Python imports from the folder that it is started in, where nobody keeps it from that.
MODULES = ("multiprocessing", "concurrent", "json", "yaml", "attrs", "attr", "rich", "platformdirs", "traceback", "tomllib", "ast", "fcntl", "lark", "pathspec")


def leaving(folder: Path) -> None:
    """Put modules into a folder that leave a mark beside it when they are imported."""
    write(folder, **{f"{name}.py": f"open({str(folder.parent / 'mark')!r}, 'w').close()\n" for name in MODULES})


def started(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own."""
    cache = {"LRDSL_CACHE_DIR": str(folder.parent / "cache")}
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **cache})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    write(folder, **{"bad.lrs": BAD, "z.lrs": BAD})
    monkeypatch.setenv("LRDSL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("verb", ["check", "fmt"])
def test_a_repository_runs_nothing(project: Path, verb: str) -> None:
    bare_repository(project / "configs")
    repository(project)
    write(project, **{".git/config": (project / "configs" / "config").read_text(), "configs/a.lrs": BAD})
    leaving(project)
    for command in ((verb, "configs"), (verb, "."), (verb, "--diff", "configs", "bad.lrs")):
        assert started("-c", HOOKED, *command, folder=project).returncode in (0, 1)
    assert not list(project.parent.glob("**/mark"))


@pytest.mark.parametrize("verb", ["plot", "diff"])
def test_a_figure_is_drawn_as_no_repository_says(project: Path, verb: str) -> None:
    write(project, matplotlibrc="text.usetex: True\ntext.latex.preamble: \\input{/etc/passwd}\n")
    more = ("hold",) if verb == "diff" else ()
    done = started("-c", HOOKED.replace("subprocess.Popen", "none of matplotlib's own"), verb, "cosine(5)", *more, "-o", "a.svg", folder=project)
    assert (done.returncode, done.stderr) == (len(more), "")
    assert (project / "a.svg").exists()


def test_many_files_start_no_program(project: Path) -> None:
    """Many files are shared by processes, which import nothing from the folder either."""
    leaving(project)
    write(project, **{f"{i}.lrs": GOOD for i in range(checking._MANY + 10)})
    done = started("-c", HOOKED.replace("import os, sys", "import os, sys; os.cpu_count = lambda: 2"), "check", folder=project)
    assert (done.returncode, done.stderr.splitlines()[-2]) == (1, f"{checking._MANY + 12} schedules in {checking._MANY + 12 + len(MODULES)} files: 2 problems")
    assert not (project.parent / "mark").exists()


def test_the_module_imports_nothing_from_the_folder(project: Path) -> None:
    leaving(project)
    assert started("-m", "lrdsl", "check", "z.lrs", folder=project).stderr.startswith("1 schedule in 1 file: 1 problem\n")
    assert not (project.parent / "mark").exists()


def odd_files(folder: Path) -> list[str]:
    """Files that are none, or that cannot be read."""
    os.mkfifo(folder / "fifo.lrs")
    os.mkfifo(folder / "fifo.yaml")
    (folder / "loop.lrs").symlink_to("loop.lrs")
    (folder / "gone.lrs").symlink_to("nowhere")
    (folder / "zero.lrs").symlink_to("/dev/zero")
    (folder / "zero.ipynb").symlink_to("/dev/zero")
    return ["fifo.lrs", "fifo.yaml", "loop.lrs", "gone.lrs", "zero.lrs", "zero.ipynb"]


def test_what_is_no_file_is_refused_and_the_others_are_done(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = odd_files(project)
    assert main(["check", "--fix", *odd, "bad.lrs"]) == 1
    out = capsys.readouterr().out
    assert out.count("error[LR903]: ") == len(odd)
    assert all(f" --> {name}:1:1" in out for name in odd)
    assert "restart" not in (project / "bad.lrs").read_text("utf-8")
    assert main(["fmt", *odd, "z.lrs"]) == 1
    err = capsys.readouterr().err
    assert all(f"lrdsl: {name}: " in err for name in odd)
    assert (project / "z.lrs").read_text("utf-8") == "lr = warmup(5) then restart cosine(95)\n"
    for verb in (["check", "--diff"], ["fmt", "--diff"], ["fmt", "--check"]):
        assert main([*verb, "fifo.lrs"]) == 1
        assert "lrdsl: fifo.lrs: this is a FIFO" in capsys.readouterr().err
    assert main(["check", "--ignore", "LR", *odd]) == 1, "what is named and cannot be read is an error, whatever the rules"


@pytest.mark.parametrize("verb", ["show", "values", "formula", "plot", "table", "analyze", "diff"])
def test_no_verb_waits(project: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    odd_files(project)
    for name in ("fifo.lrs", "zero.lrs", "loop.lrs", "gone.lrs", "."):
        (project / "folder.lrs").mkdir(exist_ok=True)
        more = ["-o", "a.svg"] if verb == "plot" else ["hold"] if verb == "diff" else []
        assert main([verb, name if name != "." else "folder.lrs", *more]) in (1, 2)
        assert "Traceback" not in capsys.readouterr().err


def test_what_is_used_is_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = [name for name in odd_files(project) if not name.startswith("/")]
    write(project, **{"a.lrs": "".join(f'use "{name}"\n' for name in odd) + "lr = hold\n"})
    assert main(["check", "a.lrs"]) == 1
    assert capsys.readouterr().out.count("error[LR146]") == len(odd)


def test_files_that_use_files_over_and_over(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty files, each used four hundred times by the one before it, would be 400 ** 20."""
    write(project, **{f"f{i}.lrs": f'use "f{i + 1}.lrs"\n' * 400 for i in range(18)}, **{"f18.lrs": "# the end\n", "a.lrs": 'use "f0.lrs"\nlr = hold\n'})
    assert main(["show", "a.lrs"]) == 1
    assert "more than 100 files" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "fmt"])
def test_what_is_not_there_is_said_and_the_others_are_done(project: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, *(["--fix"] if verb == "check" else []), "nowhere", "a" * 300, "bad.lrs/x", "a\0b", "bad.lrs"]) == 2
    err = capsys.readouterr().err
    assert [why in err for why in ("there is no such file or folder", "File name too long", "Not a directory", "null")] == [True] * 4
    assert (project / "bad.lrs").read_text("utf-8") != BAD


def failing(monkeypatch: pytest.MonkeyPatch, function: str, error: BaseException | Callable[[], None]) -> None:
    """Let the work on `bad.lrs` fail."""
    work = getattr(projects, function)

    def fail(path: Path, *arguments: object) -> object:
        if path.name == "bad.lrs":
            if callable(error):
                error()
            else:
                raise error
        return work(path, *arguments)

    monkeypatch.setattr(projects, function, fail)


ERRORS = [
    ValueError(10**5000),
    RecursionError("too\ndeep\x1b[31m"),
    MemoryError(),
    KeyError("x" * 9999),
    ValueError("Exceeds the limit (4300 digits)"),
    AssertionError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_that_nobody_foresaw_is_one_of_its_file(
    project: Path, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, "check_source", error)
    assert main(["check", "--fix"]) == 1
    out, err = capsys.readouterr()
    assert f"error[LR903]: lrdsl fails on it: {type(error).__name__}" in out
    assert "\x1b" not in out
    assert "--verbose" in out
    assert err == "1 schedule in 2 files: 1 problem, 1 repaired\n"
    assert (project / "z.lrs").read_text("utf-8") == "lr=warmup(5)then cosine( 95 )\n"
    assert main(["check", "--verbose"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_the_same_of_layout(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, "formatted", RecursionError("too deep"))
    assert main(["fmt"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("lrdsl: bad.lrs: lrdsl fails on it: RecursionError: too deep")
    assert "Traceback" not in err
    assert (project / "z.lrs").read_text("utf-8") != BAD
    assert main(["fmt", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "fmt"])
def test_the_same_of_standard_input(verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, "check_source" if verb == "check" else "formatted", RecursionError("too deep"))
    monkeypatch.setattr("sys.stdin", io.StringIO(BAD))
    assert main([verb, "-", "--stdin-filename", "bad.lrs"]) == 1
    out, err = capsys.readouterr()
    assert "lrdsl fails on it: RecursionError: too deep" in out + err
    if verb == "check":
        monkeypatch.setattr("sys.stdin", io.StringIO(BAD))
        assert main(["check", "--fix", "-", "--stdin-filename", "bad.lrs"]) == 1
        out, err = capsys.readouterr()
        assert err.startswith("lrdsl: bad.lrs: lrdsl fails on it: RecursionError")
    assert BAD in out, "what cannot be laid out or repaired is given back"


#: A run whose process ends on `bad.lrs`; by itself, for JAX, which other tests load, wants no process forked.
ENDING = """
import os
from lrdsl.linting import checking, projects
from lrdsl.cli import main
work = projects.check_source
def ends(path, *rest):
    if path.name == "bad.lrs":
        os._exit(1)
    return work(path, *rest)
projects.check_source, checking._MANY, os.cpu_count = ends, 5, lambda: 2
raise SystemExit(main(["check"]))
"""


def test_a_process_that_ends_is_one_bad_file(project: Path) -> None:
    write(project, **{f"{i}.lrs": GOOD for i in range(20)})
    done = subprocess.run([sys.executable, "-I", "-c", ENDING], capture_output=True, text=True, check=False, cwd=project)
    assert done.returncode == 1
    assert done.stdout.count("error[LR903]: the process that checked it ended") == 1
    assert done.stderr.startswith("21 schedules in 22 files: 2 problems\n")


@pytest.mark.parametrize(("verb", "name"), [("check", "a.lrs"), ("check", "a.json"), ("fmt", "a.lrs"), ("fmt", "a.py")])
def test_endless_standard_input_ends(verb: str, name: str, project: Path) -> None:
    command = [sys.executable, "-m", "lrdsl", verb, "-", "--stdin-filename", name]
    with Path("/dev/zero").open("rb") as endless:
        done = subprocess.run(command, stdin=endless, capture_output=True, text=True, check=False, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lrdsl: standard input has more than 4,000,000 characters")


def test_standard_input_that_is_closed(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert project
    monkeypatch.setattr("sys.stdin", None)
    assert main(["fmt", "-"]) == 2
    assert capsys.readouterr().err == "lrdsl: there is no standard input\n"


@pytest.mark.parametrize(
    ("command", "closed", "status"),
    [
        ("check .", ">&-", 1),
        ("check .", "2>&-", 1),
        ("check --format json .", ">&-", 1),
        ("check --diff .", ">&-", 1),
        ("show good.lrs", ">&-", 0),
        ("show good.lrs", "<&- >&- 2>&-", 0),
        ("values 'hold('", "2>&-", 1),
        ("lsp", ">&-", 0),
        ("lsp", "<&-", 2),
    ],
)
def test_streams_that_are_closed(command: str, closed: str, status: int, project: Path) -> None:
    write(project, **{"good.lrs": GOOD})
    line = f"{shlex.quote(sys.executable)} -m lrdsl {command} {closed}"
    done = subprocess.run(["sh", "-c", line], cwd=project, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (status, False)


@pytest.mark.parametrize("verb", [["check", "--fix"], ["fmt"]])
@pytest.mark.parametrize("shape", ["read-only", "twin"])
def test_what_cannot_be_written_is_said_and_the_others_are(project: Path, verb: list[str], shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    if shape == "twin":
        os.link("bad.lrs", "bad.txt")
    else:
        (project / "bad.lrs").chmod(0o444)
    assert main(verb) == 1
    out, err = capsys.readouterr()
    why = "the file is read-only" if shape == "read-only" else "the file has 2 names (hard links)"
    assert (f"error[LR903]: not repaired: {why}" in out and "warning[LR307]" in out) if verb[0] == "check" else f"lrdsl: bad.lrs: {why}" in err
    assert (project / "bad.lrs").read_text("utf-8") == BAD
    assert (project / "z.lrs").read_text("utf-8") != BAD


@pytest.mark.parametrize("verb", [["check", "--fix"], ["fmt"]])
def test_what_changed_meanwhile_is_not_overwritten(project: Path, verb: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, "write", lambda: write(project, **{"bad.lrs": "mine"}))
    assert main(verb) == 1
    assert "the file was changed after it was read" in "".join(capsys.readouterr())
    assert (project / "bad.lrs").read_text("utf-8") == "mine"
    assert (project / "z.lrs").read_text("utf-8") != BAD


@pytest.mark.parametrize("verb", [["check", "--fix"], ["fmt"]])
def test_links_are_written_through_but_not_out_of_a_folder(project: Path, verb: list[str]) -> None:
    write(project.parent, **{"victim.lrs": BAD})
    (project / "out.lrs").symlink_to("../victim.lrs")
    (project / "in.lrs").symlink_to("z.lrs")
    main(verb)
    assert (project.parent / "victim.lrs").read_text("utf-8") == BAD
    assert (project / "z.lrs").read_text("utf-8") != BAD
    assert (project / "in.lrs").is_symlink()
    assert main([*verb, "out.lrs"]) == 0
    assert (project.parent / "victim.lrs").read_text("utf-8") != BAD
    assert (project / "out.lrs").is_symlink()


@pytest.mark.parametrize("command", [["check"], ["check", "z.lrs"], ["fmt"], ["fmt", "z.lrs"], ["plot", "hold(3)", "-o", "a.tex"]])
def test_the_next_run_takes_away_what_a_killed_one_left(project: Path, command: list[str]) -> None:
    write(project, LEFT)
    main(command)
    assert not (project / LEFT).exists()


def test_nothing_starts_a_program() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(lrdsl.__file__).parent.rglob("*.py"))
    assert not [word for word in ("subprocess", "os.system", "os.exec", "posix_spawn", "os.popen", "os.umask", "os.spawn", "import pty") if word in source]

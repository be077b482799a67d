"""Tests of the cache: it is used only if it is the user's own, and only while a file and all that it uses are unchanged."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrdsl.cli import main
from lrdsl.documents.beside import Notes
from lrdsl.linting import caching
from lrdsl.linting.caching import Cache, entry
from lrdsl.linting.projects import check_file
from lrdsl.linting.settings import Settings
from tests.folders import write


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sixty clean files, where the cache of the user is beside it."""
    monkeypatch.setenv("LRDSL_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    write(folder, **{f"{i}.lrs": "lr = cosine(5)\n" for i in range(60)})
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def checked(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    """Runs `lrdsl check`: the exit status, and which files were looked at."""

    def run(*options: str) -> tuple[int, list[str]]:
        looked: list[str] = []

        def look(path: Path, settings: Settings, repair: str, silence: bool, remember: bool) -> object:
            looked.append(path.as_posix())
            return check_file(path, settings, repair, silence, remember)

        with monkeypatch.context() as patch:
            patch.setattr("lrdsl.linting.projects.check_file", look)
            status = main(["check", *options])
        assert "Traceback" not in capsys.readouterr().err
        return status, looked

    assert project
    return run


def kept(project: Path) -> Path:
    """The file of the cache."""
    (path,) = (project.parent / "cache" / "checked").iterdir()
    return path


def test_clean_files_are_not_looked_at_again(project: Path, checked: Callable[..., tuple[int, list[str]]]) -> None:
    assert [len(looked) for _, looked in (checked(), checked(), checked("--no-cache"))] == [60, 0, 60]
    assert [path.name for path in project.iterdir() if path.suffix != ".lrs"] == [], "nothing is written into the project"
    assert (project.parent / "cache" / "checked").stat().st_mode & 0o777 == 0o700


def test_what_changed_is_looked_at(project: Path, checked: Callable[..., tuple[int, list[str]]]) -> None:
    checked()
    before = (project / "7.lrs").stat()
    write(project, **{"7.lrs": "lr = cosinn(5)\n"})
    os.utime(project / "7.lrs", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (project / "7.lrs").stat().st_size == before.st_size
    assert checked() == (1, ["7.lrs"]), "neither its size nor its time has changed"
    assert checked() == (1, ["7.lrs"]), "what is not clean is not kept"
    write(project, **{"7.lrs": "lr = cosine(5)\n"})
    os.utime(project / "8.lrs")
    assert checked() == (0, []), "a file that is as it was when it was clean"


def test_settings_and_versions_count(project: Path, checked: Callable[..., tuple[int, list[str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    checked()
    assert len(checked("--ignore", "LR402")[1]) == 60
    write(project, **{"pyproject.toml": '[tool.lrdsl]\nkeys = ["x"]\n'})
    checked()
    assert checked()[1] == []
    write(project, **{"pyproject.toml": "[tool.lrdsl.clock]\nsteps-per-epoch = 10\n"})
    assert len(checked()[1]) == 61
    monkeypatch.setattr(caching, "_release", lambda: ("another",))
    assert len(checked()[1]) == 61


@pytest.mark.parametrize("spelling", ['use "lib/a.lrs"', 'use"lib/a.lrs"', 'use\t"lib/a.lrs"', 'use "lib/../lib/a.lrs"'])
@pytest.mark.parametrize("change", ["text", "deeper", "gone", "fifo", "link", "folder"])
def test_what_a_file_uses_counts(project: Path, checked: Callable[..., tuple[int, list[str]]], spelling: str, change: str) -> None:
    write(
        project,
        **{"main.lrs": f"{spelling}\nlr = cosine(w)\n", "lib/a.lrs": 'use "b.lrs"\nlet w = 5\n', "lib/b.lrs": "let v = 5\n", "other/a.lrs": "let w = 5\n"},
    )
    before = checked()
    assert "main.lrs" not in checked()[1]
    used = project / "lib" / "a.lrs"
    if change == "deeper":
        write(project, **{"lib/b.lrs": "let v = x\n"})
    elif change == "folder":
        (project / "lib").rename(project / "was")
        (project / "lib").symlink_to(project.parent)
        write(project.parent, **{"a.lrs": 'use "b.lrs"\nlet w = 5\n', "b.lrs": "let v = 5\n"})
    else:
        used.unlink()
        if change == "text":
            write(project, **{"lib/a.lrs": "let w = x\n"})
        elif change == "fifo":
            os.mkfifo(used)
        elif change == "link":
            used.symlink_to("../other/a.lrs")
    assert before[0] == 0, "the files that are used schedule nothing themselves, and need not"
    assert "main.lrs" in checked()[1]


_TRAIN = """
import torch, yaml
from tools.schedulers import make_scheduler

cfg = yaml.safe_load(open("conf/run.yaml"))

def fit(model, loader, optimizer):
    scheduler = {call}
    for epoch in range(cfg["epochs"]):
        for batch in loader:
            model(batch).backward()
            optimizer.step()
        scheduler.step()
"""
_MAKE = """
from torch.optim.lr_scheduler import CosineAnnealingLR

def make_scheduler(optimizer, total):
    return CosineAnnealingLR(optimizer, T_max=total)
"""


@pytest.mark.parametrize(
    ("call", "path", "content", "before"),
    [
        ("make_scheduler(optimizer, 100)", "conf/run.yaml", "epochs: 250\n", "epochs: 100\n"),
        ("make_scheduler(optimizer, 100)", "tools/schedulers.py", _MAKE.replace("T_max=total", "T_max=total // 4"), _MAKE),
        ("make_scheduler(optimizer, 100)", "tools/schedulers.py", _MAKE.replace("T_max=total", "T_max=total // 4"), None),
        ("torch.optim.lr_scheduler.MultiStepLR(optimizer, [160])", "conf/run.yaml", "epochs: 100\n", None),
        ("torch.optim.lr_scheduler.MultiStepLR(optimizer, [160])", "sub/conf/run.yaml", "epochs: 100\n", None),
    ],
)
def test_what_a_program_reads_beside_it_counts(
    project: Path, checked: Callable[..., tuple[int, list[str]]], call: str, path: str, content: str, before: str | None
) -> None:
    write(project, **{"sub/train.py": _TRAIN.format(call=call), "conf/run.yaml": "epochs: 200\n" if before is None else "epochs: 100\n"})
    if path == "conf/run.yaml" and before is None:
        (project / path).unlink()
    if path != "tools/schedulers.py" or before is not None:
        write(project, **{"tools/schedulers.py": _MAKE})
    assert checked()[0] == 0
    assert "sub/train.py" not in checked()[1]
    write(project, **{path: content})
    assert checked()[0] == 1
    assert "sub/train.py" in checked()[1]


DAMAGE = {
    "broken": "[broken",
    "list": "[]",
    "number": "9" * 5000,
    "deep": "[" * 100_000,
    "deep in it": '{"mark": ' + "[" * 100_000,
    "bytes": "\x00\x00",
    "empty": "",
    "files": '{"mark": "MARK", "files": [1]}',
    "entries": '{"mark": "MARK", "files": {"PATH": 5}}',
    "parts": '{"mark": "MARK", "files": {"PATH": [1, 2, 3, 4, 5, 6]}}',
    "texts": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", "x", [], [], []]}}',
    "true": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", true, [], [], []]}}',
    "negative": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", -1, [], [], []]}}',
    "large": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1' + "0" * 4000 + ", [], [], []]}}",
    "used": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1, [[1, 2]], [], []]}}',
    "uses": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1, 7, [], []]}}',
    "sought": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1, [], [[1, 2]], []]}}',
    "read": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1, [], [], [["PATH", 7]]]}}',
    "old": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1, []]}}',
    "nowhere": '{"mark": "MARK", "files": {"PATH": ["DIGEST", "PATH", 1, [["a\\u0000", "b", "c", "d"]], [], []]}}',
}


@pytest.mark.parametrize("text", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_cache_is_none(project: Path, checked: Callable[..., tuple[int, list[str]]], text: str) -> None:
    checked()
    path = kept(project)
    good = json.loads(path.read_text("utf-8"))
    for key, value in {"MARK": good["mark"], "PATH": str(project / "7.lrs"), "DIGEST": good["files"][str(project / "7.lrs")][0]}.items():
        text = text.replace(key, value)
    path.write_text(text, "utf-8")
    status, looked = checked()
    assert (status, "7.lrs" in looked) == (0, True)
    assert checked() == (0, []), "it is put in order again"


@pytest.mark.parametrize("shape", ["fifo", "folder", "link", "zero"])
def test_what_lies_in_the_place_of_the_cache(project: Path, checked: Callable[..., tuple[int, list[str]]], shape: str) -> None:
    checked()
    path = kept(project)
    text = path.read_text("utf-8")
    path.unlink()
    victim = project.parent / "victim"
    victim.write_text(text, "utf-8")
    if shape == "fifo":
        os.mkfifo(path)
    elif shape == "folder":
        path.mkdir()
    else:
        path.symlink_to(victim if shape == "link" else "/dev/zero")
    assert [len(looked) for _, looked in (checked(), checked())] == [60, 60]
    assert victim.read_text("utf-8") == text


def test_a_cache_that_came_with_the_project_is_not_believed(
    project: Path, checked: Callable[..., tuple[int, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked()
    write(project, **{"7.lrs": "lr = cosinn(5)\n"})
    text = kept(project).read_text("utf-8").replace(caching._digest("lr = cosine(5)\n"), caching._digest("lr = cosinn(5)\n"))
    write(project, **{f"cache/checked/{kept(project).name}": text, ".lrdsl_cache/checked.json": text})
    victim = project.parent / "victim"
    victim.write_text("precious", "utf-8")
    (project / ".lrdsl_cache" / ".gitignore").symlink_to(victim)
    (project / "cache" / "checked").chmod(0o700)
    (project.parent / "link").symlink_to(project / "cache")
    for place in (project / "cache", Path("cache"), project.parent / "link", project):
        monkeypatch.setenv("LRDSL_CACHE_DIR", str(place))
        status, looked = checked()
        assert (status, "7.lrs" in looked, len(looked) >= 60) == (1, True, True)
    assert victim.read_text("utf-8") == "precious"
    assert (project / "cache" / "checked" / kept(project).name).read_text("utf-8") == text


@pytest.mark.parametrize("shape", ["link", "open", "theirs", "file", "unwritable"])
def test_a_folder_that_is_not_ours_is_not_used(
    project: Path, checked: Callable[..., tuple[int, list[str]]], monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    checked()
    folder = project.parent / "cache" / "checked"
    if shape == "link":
        folder.rename(project.parent / "elsewhere")
        folder.symlink_to(project.parent / "elsewhere")
    elif shape == "open":
        folder.chmod(0o777)
    elif shape == "theirs":
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    elif shape == "file":
        folder.rename(project.parent / "elsewhere")
        folder.write_text("")
    else:
        monkeypatch.setenv("LRDSL_CACHE_DIR", "/proc/nowhere")
    assert [len(looked) for _, looked in (checked(), checked())] == [60, 60]


def test_the_cache_lies_where_the_system_has_its_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LRDSL_CACHE_DIR", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name, **_: str(tmp_path / "caches" / name))
    path = Cache.of(tmp_path / "project").path
    assert path is not None
    assert path.parent == tmp_path / "caches" / "lrdsl" / "checked"
    assert path != Cache.of(tmp_path / "another").path


def test_two_runs_leave_a_whole_cache(project: Path) -> None:
    one, two = Cache.of(project), Cache.of(project)
    used = SimpleNamespace(folder=str(project), path="1.lrs", file=project / "1.lrs", text="lr = cosine(5)\n")
    one.keep({project / "1.lrs": entry(project / "1.lrs", "lr = cosine(5)\n", "x", 1, (), Notes())})
    two.keep({project / "2.lrs": entry(project / "2.lrs", "lr = cosine(5)\n", "x", 1, [used], Notes())})
    last = Cache.of(project)
    assert (last.clean(project / "1.lrs", "x"), last.clean(project / "2.lrs", "x")) == (None, 1), "the last one counts"


def test_settings_are_spelled_once_and_folders_resolved_once_for_many_files(
    project: Path, monkeypatch: pytest.MonkeyPatch, checked: Callable[..., tuple[int, list[str]]]
) -> None:
    write(project, **{"lrdsl.toml": 'ignore = ["LR307"]\n[clock]\nbatch_size = 10\n', **{f"sub/{i}.yaml": "lr_schedule: cosine(5)\n" for i in range(60)}})
    assert len(checked()[1]) == 121, "the settings are a file too"
    spelled, resolved = [], []
    plain, real = Settings.__repr__, os.path.realpath
    monkeypatch.setattr(Settings, "__repr__", lambda self: spelled.append(self) or plain(self))
    monkeypatch.setattr(os.path, "realpath", lambda path, **options: resolved.append(path) or real(path, **options))
    assert checked()[1] == []
    assert len(spelled) == 1
    assert len(resolved) < 30, "not one for each file"


def test_a_link_that_leads_elsewhere_now_is_followed_again(project: Path) -> None:
    (project / "link.yaml").symlink_to("one.yaml")
    write(project, **{"one.yaml": "lr_schedule: cosine(5)\n", "two.yaml": "lr_schedule: cosine(5)\n"})
    cache = Cache.of(project)
    settings = Settings(project)
    cache.keep({project / "link.yaml": entry(project / "link.yaml", "lr_schedule: cosine(5)\n", settings.spelled, 1, (), Notes())})
    assert cache.clean(project / "link.yaml", settings.spelled) == 1
    (project / "link.yaml").unlink()
    (project / "link.yaml").symlink_to("two.yaml")
    assert cache.clean(project / "link.yaml", settings.spelled) is None, "its content is the same, and its file is another"


def test_settings_that_differ_are_spelled_differently(tmp_path: Path) -> None:
    plain, other = Settings(tmp_path), Settings(tmp_path, clock=(("total_steps", 100),))
    assert plain.spelled == Settings(tmp_path).spelled != other.spelled

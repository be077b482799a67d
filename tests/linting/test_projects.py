"""Tests of the check of files: settings, repairs that change nothing else, and writing that leaves the old file or the new one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.linting.linter import lint
from lrdsl.linting.listing import MAX_BYTES, list_files
from lrdsl.linting.projects import check_file, check_source
from lrdsl.linting.settings import Settings, SettingsError
from lrdsl.syntax import canonical
from tests.drawing import examples
from tests.folders import names
from tests.linting.repairing import repaired
from tests.properties import texts


def settings_of(folder: Path, text: str = "") -> Settings:
    (folder / "pyproject.toml").write_text(f"[tool.lrdsl]\n{text}", "utf-8")
    return Settings.of(folder)


def test_repairs_touch_nothing_else(tmp_path: Path) -> None:
    source = '# a\r\nx:   1\r\nschedule:   "warmup(5) then \\u0072estart cosine(95)"   # é 𝕏\r\ny: [ 1,2 ]\r\n'
    path = tmp_path / "a.yaml"
    path.write_bytes(source.encode())
    done = check_file(path, Settings.of(tmp_path), "safe")
    assert done.source == source.replace("\\u0072estart ", "")
    assert (done.repaired, done.diagnostics) == (1, ())


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    source = 'a: "𝕏"\nschedule: "hold(3) then\\tcosin(3)"\n'
    found = check_source(tmp_path / "a.yaml", source, Settings.of(tmp_path)).diagnostics
    (d,) = (d for d in found if d.code == "LR101")
    assert source[d.span.start.offset : d.span.end.offset] == "cosin"
    assert (d.span.start.line, d.span.start.column) == (2, 1 + source.split("\n")[1].index("cosin("))


def test_settings(tmp_path: Path) -> None:
    s = settings_of(
        tmp_path,
        'ignore = ["LR307"]\nkeys = ["policy"]\n[tool.lrdsl.per-file-ignores]\n"old/*" = ["LR4"]\n'
        '[tool.lrdsl.clock]\nsteps-per-epoch = 10\n[tool.lrdsl.paths]\n"long/*" = {total-steps = 1000}\n',
    )
    source = "policy: warmup(1ep) then restart cosine(50) then linear(3)\n"
    assert [d.code for d in check_source(tmp_path / "a.yaml", source, s).diagnostics] == ["LR207", "LR402", "LR207"]
    assert [d.code for d in check_source(tmp_path / "old" / "a.yaml", source, s).diagnostics] == ["LR207", "LR207"]
    assert "LR208" not in [d.code for d in check_source(tmp_path / "a.yaml", "policy: multistep([30, 2000])\n", s).diagnostics]
    assert [d.code for d in check_source(tmp_path / "long" / "a.yaml", "policy: multistep([30, 2000])\n", s).diagnostics] == ["LR208"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("selct = []", "no setting `selct`"),
        ("x =", "Invalid"),
        ('select = "LR3"', "a list of texts"),
        ("ignore = [3]", "a list of texts"),
        ("keys = 7", "a list of texts"),
        ('select = ["LR999"]', "begins with LR999"),
        ('[tool.lrdsl.per-file-ignores]\n"a/*" = ["XY"]', "per-file-ignores of a/.: no rule"),
        ('[tool.lrdsl.per-file-ignores]\n"a/*" = "LR3"', "a list of texts"),
        ("clock = 3", "`clock` must be a table"),
        ("[tool.lrdsl.clock]\nspeed = 3", "has no fact `speed`"),
        ("paths = {a = 3}", "`paths of a` must be a table"),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        settings_of(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "pyproject.toml"))


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\nlrdsl = 3"])
def test_files_that_are_no_settings(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    if "lrdsl" in text:
        with pytest.raises(SettingsError, match="must be a table"):
            Settings.of(tmp_path)
    else:
        assert Settings.of(tmp_path).selection == Settings(tmp_path).selection


def test_what_the_run_will_say_is_no_problem(tmp_path: Path) -> None:
    s = Settings.of(tmp_path)
    assert check_source(tmp_path / "a.lrs", "lr = warmup(5%) then cosine(rest)\n", s).diagnostics == ()
    assert [d.code for d in check_source(tmp_path / "a.lrs", "lr = warmup(5%) then restart cosine(rest)\n", s).diagnostics] == ["LR307"]
    assert [d.code for d in check_source(tmp_path / "a.lrs", "lr = warmup(5%) then cosin(rest)\n", s).diagnostics] == ["LR101"]


@pytest.mark.parametrize(
    "text",
    [
        "set total = 90ep\nlet warm = 5ep\nlr = warmup(warm) then cosine(rest)\n",
        "set epoch = 10\nlr = warmup(5ep) then cosine(rest)\n",
        "set total = 1e9 tokens\nlr = warmup(1%) then cosine(rest)\n",
        "set total = 1000\nlr = warmup(1ep) then cosine(rest)\n",
        "warmup(1e6 samples) then cosine(20ep)\n",
    ],
)
@pytest.mark.parametrize("clock", ["", "steps-per-epoch = 100", "total-steps = 50000", "total-epochs = 90"])
def test_what_a_file_says_itself_is_not_supposed(tmp_path: Path, text: str, clock: str) -> None:
    found = check_source(tmp_path / "a.lrs", text, settings_of(tmp_path, f"[tool.lrdsl.clock]\n{clock}\n")).diagnostics
    assert {d.code for d in found} <= ({"LR124"} if clock else set()), "but for a file and its project that differ"


def test_files(tmp_path: Path) -> None:
    for name in ("a.lrs", "b.yaml", "c.txt", "sub/d.py", ".hidden/e.lrs", "node_modules/f.lrs"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", "utf-8")
    assert names(tmp_path) == ["a.lrs", "b.yaml", "sub/d.py"]
    assert [one.path for one in list_files([tmp_path / "c.txt"]).files] == [tmp_path / "c.txt"]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b"\x00", b"lr = \xc3\xa9"])
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.lrs"
    path.write_bytes(data)
    assert check_file(path, Settings.of(tmp_path)).diagnostics


def test_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    wrong, large = tmp_path / "wrong.yaml", tmp_path / "large.json"
    wrong.write_bytes("schedule: cosin(3)  # caf\u00e9".encode("latin-1"))
    large.write_bytes(b" " * (MAX_BYTES + 1))
    assert [one.path for one in list_files([tmp_path]).files] == [wrong], "so large a file is data, unless it is named"
    for path, why in ((wrong, "the file is not UTF-8 text, from byte 25 on"), (large, "the file has more than 4,000,000 bytes")):
        (d,) = check_file(path, Settings.of(tmp_path)).diagnostics
        assert (d.code, d.severity, d.message) == ("LR903", "warning", why)
        assert check_file(path, settings_of(tmp_path, 'ignore = ["LR903"]')).diagnostics == ()
        (tmp_path / "pyproject.toml").unlink()


@examples(60)
@given(st.data())
def test_safe_repairs_keep_every_level_of_any_text(data: st.DataObject) -> None:
    text = canonical(data.draw(texts.trees(depth=3, longest=300)))
    if any(d.severity == "error" for d in lint(text)):
        return
    found = repaired(text)
    assert repaired(found) == found
    before, after = lrdsl.parse(text), lrdsl.parse(found)
    assert before.values(400).tolist() == pytest.approx(after.values(400).tolist(), rel=1e-12, abs=1e-300)

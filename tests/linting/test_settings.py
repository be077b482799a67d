"""Tests of settings from untrusted repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import lrdsl
from lrdsl.cli import main
from lrdsl.linting.settings import MAX_BYTES, Settings, SettingsError

TABLE = "[tool.lrdsl]\n"
HOSTILE = {
    "deep array": "a = " + "[" * 100_000,
    "deep table": "a = " + "{a=" * 100_000,
    "deep key": "a." * 50_000 + "a = 1",
    "deep quoted key": '"a" . ' * 50_000 + "a = 1",
    "deep header": "[" + "a." * 50_000 + "a]",
    "digits": "a = " + "1" * 5000,
    "digits of ours": TABLE + "select = " + "1" * 5000,
    "hexadecimal": TABLE + "select = 0x" + "f" * 5000,
    "hexadecimal in a list": TABLE + "select = [0x" + "f" * 5000 + "]",
    "hexadecimal fact": TABLE + "clock.total-steps = 0x" + "f" * 5000,
    "hexadecimal name": TABLE + "clock.names.a = 0x" + "f" * 5000,
    "names": TABLE + "clock.names = 5",
    "names of a path": TABLE + 'paths."a/*".names = [1]',
    "a name that is a text": TABLE + 'clock.names.a = "1e999999999"',
    "a name that is a word": TABLE + "clock.names.hold = 1",
    "a name that is a list": TABLE + "clock.names.a = [1]",
    "a name that is not finite": TABLE + "clock.names.a = nan",
    "a fact that is a text": TABLE + 'clock.total-steps = "1e999999999"',
    "a fact that is a list": TABLE + "clock.total-steps = [1]",
    "a fact that is a table": TABLE + "clock.total-steps.x = 1",
    "a fact that is a date": TABLE + "clock.total-steps = 1979-05-27",
    "a fact that is true": TABLE + "clock.total-steps = true",
    "a fact that is not finite": TABLE + "clock.total-steps = -inf",
    "a fact that is negative": TABLE + "clock.total-steps = -1",
    "facts that contradict": TABLE + "clock = {total-steps = 10, total-epochs = 3, steps-per-epoch = 7}",
    "a tick": TABLE + 'clock.tick = "week"',
    "a tick that is a number": TABLE + "clock.tick = 0x" + "f" * 5000,
    "clock": TABLE + "clock = 1979-05-27",
    "a list of ours": "tool.lrdsl = []",
    "a false one": "tool.lrdsl = false",
    "a name of a setting": TABLE + f'"{"x" * 10_000}\\u001b[31m" = 1',
    "a code": TABLE + f'select = ["{"[" * 400}"]',
    "a long pattern": TABLE + f'keys = ["{"[" * 100_000}"]',
    "a long pattern of a path": TABLE + f'per-file-ignores."{"[" * 100_000}" = []',
    "many patterns": TABLE + "keys = [" + '"a",' * 5000 + "]",
    "paths": TABLE + "paths = []",
    "a path": TABLE + "paths.a = 1",
    "rules of files": TABLE + "per-file-ignores.a = 1",
    "not UTF-8": "\udcff",
    "large": "#" * (MAX_BYTES + 1),
    "nul": "\0",
    "open": 'a = """',
}


def test_a_fact_may_be_written_in_text(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE + 'clock = {steps-per-epoch = "1_251", names = {lo = "1e-5"}}')
    options = Settings.of(tmp_path).options(tmp_path / "a.lrs")
    assert lrdsl.parse("cosine(2ep, to=lo)", **options).length == 2502


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_settings_fail(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        Settings.of(tmp_path)
    assert str(caught.value).startswith(f"{path}:")
    assert len(str(caught.value)) < 1000
    monkeypatch.chdir(tmp_path)
    for verb in ("check", "fmt"):
        assert main([verb]) == 2
        assert capsys.readouterr().err.startswith("lrdsl: ")


@pytest.mark.parametrize("text", [TABLE + "clock.names = {a = 5, b = 0.5}\nclock.tick = 'step'", TABLE + "clock.total-epochs = 1.5", "x = 1", "", TABLE])
def test_settings_that_are_right(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert Settings.of(tmp_path).options(tmp_path / "a.lrs") in ({"names": {"a": 5, "b": 0.5}, "tick": "step"}, {"total_epochs": 1.5}, {})


@pytest.mark.parametrize("shape", ["fifo", "folder", "device", "loop"])
def test_what_is_no_file_is_passed_over(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "pyproject.toml"
    if shape == "fifo":
        os.mkfifo(path)
    elif shape == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if shape == "device" else path)
    assert Settings.of(tmp_path).selection == Settings(tmp_path).selection


def test_a_project_with_many_tables_is_no_harder(tmp_path: Path) -> None:
    """Dots in numbers, texts and names of packages are no parts of a key."""
    versions = ", ".join(f'"package{i}>=1.2.3"' for i in range(300))
    (tmp_path / "pyproject.toml").write_text(f"[project]\ndependencies = [{versions}]\nx = [{', '.join(['1.5'] * 300)}]\n{TABLE}", "utf-8")
    assert Settings.of(tmp_path).root == tmp_path

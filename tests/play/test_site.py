"""Tests of the folder that `lrdsl play --static` writes, without Pyodide itself: `in_chromium` runs the whole."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.play import site
from lrdsl.play.pages import FOLDER


@pytest.fixture
def pyodide(tmp_path: Path) -> Path:
    """A folder with the names of Pyodide's files."""
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in site._RUNTIME:
        (folder / name).write_bytes(b"{}")
    (folder / "pyodide-lock.json").write_text('{"info": {"python": "3.14"}, "packages": {"numpy": {"file_name": "elsewhere"}}}', "utf-8")
    (folder / "package.json").write_text(json.dumps({"version": site.PYODIDE}), "utf-8")
    return folder


def test_the_folder_has_the_page_and_python(tmp_path: Path, pyodide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "site"
    assert main(["play", "--static", str(out), "--pyodide", str(pyodide)]) == 0
    assert "the playground" in capsys.readouterr().out
    written = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    shipped = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    assert set(written) == {*shipped, *(f"pyodide/{name}" for name in site._RUNTIME), "python.zip", "sympy.zip", "lrdsl-playground.json"}
    assert all(written[name] == content for name, content in shipped.items() if name not in ("index.html", "LICENSES.txt"))
    assert b'content="page"' in written["index.html"]
    assert b'content="server"' in shipped["index.html"]
    assert json.loads(written["pyodide/pyodide-lock.json"])["packages"] == {}
    assert main(["play", "--static", str(out), "--pyodide", str(pyodide)]) == 0  # once more
    assert (out / "python.zip").read_bytes() == written["python.zip"]


def test_its_python_runs_alone(tmp_path: Path, pyodide: Path) -> None:
    """The packed modules answer without any other library: no NumPy, no rich; SymPy comes later."""
    site.write_site(tmp_path / "site", pyodide)
    zipfile.ZipFile(tmp_path / "site" / "python.zip").extractall(tmp_path / "quick")
    zipfile.ZipFile(tmp_path / "site" / "python.zip").extractall(tmp_path / "slow")
    zipfile.ZipFile(tmp_path / "site" / "sympy.zip").extractall(tmp_path / "slow")
    questions = {
        "quick": [
            {"ask": "look", "text": "warmup(5%) then cosine(rest)", "facts": {"total_steps": "1000"}, "other": "cosine(rest)"},
            {"ask": "look", "text": 'lr = linear(9); lr["head"] = 0.1 * lr; momentum = hold(at=0.9)'},
            {"ask": "look", "text": "restarts(cosine(10), decay=0.9)", "log": True},
            {"ask": "look", "text": "max(cosine(30k), 0.1x) then step(3, 0.999)", "facts": {"total_steps": "100k"}},
            {"ask": "look", "text": "repeat(linear(100, to=0.1x) then linear(30, to=1x))", "facts": {"total_steps": "910k"}},
            {"ask": "levels", "text": "cosine(20)", "tick": 3},
            {"ask": "complete", "text": "cos", "at": 3},
        ],
        "slow": [
            {"ask": "gallery"},
            {"ask": "hover", "text": "cosine(20)", "at": 3},
            {"ask": "compare", "text": "poly(10)", "other": "linear(10)"},
            {"ask": "formulas", "text": "warmup(5) then cosine(20)"},
            {"ask": "export", "text": "warmup(5) then cosine(20)", "to": "torch"},
            {"ask": "read", "text": "lr_scheduler_type: cosine\nwarmup_steps: 3\nmax_steps: 30"},
            {"ask": "assertions", "text": "lr = linear(9)\nassert continuous(lr)\nassert monotone(lr)\nassert total(lr) == 5\nassert max(lr) <= 1"},
            {"ask": "dialects"},
        ],
    }
    for name, asked in questions.items():
        program = "import sys, json; sys.path[:] = [sys.argv[1], *(one for one in sys.path if one and 'site-packages' not in one)]; from lrdsl.play.answers import answer; print(json.dumps([json.loads(answer(json.dumps(q))) for q in json.loads(sys.argv[2])]))"
        done = subprocess.run(
            [sys.executable, "-S", "-c", program, str(tmp_path / name), json.dumps(asked)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        answers = json.loads(done.stdout)
        assert not [one for one in answers if "error" in one]
        assert [problem for one in answers for problem in one.get("problems", ())] == []
        if name == "slow":
            assert len(answers[0]["entries"]) > 200
            assert answers[2]["proved"]
            assert answers[5]["readings"][0]["text"] == "hf.cosine(3, 30)"
            assert len(answers[6]["held"]) == 4


def test_it_refuses_what_it_did_not_write(tmp_path: Path, pyodide: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("mine", "utf-8")
    assert main(["play", "--static", str(mine), "--pyodide", str(pyodide)]) == 2
    assert "other files" in capsys.readouterr().err
    assert [path.name for path in mine.iterdir()] == ["index.html"]
    assert main(["play", "--static", "site"]) == 2
    assert f"`npm pack pyodide@{site.PYODIDE}` brings it" in capsys.readouterr().err
    package = tmp_path / f"pyodide-{site.PYODIDE}.tgz"
    package.write_bytes(b"another package")
    assert main(["play", "--static", "site"]) == 2
    assert "checksum" in capsys.readouterr().err
    (pyodide / "package.json").write_text('{"version": "0.1"}', "utf-8")
    assert main(["play", "--static", "site", "--pyodide", str(pyodide)]) == 2
    assert "has Pyodide 0.1" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()

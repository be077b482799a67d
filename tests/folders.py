"""Folders to look for files in: ordinary ones, and such as an attacker would commit."""

from __future__ import annotations

from pathlib import Path

from lrdsl.linting.listing import listed


def write(folder: Path, *empty: str, **texts: str) -> None:
    """Make files in a folder: `empty` ones, and those with texts."""
    for name, text in {**dict.fromkeys(empty, ""), **texts}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def names(folder: Path) -> list[str]:
    """The files that are found in a folder, in their order."""
    return [one.path.relative_to(folder).as_posix() for one in listed([folder]).files]


def repository(folder: Path) -> None:
    """Make a folder the top of a repository."""
    write(folder, **{".git/HEAD": "ref: refs/heads/main\n", ".git/objects/x": "", ".git/refs/x": ""})


def bare_repository(folder: Path) -> None:
    """Make a folder a bare repository, as one may commit it, in which nearly every command of git would leave `mark` in the folder above."""
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

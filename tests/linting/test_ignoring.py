"""Tests of `.gitignore` patterns: they are read as git reads them, in a time that grows no faster than patterns and paths."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrdsl.linting import ignoring
from lrdsl.linting.ignoring import Patterns, Work

PLENTY = 10**12


def ignored(source: str, path: str) -> bool:
    """Whether a file is ignored, or a folder that it is in."""
    patterns, parts = Patterns.of(source), tuple(path.split("/"))
    for i in range(1, len(parts)):
        if patterns.ignores(parts[:i], True, Work(PLENTY)):
            return True
    return bool(patterns.ignores(parts, False, Work(PLENTY)))


@pytest.mark.parametrize(
    ("source", "yes", "no"),
    [
        ("*.yaml", ["a.yaml", "b/a.yaml", ".yaml"], ["a.yml", "a.yaml.py"]),
        ("build/", ["build/a.py", "a/build/b.py"], ["build"]),
        ("/a.py", ["a.py"], ["b/a.py"]),
        ("a/b", ["a/b", "a/b/c"], ["x/a/b"]),
        ("**/a/b", ["a/b", "x/a/b", "x/y/a/b/c"], ["a", "b"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["x/a/b", "a/xb"]),
        ("a/**", ["a/x", "a/x/y"], ["a", "b/a"]),
        ("*.py\n!a.py", ["b.py"], ["a.py", "x/a.py"]),
        ("x/\n!x/a.py", ["x/a.py"], []),
        ("!a.py\n*.py", ["a.py"], []),
        ("[ab].py", ["a.py", "b.py"], ["c.py"]),
        ("[!ab].py", ["c.py"], ["a.py"]),
        ("[^a-c]*", ["d.py"], ["a.py", "cd"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[[:digit:]x]", ["7", "x"], ["a"]),
        ("a?c", ["abc"], ["ac", "abbc"]),
        ("\\#a\n\\!b", ["#a", "!b"], ["a", "b"]),
        ("# a.py", [], ["# a.py", "a.py"]),
        ("a.py  \r\nb\\ \r\n", ["a.py", "b "], ["b"]),
        ("\\*", ["*"], ["a"]),
        ("a*b*c", ["abc", "axbxc", "aabbcc"], ["acb", "ab"]),
        ("\ufeffa.py", ["a.py"], []),
        ("[a\n\\\n[z-a]\n/\n//\n", [], ["a", "[a", "z", "\\"]),
        ("a/", ["a/b"], ["a"]),
        ("doc/*.txt", ["doc/a.txt"], ["doc/x/a.txt", "x/doc/a.txt"]),
    ],
)
def test_patterns(source: str, yes: list[str], no: list[str]) -> None:
    assert [path for path in [*yes, *no] if ignored(source, path)] == yes


_NAMES = st.sampled_from(["a", "b", "ab", "a.b", "bc", "b a", "]", "*", "a-"])
_SEGMENTS = st.sampled_from(["*", "**", "a", "ab", "*.b", "a*", "?", "[ab]", "[!a]", "[^b]c", "*b*", "[a-c]", "\\a", "\\*", "b a", "a.b"])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


def ignored_by_git(repository: Path, source: str, path: str) -> bool:
    (repository / ".gitignore").write_text(source)
    alone = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    ran = subprocess.run(["git", "check-ignore", "--no-index", "-q", "--", path], cwd=repository, env=alone, capture_output=True)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode == 0


@given(
    lines=st.lists(
        st.tuples(st.sampled_from(["", "!", "/", "!/"]), st.lists(_SEGMENTS, min_size=1, max_size=3), st.sampled_from(["", "/", "  "])), min_size=1, max_size=4
    ),
    path=st.lists(_NAMES, min_size=1, max_size=4),
)
@example(lines=[("!", ["*"], ""), ("", ["*", "*"], "")], path=["a", "a", "a"])
def test_patterns_are_those_of_git(repository: Path, lines: list[tuple[str, list[str], str]], path: list[str]) -> None:
    source = "".join(f"{sign}{'/'.join(segments)}{end}\n" for sign, segments, end in lines)
    assert ignored(source, "/".join(path)) == ignored_by_git(repository, source, "/".join(path))


@given(st.text(alphabet="ab*?[]!\\/-.^: \n\r#", max_size=40), st.text(alphabet="ab*?[]!\\-. #", min_size=1, max_size=10))
def test_no_pattern_fails(source: str, name: str) -> None:
    ignored(source, f"{name}/{name}")


@pytest.mark.parametrize("pattern", ["*a" * 60 + "*b", "**/a/" * 60 + "b", "*[ab]" * 60 + "c", "?*" * 60 + "b"])
def test_patterns_that_take_for_ever_with_backtracking(pattern: str) -> None:
    """With backtracking, each of these takes longer than the universe is old."""
    assert not ignored(pattern, "/".join(["a"] * 120 + ["a" * 250]))


def test_work_is_counted() -> None:
    patterns = Patterns.of("\n".join(f"*a*a{i}" for i in range(1000)))
    some, twice = Work(PLENTY), Work(PLENTY)
    patterns.ignores(("a" * 100,), False, some)
    patterns.ignores(("a" * 100,), False, twice)
    patterns.ignores(("a" * 100,), False, twice)
    assert 2 * (PLENTY - some.left) == PLENTY - twice.left > 1000


def test_patterns_that_are_never_asked_for_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    compiled = re.compile
    monkeypatch.setattr(ignoring.re, "compile", lambda pattern, flags=0: made.append(pattern) or compiled(pattern, flags))
    patterns = Patterns.of("\n".join(f"*a{i}*b*c" for i in range(1000)))
    assert made == []
    assert patterns.ignores(("a7xbxc",), False, Work(PLENTY)) is True
    assert len(made) == 4

"""Tests of `lrdsl docs`: it lists the pages, shows one, finds a word, and opens a page in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdsl.cli import main
from lrdsl.cli.docs import headings, prose
from lrdsl.pages import PAGES, beside


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["docs", *words])
    return status, *capsys.readouterr()


def test_it_lists_the_pages(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = printed(capsys)
    assert status == 0
    assert [line.split()[0] for line in out.split("\n\n")[0].splitlines()] == list(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_it_shows_a_page_by_name_and_by_path(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = beside(PAGES[page][0]).read_text("utf-8")
    assert printed(capsys, page)[1] == text
    assert printed(capsys, PAGES[page][0])[1] == text


def test_on_a_terminal_it_lays_a_page_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrdsl.cli.terminal.is_terminal", lambda: True)
    monkeypatch.setenv("PAGER", "cat")
    out = printed(capsys, "tutorial")[1]
    assert "Tutorial: ten minutes" in out
    assert "# Tutorial" not in out


def test_it_finds_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "layer-wise")[1]
    assert out.startswith("cookbook: Layer-wise decay\n")
    assert "reference: Files\n" in out
    status, out, err = printed(capsys, "flibbertigibbet")
    assert (status, out) == (2, "")
    assert "no page has flibbertigibbet" in err
    assert "did you mean `lrdsl docs tutorial`?" in printed(capsys, "tutoriall")[2]


def test_it_opens_a_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path))
    assert printed(capsys, "questions", "--browser")[0] == 0
    page = Path(opened[0].removeprefix("file://"))
    assert 'id="what-is-a-tick"' in page.read_text("utf-8")
    assert printed(capsys, "nothing", "--browser")[0] == 2


def test_headings_have_the_anchors_of_github() -> None:
    text = "# What `for` is, and `until`\n```\n# no heading\n```\n## A\n## A\n### [B](c.md) & d_e"
    assert [anchor for _, _, anchor in headings(text)] == ["what-for-is-and-until", "a", "a-1", "b--d_e"]
    assert "# no heading" not in [line for _, line in prose(text)]

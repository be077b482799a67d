"""Tests of the documents: their commands print what they show, their Python runs, their links lead somewhere, and the README is short.

`python -m tests.test_pages [PAGE...]` writes into the pages what is really printed.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import pytest

import lrdsl
from lrdsl.cli.docs import headings, prose, write_site
from lrdsl.dialects.overview import libraries
from lrdsl.pages import FILES, FOLDERS, PAGES, beside
from lrdsl.rules.catalogue import RULES
from lrdsl.training.catalogue import RUN_RULES
from tests.pages import BLOCK, ROOT, written

#: The pages whose blocks run. Those of the others are run by the tests of the pages' own generators.
RUN = [path for path, _ in PAGES.values() if path not in ("grammar/rules.md", "grammar/coming-from.md", "examples/papers.md")]
MARKDOWN = [*(name for name in FILES if name.endswith(".md")), *(path for path, _ in PAGES.values() if path != "README.md")]
#: A link, or the address of a picture; and what is code, where brackets mean something else.
LINK, CODE = re.compile(r"\]\(([^()\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\""), re.compile(r"`[^`]*`")


@pytest.mark.parametrize("name", RUN)
def test_a_page_shows_what_is_printed(name: str, tmp_path: Path) -> None:
    assert written(name, tmp_path) == (ROOT / name).read_text("utf-8"), f"run `python -m tests.test_pages {name}`"


def test_every_document_is_a_page() -> None:
    there = {path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*.md")}
    assert there | {"README.md"} == {path for path, _ in PAGES.values()}
    assert all(beside(name).exists() for name in (*FILES, *FOLDERS))


def test_the_wheel_has_all_that_comes_beside_the_code() -> None:
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    included = dict(re.findall(r'^"([^"]+)" = "lrdsl/share/([^"]+)"$', settings, re.MULTILINE))
    assert included == {name: name for name in (*FILES, *FOLDERS)}


def links(name: str) -> list[tuple[int, str]]:
    """Returns the links of a page, each with its line."""
    lines = prose((ROOT / name).read_text("utf-8"))
    return [(number, one or other) for number, line in lines for one, other in LINK.findall(CODE.sub("", line))]


def target(name: str, link: str) -> tuple[str, str]:
    """Returns the file that a link of a page leads to, and the anchor there."""
    path, _, anchor = link.partition("#")
    there = (ROOT / name).parent / path if path else ROOT / name
    return there.resolve().relative_to(ROOT.resolve()).as_posix(), anchor


@pytest.mark.parametrize("name", MARKDOWN)
def test_no_link_is_dead(name: str) -> None:
    for number, link in links(name):
        if link.startswith("https://"):
            continue
        path, anchor = target(name, link)
        assert (ROOT / path).exists(), f"{name}:{number}: {link}"
        if anchor:
            assert anchor in {mark for _, _, mark in headings((ROOT / path).read_text("utf-8"))}, f"{name}:{number}: {link}"


def test_the_tests_of_links_find_links() -> None:
    assert len(links("README.md")) > 10
    assert target("grammar/reference.md", "../examples/papers.md#a") == ("examples/papers.md", "a")


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [path for _, link in links(name) if not link.startswith("https://") and (path := target(name, link)[0]).endswith(".md")]
    assert {path for path, _ in PAGES.values()} <= reached


@pytest.mark.parametrize("name", [path for path, _ in PAGES.values()])
def test_set_up_stands_in_the_readme_alone(name: str) -> None:
    kinds = [kind for kind, _ in BLOCK.findall((ROOT / name).read_text("utf-8"))]
    assert kinds.count("sh") == (2 if name == "README.md" else 0)


def test_the_readme_is_short() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 200
    lengths = [
        len(paragraph.split("\n"))
        for paragraph in "\n".join(line for _, line in prose(text)).split("\n\n")
        if not paragraph.lstrip().startswith(("|", "<", "- "))
    ]
    assert max(lengths) <= 4
    assert all(len(line) <= 160 for _, line in prose(text) if not line.startswith("|"))


def test_the_readme_says_what_other_schedulers_come_to() -> None:
    """Each call in the README's table is read as the text beside it."""
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 10
    assert [there for there, here in rows if lrdsl.read(there) != lrdsl.parse(here)] == []


def test_the_readme_counts_right() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert f"{len(RULES)} rules" in text
    assert f"{len(RUN_RULES)} more read training code" in text
    assert f"{sum(bool(row['read']) for row in libraries())} libraries" in text


def test_all_documents_open_in_a_browser(tmp_path: Path) -> None:
    """Each page is written as HTML, and the links between them lead to what was written."""
    write_site(tmp_path)
    pages = [*tmp_path.rglob("*.html")]
    assert len(pages) == len(MARKDOWN)
    for page in pages:
        text = page.read_text("utf-8")
        for link in re.findall(r"(?:href|src)=\"([^\"]+)\"", text):
            if link.startswith(("https://", "data:")):
                continue
            path, _, anchor = link.partition("#")
            there = page.parent / path if path else page
            assert there.exists(), f"{page.name}: {link}"
            assert not anchor or f'id="{anchor}"' in there.read_text("utf-8"), f"{page.name}: {link}"


if __name__ == "__main__":
    for one in sys.argv[1:] or RUN:
        with tempfile.TemporaryDirectory() as place:
            (ROOT / one).write_text(written(one, Path(place)), "utf-8")

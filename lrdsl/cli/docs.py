"""`lrdsl docs`: the documents that come with lrdsl, in the terminal or in a browser. Nothing is fetched from anywhere."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from lrdsl.cli import terminal
from lrdsl.diagnostics import UsageError, did_you_mean, shown
from lrdsl.pages import FILES, FOLDERS, PAGES, beside

#: A heading of a page, outside of blocks of code; and the fences around these.
_HEADING, _FENCE = re.compile(r"(#{1,6}) (.+)"), ("```", "~~~")
#: What the anchor of a heading leaves out, and links, of which it keeps the words.
_DROPPED, _LINK = re.compile(r"[^\w\- ]"), re.compile(r"\[([^\]]*)\]\([^)]*\)")
#: The most places that a search shows.
_MOST = 25
#: A link to a page in another one.
_PAGE_LINK = re.compile(r'(href="[^":#]*)\.md(?=["#])')
#: The look of a page in a browser: light and dark, readable on a phone.
_STYLE = """:root { color-scheme: light dark } body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 system-ui, sans-serif }
pre, code { font-family: ui-monospace, monospace; font-size: .9em } pre { overflow-x: auto; padding: .8rem; border: 1px solid #8886; border-radius: .4rem }
table { border-collapse: collapse; display: block; overflow-x: auto } th, td { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid #8884 }
img { max-width: 100% } nav a { margin-right: .8rem }"""


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("docs", help="the documents: a tutorial, a cookbook, the reference", description="Show the documents that come with lrdsl.")
    parser.add_argument("name", metavar="PAGE|WORD", nargs="?", help="a page, or a word to look for in all pages (default: a list of the pages)")
    parser.add_argument("--browser", action="store_true", help="open the page in a browser, as a file on this machine")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Lists the pages, shows one, or shows where a word stands."""
    name = None if arguments.name is None else arguments.name.strip()
    page = None if name is None else _page(name)
    if arguments.browser:
        if name is not None and page is None:
            raise UsageError(f"there is no page {shown(name)}: the pages are {', '.join(PAGES)}")
        return _open(page or "readme")
    if name is None:
        return _list()
    return _search(name) if page is None else _show(page)


def _page(name: str) -> str | None:
    """The page with a name, or with the path of a file; None if there is none."""
    return next((page for page, (path, _) in PAGES.items() if name.lower().removesuffix(".md") in (page, path.lower().removesuffix(".md"))), None)


def _list() -> None:
    """Prints the names of the pages."""
    width = max(map(len, PAGES))
    terminal.say(*(f"{page:{width}}  {about}" for page, (_, about) in PAGES.items()))
    terminal.say("", f"`lrdsl docs tutorial` shows a page, `lrdsl docs warmup` looks for a word; the files are in {beside('grammar').parent}")


def _show(page: str) -> None:
    """Prints a page: laid out and with a pager on a terminal, else as Markdown."""
    text = beside(PAGES[page][0]).read_text("utf-8")
    if not terminal.is_terminal():
        terminal.emit(text)
        return
    from rich.markdown import Markdown

    console = terminal.console()
    console.width = min(console.width, 120)
    with console.pager(styles=console.color_system is not None):
        console.print(Markdown(text))


def _search(word: str) -> None:
    """Prints the sections in which a word stands: first those that have it in their heading. Raises `UsageError` if there are none."""
    titled: list[str] = []
    others: list[str] = []
    for page, (path, _) in PAGES.items():
        text = beside(path).read_text("utf-8")
        marks = headings(text)
        lines = text.lower().split("\n")
        for i, (line, title, _) in enumerate(marks):
            end = marks[i + 1][0] - 1 if i + 1 < len(marks) else len(lines)
            if any(word.lower() in one for one in lines[line - 1 : end]):
                (titled if word.lower() in title.lower() else others).append(f"{page}: {title}")
    if not titled and not others:
        near = did_you_mean(word.lower(), PAGES)
        raise UsageError(f"no page has {shown(word)}: " + (f"did you mean `lrdsl docs {near}`?" if near else f"the pages are {', '.join(PAGES)}"))
    places = list(dict.fromkeys([*titled, *others]))
    terminal.say(*places[:_MOST], *[f"and {len(places) - _MOST} more"] * (len(places) > _MOST))


def _open(page: str) -> None:
    """Writes all pages as HTML into the cache folder, and opens one in a browser."""
    import webbrowser

    import platformdirs

    from lrdsl import __version__

    folder = Path(platformdirs.user_cache_dir("lrdsl", appauthor=False)) / f"docs-{__version__}"
    write_site(folder)
    address = (folder / PAGES[page][0]).with_suffix(".html").as_uri()
    terminal.say(address)
    webbrowser.open(address)


def write_site(folder: Path) -> None:
    """Writes all documents into a folder as HTML, with the files that they link to."""
    from html import escape
    from shutil import copytree, ignore_patterns

    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark").enable("table")
    for name in FOLDERS:
        copytree(beside(name), folder / name, ignore=ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for name in FILES:
        (folder / name).write_bytes(beside(name).read_bytes())
    for path in [path for path, _ in PAGES.values()] + [name for name in FILES[1:] if name.endswith(".md")]:
        text = beside(path).read_text("utf-8")
        tokens = reader.parse(text)
        marks = headings(text)
        for token, (_, _, anchor) in zip((token for token in tokens if token.type == "heading_open"), marks, strict=True):
            token.attrSet("id", anchor)
        body = _PAGE_LINK.sub(r"\1.html", reader.renderer.render(tokens, reader.options, {}))
        up = "../" * (len(PurePosixPath(path).parts) - 1)
        links = " ".join(f'<a href="{up}{PurePosixPath(other).with_suffix(".html")}">{name}</a>' for name, (other, _) in PAGES.items())
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(marks[0][1])}</title><style>{_STYLE}</style>'
        (folder / path).with_suffix(".html").write_text(f'<!doctype html><html lang="en">{head}<nav>{links}</nav>{body}</html>\n', "utf-8")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yields the lines of a page that stand outside of blocks of code, each with its number from 1."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        start = line.lstrip()[:3]
        if fence:
            fence = "" if start == fence else fence
        elif start in _FENCE:
            fence = start
        else:
            yield number, line


def headings(text: str) -> list[tuple[int, str, str]]:
    """Returns the headings of a page: the line of each, its words and its anchor, as GitHub makes it.

    >>> headings("# What `for` is, and `until`\\n## A\\n## A")
    [(1, 'What `for` is, and `until`', 'what-for-is-and-until'), (2, 'A', 'a'), (3, 'A', 'a-1')]
    """
    rows: list[tuple[int, str, str]] = []
    count: dict[str, int] = {}
    for number, line in prose(text):
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            words = heading[2].strip()
            anchor = _DROPPED.sub("", _LINK.sub(r"\1", words).lower()).replace(" ", "-")
            count[anchor] = count.get(anchor, -1) + 1
            rows.append((number, words, f"{anchor}-{count[anchor]}" if count[anchor] else anchor))
    return rows

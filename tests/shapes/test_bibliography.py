"""Tests that `papers.bib` is what BibTeX reads: entries with their fields, names and years as a style needs them, and letters outside ASCII as commands."""

from __future__ import annotations

import re

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import recipe_names, sources_of
from lrdsl.shapes import SHAPES, bibliography

#: The fields that an entry needs.
NEEDED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title", "howpublished", "year"},
}
SOURCE = bibliography._FILE.read_text("utf-8")
ENTRIES = re.findall(r"^@(\w+)\{(\w+),\n((?:  \w+ = \{.*\},?\n)+)\}$", SOURCE, re.MULTILINE)


def test_entries_are_whole() -> None:
    assert SOURCE.isascii()
    assert "\n".join(f"@{kind}{{{key},\n{body}}}\n" for kind, key, body in ENTRIES).strip() == SOURCE.strip()
    assert len({key for _, key, _ in ENTRIES}) == len(ENTRIES)
    for kind, key, body in ENTRIES:
        lines = body.splitlines()
        assert all(line.endswith("},") for line in lines[:-1])
        assert lines[-1].endswith("}")
        fields = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", body, re.MULTILINE))
        assert len(fields) == len(lines)
        assert fields.keys() >= NEEDED[kind], key
        assert re.fullmatch(r"(19|20)\d\d", fields["year"])
        assert re.fullmatch(r"\d+--\d+", fields.get("pages", "1--2")), key
        for value in fields.values():
            depth = [value[:i].count("{") - value[:i].count("}") for i in range(len(value) + 1)]
            assert min(depth) == depth[-1] == 0, key
            assert not re.search(r"(?<!\\)[&%#$_]", re.sub(r"\\url\{[^}]*\}", "", value)), key
        for name in fields["author"].split(" and "):
            assert re.fullmatch(r"others|\{\w+\}|[^,]+, [^,]+", name), (key, name)


def test_each_paper_is_the_source_of_a_shape_or_a_recipe() -> None:
    words = (*SHAPES, *COMBINATORS, *recipe_names())
    cited = {entry for word in words for entry in bibliography.papers_in(sources_of(word))}
    keys = {re.match(r"@\w+\{(\w+)", entry)[1] for entry in cited}  # type: ignore[index]
    assert keys == {key for _, key, _ in ENTRIES}

"""The papers that declarations name as their sources, in BibTeX: those in `papers.bib`, by the words for which a source names them, as "Smith 2017"."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("papers.bib")
_ENTRY = re.compile(r"^@\w+\{.*?^\}$", re.MULTILINE | re.DOTALL)


def papers_in(source: str) -> list[str]:
    """Returns the BibTeX of the papers, and of the libraries, that the source of a declaration names.

    >>> [entry.partition(",")[0] for entry in papers_in("Loshchilov & Hutter 2017, eq. 5; the power as in optax.cosine_decay_schedule")]
    ['@inproceedings{loshchilov2017sgdr', '@misc{deepmind2020jax']
    """
    return [entry for words, entry in _papers() if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", source)]


@cache
def _papers() -> tuple[tuple[str, str], ...]:
    """Returns every entry, with the words for which a source names it: the authors and the year, or a library."""
    entries = _ENTRY.findall(_FILE.read_text("utf-8"))
    return tuple((_field(entry, "keywords") or _authors(entry), entry) for entry in entries)


def _field(entry: str, name: str) -> str:
    value = re.search(rf"^ *{name} = \{{(.*)\}},?$", entry, re.MULTILINE)
    return "" if value is None else value[1]


def _authors(entry: str) -> str:
    """Returns the authors of an entry and its year, as a text cites it: `Smith & Topin 2019`, `Hu et al. 2024`."""
    names = [re.sub(r"\\\W|[{}]", "", name.partition(",")[0]) for name in _field(entry, "author").split(" and ")]
    who = names[0] if len(names) == 1 else " & ".join(names) if len(names) == 2 else f"{names[0]} et al."
    return f"{who} {_field(entry, 'year')}"

"""The gallery: examples from papers, shapes, combinators, and the recipes of other libraries, each as a text that runs, with where it is from."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import FOLDER, PLAIN, definition_of, namespace_of, namespaces, recipes
from lrdsl.pages import beside
from lrdsl.play.samples import CLOCKS, call_of
from lrdsl.shapes import SHAPES
from lrdsl.syntax import canonical

#: A comment that stands alone.
_COMMENT = re.compile(r"(?:^#.*\n)+", re.MULTILINE)
#: The facts that an example leaves to its run.
_FACTS = {"two_groups": {"steps_per_epoch": "14", "total_epochs": "12"}}
#: A comment for the linter, which means nothing to a reader.
_SILENCER = re.compile(r"^.*# lrs: .*$\n?", re.MULTILINE)


@cache
def entries() -> list[dict[str, Any]]:
    """Returns the entries: `kind`, `name`, the `text`, the `facts` that it needs, what it is `about`, and its `source`, the definition behind it."""
    return [*_examples(), *_shapes(), *_recipes()]


def _entry(kind: str, name: str, text: str, about: str, source: str = "", facts: dict[str, str] | None = None) -> dict[str, Any]:
    return {"kind": kind, "name": name, "text": text, "about": about, "source": source, "facts": facts or {}}


def _examples() -> list[dict[str, Any]]:
    made = []
    for path in sorted(beside("examples").glob("*.lrs")):
        text = path.read_text("utf-8")
        about = _plain(text[: text.index("\n\n")])
        made.append(_entry("example", path.stem, text, about, f"examples/{path.name}", _FACTS.get(path.stem)))
    return made


def _shapes() -> list[dict[str, Any]]:
    shapes = [_entry("shape", form.name, form.example, form.summary, form.source) for forms in SHAPES.values() for form in forms if form.example]
    ways = [_entry("combinator", name, c.example, c.summary, c.source) for name, c in COMBINATORS.items() if c.example]
    return shapes + ways


def _recipes() -> list[dict[str, Any]]:
    texts = {namespace: (FOLDER / f"{namespace}.lrs").read_text("utf-8") for namespace in namespaces()}
    order = [PLAIN, *(namespace for namespace in namespaces() if namespace != PLAIN)]
    made = []
    for name, binding in sorted(recipes().items(), key=lambda item: order.index(namespace_of(item[0]))):
        namespace = namespace_of(name)
        facts = {fact: str(value) for fact, value in CLOCKS.get(name, {}).items()}
        about = _about(texts[namespace], name)
        made.append(_entry("recipe" if namespace == PLAIN else namespace, name, call_of(name, binding.function), about, canonical(binding.function), facts))
    return made


def _about(text: str, name: str) -> str:
    """What the remark over a recipe says; before it, what the head of its file says of the library."""
    remark = definition_of(name)[0]
    first = _COMMENT.search(text)
    assert first is not None
    library = re.split(r"(?<=\.)\s", _plain(_SILENCER.sub("", first[0])))[0]
    return remark if _plain(first[0]) == remark else f"{remark.removesuffix('.')}. {library}"


def _plain(comment: str) -> str:
    """The words of a comment."""
    return " ".join(line.lstrip("# ").strip() for line in comment.splitlines()).strip()

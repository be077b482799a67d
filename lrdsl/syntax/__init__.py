"""Reads the text of a schedule into a tree, and writes a tree as text.

`tokens` splits a text into words and signs, `parser` makes a tree of `nodes` from them by the `grammar`, and repairs what does not fit; `derivation` and
`builder` are its two parts. `printer` writes the canonical text of a tree, `formatter` lays out a text and keeps its comments. `replanning` puts another end
to a schedule.
"""

from lrdsl.syntax.parser import parse
from lrdsl.syntax.printer import canonical

__all__ = ["canonical", "parse"]

r"""Gives a command of LaTeX to each letter of a formula, as `\providecommand{\lrTW}{T_w}`, so that an author changes a letter in one place.

Formulas of one paper share the commands of the letters that they share: the first definition holds for all. A prefix of its own sets a formula apart.
"""

from __future__ import annotations

import re

from lrdsl.formulas.formula import Formula
from lrdsl.formulas.notation.composing import TIME
from lrdsl.formulas.notation.latex import name
from lrdsl.formulas.notation.tree import PI, Name
from lrdsl.formulas.notation.widths import MARKS

_DIGITS = dict(zip("0123456789", ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"], strict=True))


#: What commands begin with, if the caller names nothing else.
PREFIX = "lr"


def marked(f: Formula, prefix: str) -> tuple[Formula, list[str], list[str]]:
    """Returns a formula with a mark around each letter, so that it is measured as it is set; the commands of the letters, and the definitions of these."""
    letters = dict.fromkeys([*(x for x in (f.base,) if isinstance(x, Name) and x in f.letters), *(letter for letter, _ in f.meanings), *f.events])
    letters |= dict.fromkeys(sorted(f.letters - {TIME, PI, *letters}, key=lambda x: (x.letter, x.sub)))
    commands: dict[Name, str] = {}
    for letter in letters:
        words = re.findall("[A-Za-z]+|[0-9]", f"{letter.letter} {letter.sub}") or ["Letter"]
        command = f"\\{prefix}" + "".join(_DIGITS.get(word, word[:1].upper() + word[1:]) for word in words)
        while command in commands.values():
            command += "X"
        commands[letter] = command
    first, last = MARKS
    marks = {letter: Name(f"{chr(ord(first) + i)}{name(letter)}{last}", raw=True) for i, letter in enumerate(letters)}
    return f.renamed(marks), list(commands.values()), [rf"\providecommand{{{command}}}{{{name(letter)}}}" for letter, command in commands.items()]


def with_commands(source: str, commands: list[str]) -> str:
    """Returns LaTeX with commands in the place of what is marked."""
    first, last = MARKS
    return re.sub(rf"([{first}-{last}])[^{last}]*{last}", lambda mark: commands[ord(mark[1]) - ord(first)], source)

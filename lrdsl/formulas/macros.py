r"""Gives a command of LaTeX to each letter of a formula, as `\newcommand{\lrTw}{T_w}`, so that an author changes a letter in one place."""

from __future__ import annotations

import re

from lrdsl.formulas.formula import Formula
from lrdsl.formulas.notation.composing import TIME
from lrdsl.formulas.notation.latex import name
from lrdsl.formulas.notation.tree import PI, Name

_DIGITS = dict(zip("0123456789", ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"], strict=True))


def with_macros(f: Formula) -> tuple[Formula, list[str]]:
    """Returns a formula with commands in the place of its letters, and the definitions of the commands."""
    letters = dict.fromkeys([*(x for x in (f.base,) if isinstance(x, Name) and x in f.letters), *(letter for letter, _ in f.meanings), *f.events])
    letters |= dict.fromkeys(sorted(f.letters - {TIME, PI, *letters}, key=lambda x: (x.letter, x.sub)))
    commands: dict[Name, Name] = {}
    for letter in letters:
        words = re.findall("[A-Za-z]+|[0-9]", f"{letter.letter} {letter.sub}") or ["Letter"]
        command = r"\lr" + "".join(_DIGITS.get(word, word[:1].upper() + word[1:]) for word in words)
        while any(other.letter == command for other in commands.values()):
            command += "X"
        commands[letter] = Name(command, raw=True)
    return f.renamed(commands), [rf"\newcommand{{{commands[letter].letter}}}{{{name(letter)}}}" for letter in letters]

r"""The letter for the base that a caller names: `\eta_0` in LaTeX, `eta_0` in Typst. What is none there, or could do more than be one, is refused."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Container

from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.escaping import quoting
from lrdsl.formulas.notation.tree import GREEK

#: Longer ones are no letters.
_MOST = 200
_CAPITALS = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
#: The commands of LaTeX that a letter may have, by how many groups follow each: letters and signs, decorations, fractions.
_COMMANDS = (
    dict.fromkeys((*GREEK, *_CAPITALS, "varepsilon", "vartheta", "varrho", "varsigma", "varphi", "upsilon", "iota", "ell", "hbar", "partial", "nabla"), 0)
    | dict.fromkeys(("max", "min", "exp", "log", "infty", "star", "ast", "prime", "dagger", "circ", "bullet", "cdot", "times", "quad", "to", "sum"), 0)
    | dict.fromkeys(("langle", "rangle", "lvert", "rvert", "lfloor", "rfloor", "lceil", "rceil"), 0)
    | dict.fromkeys((",", ";", ":", "!", " ", "_", "%", "&", "#", "$", "{", "}"), 0)
    | dict.fromkeys(("mathrm", "mathit", "mathbf", "mathcal", "mathsf", "mathtt", "mathbb", "mathfrak", "boldsymbol", "operatorname"), 1)
    | dict.fromkeys(("hat", "bar", "tilde", "vec", "dot", "ddot", "check", "breve", "widehat", "widetilde", "overline", "underline", "sqrt"), 1)
    | dict.fromkeys(("text", "textrm", "textit", "textbf", "textsf", "texttt"), 1)
    | dict.fromkeys(("frac", "tfrac", "dfrac"), 2)
)
_TOKEN = re.compile(r"\\([A-Za-z]+) *|\\(.)|([A-Za-z0-9()\[\]+\-*/=,.;:!?'| ])|([{}_^])", re.DOTALL)


class _Latex:
    """Reads a piece of mathematics in LaTeX; raises `ValueError`, which says why, for what is none."""

    def __init__(self, source: str) -> None:
        self.source, self.i, self.deep = source, 0, 0

    def whole(self) -> None:
        self.row("")
        if self.i < len(self.source):
            raise ValueError("it closes a brace that is not open")

    def row(self, end: str) -> None:
        """What stands up to a brace or the end: parts, each with at most one subscript and one superscript; at least one."""
        count = 0
        while self.i < len(self.source) and self.source[self.i] != "}":
            scripts = ""
            self.part()
            while self.i < len(self.source) and self.source[self.i] in "_^'":
                sign = self.source[self.i]
                if sign == "'" and "^" not in scripts:
                    while self.source.startswith("'", self.i):
                        self.i += 1
                    scripts += "^" * (not self.source.startswith("^", self.i))  # x'^2 is one superscript
                    continue
                if sign in scripts or sign == "'":
                    raise ValueError(f"two `{sign}` follow one letter")
                self.i += 1
                scripts += sign
                self.part(script=True)
            count += 1
        if not count:
            raise ValueError("a part of it is empty")
        if end and not self.source.startswith(end, self.i):
            raise ValueError("it opens a brace that is not closed")
        self.i += len(end)

    def part(self, script: bool = False) -> None:
        """A letter, a group, or a command with its groups; a script has no space before it and is no command that takes groups."""
        found = _TOKEN.match(self.source, self.i)
        if found is None:
            raise ValueError(f"`{shown(self.source[self.i])}` cannot stand in it" if self.i < len(self.source) else "something is missing at its end")
        word, sign, letter, brace = found.groups()
        if brace == "{":
            self.group()
        elif brace:
            raise ValueError(f"`{brace}` follows no letter")
        elif letter:
            if script and letter in " '":
                raise ValueError("a script is missing")
            self.i = found.end()
        else:
            name = word or sign
            if name not in _COMMANDS:
                raise ValueError(f"`\\{shown(name)}` cannot stand in it")
            if script and _COMMANDS[name]:
                raise ValueError(f"`\\{name}` as a script needs braces around it")
            self.i = found.end()
            for _ in range(_COMMANDS[name]):
                self.words() if name.startswith("text") else self.group()

    def group(self) -> None:
        """Something in braces."""
        if not self.source.startswith("{", self.i):
            raise ValueError("a command needs braces around what follows it")
        self.deep += 1
        if self.deep > 10:
            raise ValueError("its braces are too deep")
        self.i += 1
        self.row("}")
        self.deep -= 1

    def words(self) -> None:
        """Plain text in braces."""
        found = re.compile(r"\{(?:[A-Za-z0-9 ()\[\]+\-*/=,.;:!?']|\\[_%&#$])+\}").match(self.source, self.i)
        if found is None:
            raise ValueError("plain text in braces follows `\\text`")
        self.i = found.end()


def _latex(base: str) -> None:
    if not re.search("[A-Za-z0-9]", re.sub(r"\\quad|\\[^A-Za-z]", "", base)):
        raise ValueError("there is no letter in it")
    _Latex(base).whole()


_TYPST_WORDS = {*GREEK, *_CAPITALS, "max", "min"}


def _typst(base: str) -> None:
    r"""A name with at most one subscript: a letter, a Greek one by its word, digits, or words in quotes; the subscript may stand in brackets."""
    part = r'(?:[A-Za-z]+|[0-9]+|"[^"\\#]*")'
    if not re.fullmatch(rf"{part}(?:_(?:{part}|\({part}(?:, ?{part})*\)))?(?:\^(?:{part}|\({part}\)))?", base):
        raise ValueError("it is no letter with a subscript")
    for word in re.findall(r"[A-Za-z]{2,}", re.sub(r'"[^"]*"', "", base)):
        if word not in _TYPST_WORDS:
            raise ValueError(f"Typst has no letter `{word}`; words stand in quotes there")


def _python(base: str) -> None:
    base = unicodedata.normalize("NFKC", base)  # as Python reads names
    if not base.isidentifier() or keyword.iskeyword(base) or base in quoting.PYTHON - {"base"} or base.startswith("__"):
        raise ValueError("it is no free name in Python")


def _plain(base: str) -> None:
    if base.strip() != base or not base.isprintable():
        raise ValueError("it has characters that cannot be seen")


#: What each format takes for a letter, and an example of one.
_FORMATS: dict[str, tuple[Callable[[str], None], str]] = {
    "latex": (_latex, r"\eta_0"),
    "markdown": (_latex, r"\eta_0"),
    "typst": (_typst, "eta_0"),
    "python": (_python, "base"),
    "text": (_plain, "η₀"),
    "mathml": (_plain, "η₀"),
    "sympy": (_plain, "eta_0"),
}


def checked(base: str, format: str, taken: Container[str] = ()) -> str:
    r"""The letter for the base in a format. Raises `ScheduleError` for one that is none there, or that the formula has for something else.

    >>> checked(r"\eta_{\max}", "latex")
    '\\eta_{\\max}'
    """
    check, example = _FORMATS[format]
    try:
        if not base or len(base) > _MOST:
            raise ValueError(f"it is empty, or longer than {_MOST} characters")
        if base in taken:
            raise ValueError("the formula has it for something else")
        check(base)
    except ValueError as reason:
        raise _refused(base, format, str(reason), example) from None
    return base


def _refused(base: str, format: str, reason: str, example: str) -> ScheduleError:
    return refuse("LR152", f"`{shown(base)}` is no letter for the base in {format}: {reason}", f"give a letter, as `{example}`, or a number")

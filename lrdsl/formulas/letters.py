r"""The letters of targets, and the check of a caller's letter for the base, as `\eta_0` in LaTeX: anything but a letter in the format is refused."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Container, Mapping

from lrdsl.arguments import quoted
from lrdsl.check.legend import split_letter
from lrdsl.diagnostics import ScheduleError, refuse, shown
from lrdsl.escaping import quoting
from lrdsl.formulas.notation.tree import Name
from lrdsl.plan import GREEK
from lrdsl.targets import Target, quantity_letter

#: The longest letter that a caller may give, in characters.
_MOST = 200
_CAPITALS = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
#: The LaTeX commands that a letter may contain, with the number of groups in braces after each: letters and signs, decorations, fractions.
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


def letter_of(target: Target) -> Name:
    """Returns the letter of a target at time t: eta_t for a learning rate, lambda_t for a weight decay, beta_(1,t) for the first of the betas."""
    return _with_index(target, "t")


def base_letter_of(target: Target) -> Name:
    """Returns the letter of the base value of a target, if the caller names none: eta_0 for a learning rate."""
    return _with_index(target, "0")


def _with_index(target: Target, index: str) -> Name:
    return Name(quantity_letter(target.key), index if target.element is None else f"{target.element + 1},{index}")


class _LatexReader:
    """Reads a piece of LaTeX mathematics. Raises `ValueError`, with the reason, for anything else."""

    def __init__(self, source: str) -> None:
        self.source, self.i, self.deep = source, 0, 0

    def whole(self) -> None:
        """Reads all of the source."""
        self.row("")
        if self.i < len(self.source):
            raise ValueError("it closes a brace that is not open")

    def row(self, end: str) -> None:
        """Reads parts up to a closing brace or the end: at least one, each with at most one subscript and one superscript."""
        count = 0
        while self.i < len(self.source) and self.source[self.i] != "}":
            scripts = ""
            self.part()
            while self.i < len(self.source) and self.source[self.i] in "_^'":
                sign = self.source[self.i]
                if sign == "'" and "^" not in scripts:
                    while self.source.startswith("'", self.i):
                        self.i += 1
                    scripts += "^" * (not self.source.startswith("^", self.i))  # in x'^2, both are one superscript
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
        """Reads a letter, a group, or a command with its groups. A script may not be a space, nor a command with groups."""
        token = _TOKEN.match(self.source, self.i)
        if token is None:
            raise ValueError(f"`{shown(self.source[self.i])}` cannot stand in it" if self.i < len(self.source) else "something is missing at its end")
        word, sign, letter, brace = token.groups()
        if brace == "{":
            self.group()
        elif brace:
            raise ValueError(f"`{brace}` follows no letter")
        elif letter:
            if script and letter in " '":
                raise ValueError("a script is missing")
            self.i = token.end()
        else:
            name = word or sign
            if name not in _COMMANDS:
                raise ValueError(f"`\\{shown(name)}` cannot stand in it")
            if script and _COMMANDS[name]:
                raise ValueError(f"`\\{name}` as a script needs braces around it")
            self.i = token.end()
            for _ in range(_COMMANDS[name]):
                self.words() if name.startswith("text") else self.group()

    def group(self) -> None:
        """Reads a row in braces."""
        if not self.source.startswith("{", self.i):
            raise ValueError("a command needs braces around what follows it")
        self.deep += 1
        if self.deep > 10:
            raise ValueError("its braces are nested too deep")
        self.i += 1
        self.row("}")
        self.deep -= 1

    def words(self) -> None:
        """Reads plain text in braces."""
        group = re.compile(r"\{(?:[A-Za-z0-9 ()\[\]+\-*/=,.;:!?']|\\[_%&#$])+\}").match(self.source, self.i)
        if group is None:
            raise ValueError("`\\text` needs plain text in braces after it")
        self.i = group.end()


def _latex(base: str) -> None:
    if not re.search("[A-Za-z]", re.sub(r"\\quad|\\[^A-Za-z]", "", base)):
        raise ValueError("there is no letter in it")
    _LatexReader(base).whole()


_TYPST_WORDS = {*GREEK, *_CAPITALS, "max", "min"}


def _typst(base: str) -> None:
    r"""Checks a name with at most one subscript and one superscript. Each is a letter, a Greek letter by its word, digits, or words in quotes."""
    part = r'(?:[A-Za-z]+|[0-9]+|"[^"\\#]*")'
    if not re.fullmatch(rf"{part}(?:_(?:{part}|\({part}(?:, ?{part})*\)))?(?:\^(?:{part}|\({part}\)))?", base):
        raise ValueError("it is not a letter with a subscript")
    for word in re.findall(r"[A-Za-z]{2,}", re.sub(r'"[^"]*"', "", base)):
        if word not in _TYPST_WORDS:
            raise ValueError(f"Typst has no letter `{word}`; put words in quotes")


def _python(base: str) -> None:
    base = unicodedata.normalize("NFKC", base)  # Python normalizes names in the same way
    if not base.isidentifier() or keyword.iskeyword(base) or base in quoting.PYTHON - {"base"} or base.startswith("__"):
        raise ValueError("it is not a free name in Python")


def _plain(base: str) -> None:
    if base.strip() != base or not base.isprintable():
        raise ValueError("it has invisible characters")


#: The check of a letter in each format, and an example.
_FORMATS: dict[str, tuple[Callable[[str], None], str]] = {
    "latex": (_latex, r"\eta_0"),
    "markdown": (_latex, r"\eta_0"),
    "typst": (_typst, "eta_0"),
    "python": (_python, "base"),
    "text": (_plain, "η₀"),
    "mathml": (_plain, "η₀"),
    "sympy": (_plain, "eta_0"),
}


#: A number, which is no letter.
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?", re.IGNORECASE)
#: A name of a program; and a letter in LaTeX with a plain subscript.
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_WORD = r"(?:\\[A-Za-z]+|[A-Za-z]|\\(?:mathrm|text)\{[A-Za-z]+\})"
_PART = r"(?:\\(?:min|max)|[A-Za-z0-9]+|\\(?:mathrm|text)\{[A-Za-z0-9 ]+\})"
_SIMPLE = re.compile(rf"({_WORD})(?:_(?:(\\(?:min|max)|[A-Za-z0-9])|\{{({_PART}(?:, ?{_PART})*)\}}))?")


def read_letter(source: str) -> Name | None:
    r"""Returns the letter that a name of a program, or a letter in LaTeX, stands for in every format; None for one with decorations and the like.

    >>> read_letter("eta_max"), read_letter(r"\eta_{\max}"), read_letter(r"\hat{\eta}")
    (Name(letter='eta', sub='max', raw=False), Name(letter='eta', sub='max', raw=False), None)
    """
    if _IDENTIFIER.fullmatch(source):
        return Name(*split_letter(source))
    simple = _SIMPLE.fullmatch(source)
    if simple is None:
        return None
    letter = _bare(simple[1])
    subs = [_bare(part) for part in (simple[2] or simple[3] or "").split(",") if part]
    if simple[1].startswith("\\") and "{" not in simple[1] and letter not in GREEK:
        return None
    return Name(letter, ",".join(word for sub in subs for word in sub.split()))


def _bare(word: str) -> str:
    return re.sub(r"^\\(?:mathrm|text)\{|^\\|\}$", "", word.strip())


def letter_in(source: str, format: str) -> Name:
    r"""Returns a caller's letter in a format. Raises `ScheduleError` if it is none.

    A letter that every format can have is read; another stands as it is, and in other formats than its own it is a word.
    """
    check, example = _FORMATS[format]
    try:
        if not isinstance(source, str) or not source or len(source) > _MOST:
            raise ValueError(f"it is empty, or longer than {_MOST} characters")
        if _NUMBER.fullmatch(source):
            raise ValueError("it is a number")
        source = _spelled(source) if format in ("latex", "markdown", "typst") else source
        letter = read_letter(source)
        if format in ("python", "sympy"):
            if not _is_accepted(check, source) or (format == "sympy" and letter is not None and "\\" in source):
                letter = letter or _as_word(source)
                source = "_".join([letter.letter, *letter.sub.split(",")]).strip("_") if letter is not None else source
            check(source)
            return Name(source, raw=True)
        own = format in ("latex", "markdown") and not _IDENTIFIER.fullmatch(source)  # an author's own LaTeX stays as it is
        if letter is not None and not own:
            return letter
        word = None if _is_accepted(check, source) and not ("\\" in source and format in ("text", "mathml")) else _as_word(source)
        if word is None:
            check(source)
        return word or Name(source, raw=True)
    except ValueError as reason:
        raise _refused(source, format, str(reason), example) from None


def _spelled(source: str) -> str:
    """Returns a Greek letter, as a reader sees it, by its word: `eta_0` for η₀."""
    words = {sign: word for word, sign in GREEK.items()}
    index = source[1:].translate({ord(sign): str(digit) for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")})
    if source[0] not in words or not re.fullmatch(r"[0-9]*|(?:_[A-Za-z0-9]+)+", index):
        return source
    return words[source[0]] + (f"_{index}" if index.isdigit() else index)


def _is_accepted(check: Callable[[str], None], source: str) -> bool:
    try:
        check(source)
    except ValueError:
        return False
    return True


def _as_word(source: str) -> Name | None:
    """Returns a letter in LaTeX that other formats do not have, as one word; None if it is no LaTeX."""
    words = re.findall("[A-Za-z]+|[0-9]+", re.sub(r"\\(?:math\w+|text\w*|operatorname|left|right)\b", "", source))
    return Name("_".join(words)) if "\\" in source and words and _is_accepted(_latex, source) else None


def checked_letter(base: str, format: str, taken: Container[str] = ()) -> str:
    r"""Returns the caller's letter for the base as a name. Raises `ScheduleError` if it is none in the format, or if the formula has another use for it.

    >>> checked_letter(r"\eta_{\max}", "sympy")
    'eta_max'
    """
    letter = letter_in(base, format)
    name = letter.letter if letter.raw else base
    if name in taken:
        raise _refused(base, format, "the formula uses it for something else", _FORMATS[format][1])
    return name


def new_letters(names: object) -> dict[str, str]:
    r"""Returns the letters of a caller in the place of others, as `{"T_w": "N_warmup"}`; also from a text, as `T_w=N_warmup, eta_0=\eta_{\max}`.

    Raises `ScheduleError`.
    """
    help = "give a letter for each name of the formula: `T_w=N_warmup, eta_0=eta_max`"
    if isinstance(names, str):
        pairs = [pair.partition("=") for pair in re.split(r",(?![^{]*\})", names) if pair.strip()]
        if not all(sign and not letter.startswith("=") for _, sign, letter in pairs) or len({name.strip() for name, _, _ in pairs}) < len(pairs):
            raise refuse("LR152", f"names is {quoted(names)}", help)
        names = {name.strip(): letter.strip() for name, _, letter in pairs}
    if not isinstance(names, Mapping) or not all(isinstance(x, str) and x and len(x) <= _MOST for pair in names.items() for x in pair):
        raise refuse("LR152", f"names is {quoted(names)}", help)
    return dict(names)


def _refused(base: str, format: str, reason: str, example: str) -> ScheduleError:
    return refuse("LR152", f"`{shown(base)}` is not a letter in {format}: {reason}", f"give a letter, as `{example}`, or a number")

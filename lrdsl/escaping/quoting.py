"""Names and texts from outside, made safe for each language that is written: LaTeX, Typst, MathML and HTML, Markdown, Python. Nothing else quotes."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container
from html import escape

from lrdsl.escaping.visible import visible

_LATEX = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
#: What generated Python uses of its own.
PYTHON = frozenset(("abs", "base", "math", "max", "min", "range", "t"))


def latex(plain: str) -> str:
    r"""Words for LaTeX, where it sets text.

    >>> latex("50% of a_b")
    '50\\% of a\\_b'
    """
    return "".join(_LATEX.get(c, c) for c in visible(plain))


def latex_name(word: str) -> str:
    r"""A name where LaTeX sets mathematics: a letter as it is, a word upright.

    >>> latex_name("x"), latex_name("a_b"), latex_name("été")
    ('x', '\\mathrm{a\\_b}', '\\text{été}')
    """
    if re.fullmatch(r"[A-Za-z0-9]", word):
        return word
    return rf"\mathrm{{{latex(word)}}}" if re.fullmatch(r"[A-Za-z0-9_.]+", word) else rf"\text{{{latex(word)}}}"


def typst(plain: str) -> str:
    r"""Words for Typst, as a string.

    >>> typst('a"b\\')
    '"a\\"b\\\\"'
    """
    return '"' + re.sub(r'(["\\])', r"\\\1", visible(plain)) + '"'


def typst_name(word: str) -> str:
    """A name in Typst's mathematics: a letter or a number as it is, a word upright."""
    return word if re.fullmatch(r"[A-Za-z]|[0-9]+", word) else typst(word)


def xml(plain: str) -> str:
    """Words for MathML, SVG and HTML, in an element or between the quotes of an attribute.

    >>> xml('<a href="x">')
    '&lt;a href=&quot;x&quot;&gt;'
    """
    return escape("\n".join(visible(line) for line in plain.split("\n")))


def markdown(plain: str) -> str:
    r"""Words for Markdown.

    >>> markdown("lr[<b>] of val_loss")
    'lr\\[\\<b\\>\\] of val_loss'
    """
    return re.sub(r"([\\`*{}\[\]<>#|~$&!]|(?<!\w)_|_(?!\w))", r"\\\1", visible(plain))


def markdown_code(plain: str) -> str:
    """A piece of code for a cell of a table in Markdown.

    >>> markdown_code("a|b"), markdown_code("`")
    ('`a\\\\|b`', '`` ` ``')
    """
    shown = visible(plain)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in (shown[:1], shown[-1:]) else ""
    return f"{fence}{space}{shown.replace('|', chr(92) + '|')}{space}{fence}"


def python_name(word: str, taken: Container[str] = PYTHON) -> str:
    """The identifier for a name: what Python reads as that name, or the nearest to it that is not taken.

    >>> python_name("lr"), python_name("lambda"), python_name('lr["a"]'), python_name("__debug__"), python_name("ﬁ")
    ('lr', 'lambda_', 'lr__a', 'debug', 'fi')
    """
    plain = unicodedata.normalize("NFKC", word)  # as Python reads names
    found = "".join(c if f"a{c}".isidentifier() else "_" for c in plain)
    if found != plain or (found.startswith("__") and found.strip("_")):
        found = found.strip("_")
    found = found or "schedule"
    found = found if found.isidentifier() else f"_{found}"
    while keyword.iskeyword(found) or found in taken:
        found += "_"
    return found


#: How each language writes a remark.
REMARKS = {"latex": "% {}", "markdown": "- {}", "text": "{}", "typst": "// {}", "mathml": "<!-- {} -->", "python": "# {}", "sympy": "# {}"}


def remark(language: str, plain: str) -> str:
    """A remark in a language, in one line.

    >>> remark("mathml", "a --> b")
    '<!-- a - -> b -->'
    """
    words = markdown(plain) if language == "markdown" else visible(plain)
    if language == "mathml":
        words = re.sub("-(?=-|$)", "- ", words)
    return REMARKS.get(language, "{}").format(words)

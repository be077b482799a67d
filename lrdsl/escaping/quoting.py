"""Quotes untrusted names and texts for each language that lrdsl writes: LaTeX, Typst, MathML, HTML, Markdown, Python. No other module does this."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable
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
#: The names that generated Python uses itself.
PYTHON = frozenset(("abs", "base", "math", "max", "min", "range", "t"))


def latex(plain: str) -> str:
    r"""Escapes a text for LaTeX's text mode.

    >>> latex("50% of a_b")
    '50\\% of a\\_b'
    """
    return "".join(_LATEX.get(c, c) for c in visible(plain))


def latex_name(word: str) -> str:
    r"""Escapes a name for LaTeX's math mode. A single letter stays; a word is set upright.

    >>> latex_name("x"), latex_name("a_b"), latex_name("été")
    ('x', '\\mathrm{a\\_b}', '\\text{été}')
    """
    if re.fullmatch(r"[A-Za-z0-9]", word):
        return word
    return rf"\mathrm{{{latex(word)}}}" if re.fullmatch(r"[A-Za-z0-9_.]+", word) else rf"\text{{{latex(word)}}}"


def typst(plain: str) -> str:
    r"""Writes a text as a Typst string.

    >>> typst('a"b\\')
    '"a\\"b\\\\"'
    """
    return '"' + re.sub(r'(["\\])', r"\\\1", visible(plain)) + '"'


def typst_name(word: str) -> str:
    """Escapes a name for Typst's math mode. A single letter or a number stays; a word becomes a string, which is set upright."""
    return word if re.fullmatch(r"[A-Za-z]|[0-9]+", word) else typst(word)


def xml(plain: str) -> str:
    """Escapes a text for MathML, SVG and HTML, inside an element or inside the quotes of an attribute.

    >>> xml('<a href="x">')
    '&lt;a href=&quot;x&quot;&gt;'
    """
    return escape("\n".join(visible(line) for line in plain.split("\n")))


def markdown(plain: str) -> str:
    r"""Escapes a text for Markdown.

    >>> markdown("lr[<b>] of val_loss")
    'lr\\[\\<b\\>\\] of val_loss'
    """
    return re.sub(r"([\\`*{}\[\]<>#|~$&!]|(?<!\w)_|_(?!\w))", r"\\\1", visible(plain))


def markdown_code(plain: str) -> str:
    """Writes code for a cell of a Markdown table.

    >>> markdown_code("a|b"), markdown_code("`"), markdown_code("a`b``c")
    ('`a\\\\|b`', '`` ` ``', '```a`b``c```')
    """
    shown = visible(plain)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in (shown[:1], shown[-1:]) else ""
    return f"{fence}{space}{shown.replace('|', chr(92) + '|')}{space}{fence}"


def python_name(word: str, taken: Container[str] = PYTHON) -> str:
    """Returns a Python identifier for a name: the name itself where Python accepts it and it is not `taken`, else the nearest one that is free.

    >>> python_name("lr"), python_name("lambda"), python_name('lr["a"]'), python_name("__debug__"), python_name("ﬁ")
    ('lr', 'lambda_', 'lr__a', 'debug', 'fi')
    """
    plain = unicodedata.normalize("NFKC", word)  # Python normalizes names in the same way
    identifier = "".join(c if f"a{c}".isidentifier() else "_" for c in plain)
    if identifier != plain or (identifier.startswith("__") and identifier.strip("_")):
        identifier = identifier.strip("_")
    identifier = identifier or "schedule"
    identifier = identifier if identifier.isidentifier() else f"_{identifier}"
    while keyword.iskeyword(identifier) or identifier in taken:
        identifier += "_"
    return identifier


def python_names(words: Iterable[str], others: Iterable[str] = (), public: bool = False) -> dict[str, str]:
    """Returns a Python identifier for each name. No two are the same, and none is one of the `others`; with `public`, none begins with an underscore.

    >>> python_names(["lr", 'lr["a b"]', 'lr["a-b"]'])
    {'lr': 'lr', 'lr["a b"]': 'lr__a_b', 'lr["a-b"]': 'lr__a_b_2'}
    """
    names: dict[str, str] = {}
    taken = {*PYTHON, *others}
    for word in words:
        plain = python_name(word)
        if public and plain.startswith("_"):
            plain = f"schedule{plain}"
        name = plain
        number = 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        names[word] = name
        taken.add(name)
    return names


#: How each language writes a comment.
REMARKS = {"latex": "% {}", "markdown": "- {}", "text": "{}", "typst": "// {}", "mathml": "<!-- {} -->", "python": "# {}", "sympy": "# {}"}


def remark(language: str, plain: str) -> str:
    """Writes a comment of one line in a language.

    >>> remark("mathml", "a --> b")
    '<!-- a - -> b -->'
    """
    words = markdown(plain) if language == "markdown" else visible(plain)
    if language == "mathml":
        words = re.sub("-(?=-|$)", "- ", words)
    return REMARKS.get(language, "{}").format(words)

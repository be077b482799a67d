"""The lexer for Pygments, registered as `lrs`. Sphinx, MkDocs and Jupyter use it to colour schedules."""

from __future__ import annotations

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.scope import WORDS
from lrdsl.clock import MULTIPLES, UNITS
from lrdsl.shapes import SHAPES
from lrdsl.syntax.tokens import KEYWORDS

_UNIT = "|".join(sorted({*UNITS, "x"} - {"%"}, key=lambda word: (-len(word), word)))
#: A number with its multiple and its unit.
NUMBER = rf"((?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(\s*(?:[{''.join(MULTIPLES)}]\b)?\s*(?:%|(?:{_UNIT})\b)?)"


class LrdslLexer(RegexLexer):  # type: ignore[misc]
    """Splits a schedule into Pygments' tokens.

    >>> [str(kind) for kind, text in LrdslLexer().get_tokens("cosine(20ep)") if text.strip()]
    ['Token.Name.Builtin', 'Token.Punctuation', 'Token.Literal.Number', 'Token.Keyword.Type', 'Token.Punctuation']
    """

    name = "lrdsl"
    aliases = ["lrs", "lrdsl"]
    filenames = ["*.lrs"]
    tokens = {
        "root": [
            (r"#.*", Comment.Single),
            (r'"[^"\n]*"', String),
            (NUMBER, bygroups(Number, Keyword.Type)),
            (words(tuple(KEYWORDS), prefix=r"(?<![\w.])", suffix=r"(?![\w.])"), Keyword),
            (r"([^\W\d][\w.]*)(\s*)(=)(?!=)", bygroups(Name.Attribute, Text, Operator)),
            (words(WORDS, suffix=r"(?![\w.])"), Name.Constant),
            (words((*SHAPES, *COMBINATORS), suffix=r"(?![\w.])"), Name.Builtin),
            (r"[^\W\d][\w.]*(?=\s*\()", Name.Function),
            (r"[^\W\d][\w.]*", Name),
            (r"<=|>=|==|!=|[-+*/^<>=]", Operator),
            (r"[()\[\],;]", Punctuation),
            (r"\s+", Text),
        ]
    }

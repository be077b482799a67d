"""Puts a table or a figure of LaTeX into a float of the paper, with its caption and its label."""

from __future__ import annotations

import re

from lrdsl.arguments import quoted, string
from lrdsl.diagnostics import refuse
from lrdsl.escaping.quoting import latex as words

#: The longest label, and the longest caption, in characters.
_LONGEST_LABEL, _LONGEST_CAPTION = 200, 2000


def checked_label(label: object) -> str:
    """Returns a label of LaTeX. Raises `ScheduleError` for one that LaTeX would not take."""
    label = string("label", label, 'give the label as a string: `label="eq:rate"`')
    if len(label) > _LONGEST_LABEL or re.fullmatch(r"[\w:./+* -]*", label) is None:
        raise refuse("LR152", f"label is {quoted(label)}", "a label is made of letters, digits, spaces and `:./+*_-`")
    return label


def checked_caption(caption: object) -> str:
    """Returns a caption on one line. Raises `ScheduleError` for one that is too long."""
    caption = " ".join(string("caption", caption, "give the caption as a string").split())
    if len(caption) > _LONGEST_CAPTION:
        raise refuse("LR152", f"the caption has {len(caption)} characters", f"a caption has at most {_LONGEST_CAPTION}")
    return caption


def floating(kind: str, body: str, caption: str, label: str) -> str:
    r"""Returns a "table" or a "figure" with its caption: above a table, below a figure. Without caption and label, it stays as it is.

    >>> print(floating("figure", "...", "The rate over 90 % of the run", "fig:rate"))
    \begin{figure}
    \centering
    ...
    \caption{The rate over 90 \% of the run}
    \label{fig:rate}
    \end{figure}
    """
    if not caption and not label:
        return body
    named = ([rf"\caption{{{words(caption)}}}"] if caption else []) + ([rf"\label{{{label}}}"] if label else [])
    inner = [*named, body.strip("\n")] if kind == "table" else [body.strip("\n"), *named]
    return "\n".join([rf"\begin{{{kind}}}", r"\centering", *inner, rf"\end{{{kind}}}"])

"""`looks_like_one` tells schedules from other strings: prose, programs, times of day. `is_about` tells keys whose strings are about schedules."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from lrdsl.check.combinators import COMBINATORS
from lrdsl.check.prelude import PLAIN, is_recipe, names_in, namespaces
from lrdsl.check.scope import ARITHMETIC, WORDS
from lrdsl.clock import MULTIPLES, UNITS
from lrdsl.shapes import SHAPES
from lrdsl.syntax.tokens import MAX_TEXT

#: The words of keys whose strings are about schedules, and are none.
_ABOUT = frozenset(
    ("help", "doc", "docs", "docstring", "description", "descriptions", "desc", "usage", "message", "msg", "title", "label", "tooltip", "hint", "note", "notes")
)
_WORDS_OF_KEY = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: A text with more words that mean nothing is prose.
_MOST_UNKNOWN = 100
_CALL = re.compile(r"(?<![\w.])([^\W\d][\w.]*)\s*\(")
#: The least share of letters that a misspelled name and the right one have in common.
_NEAR = 0.8
_TOKEN = re.compile(r'"[^"\n]*"|\.?\d[\w.]*|(?P<word>[^\W\d][\w.]*)|(?P<sign>\S)|(?P<end>\n)')
#: What no schedule has: code of other languages, markup, addresses, and the end of a sentence or an attribute after a call.
_FOREIGN = re.compile(r"://|`|\blambda\b|\*\*|\)\s*\.(?!\d)|\)\s*[\[(?]|\w\.\s*\Z|\A\s*[-*>|<{\[!]|^[ \t]*def\b[^=\n]*:\s*$", re.MULTILINE)
_COMMENT = re.compile(r'("[^"\n]*")|#[^\n]*')
#: The letter of a family of groups, as `lr["blocks.{k}"]`.
_LETTER = re.compile(r"\"[^\"\n]*\{([^\W\d]\w*)\}[^\"\n]*\"")
#: What a program fills in. A `{k}` in quotes is the language's own.
_HOLE = re.compile(
    r"(\"[^\"\n]*\")|\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\{\{[^{}]*\}\}|\{%[^%]*%\}"
    r"|\{[^\W\d][^{}\"\n]*(?:\{[^{}\n]*\}[^{}\n]*)*\}|(?<!\w)\{\d*(?::[^{}\n]*)?\}|%\([^()]*\)[a-z]|\$\([^()\n]+\)|\$[^\W\d]\w*"
)
#: Names that mean something in ordinary words, formulas and programs too: a text with no other names must have no unknown word.
_COMMON = frozenset((*COMBINATORS, *ARITHMETIC, "step", "hold", "linear", "drop", "scale", "exp", "power", "triangle", "infinite", "inv")) - {"restarts"}


def is_about(key: str) -> bool:
    """Whether the strings under a key are about schedules, as help texts are.

    >>> is_about("SCHEDULER_HELP"), is_about("lrScheduleDescription"), is_about("lr_schedule")
    (True, True, False)
    """
    return any(word.lower() in _ABOUT for word in _WORDS_OF_KEY.findall(key))


def looks_like_one(text: str) -> bool:
    """Whether a string is meant as a schedule: it calls a phase, perhaps with a misspelled name. `cosine` and `0 5 * * *` are something else.

    >>> looks_like_one("warmup(5) then x(95)"), looks_like_one("cosin(20)"), looks_like_one("cosine"), looks_like_one("torch.optim.StepLR(opt)")
    (True, True, False, False)
    >>> looks_like_one("Use step(n) or cosine(n)."), looks_like_one("every(2).hours"), looks_like_one("min(step ** -0.5, step * w)")
    (False, False, False)
    """
    if "(" not in text:
        return False
    text = _HOLE.sub(lambda match: match[1] or "1", _COMMENT.sub(lambda match: match[1] or "", text[:MAX_TEXT]))
    names = {call[1] for call in _CALL.finditer(text) if _is_near(call[1])}
    if not names or _FOREIGN.search(text) is not None:
        return False
    called = frozenset(call[1] for call in _CALL.finditer(text))
    joined = False
    outer: list[str] = []
    inner = 0
    for i, (word, depth, is_known) in enumerate(_words(text)):
        if _is_foreign(word) or (i == 0 and depth == 0 and not is_known and word not in called):
            return False
        joined = joined or (word == "then" and depth == 0)
        inner += depth > 0 and not is_known
        outer += [word] if depth == 0 and not is_known else []
        if len(outer) > _MOST_UNKNOWN:
            return False
    measured = any(character.isdigit() for character in text)
    outer = [word for word in outer if not (joined and word in called)]
    if outer and (len(outer) > 1 or not (joined or re.search(r"\(\s*\.?\d", text))):
        return False
    if joined or any(_is_name(name) and name not in _COMMON for name in names):
        return joined or measured or not inner
    return measured and not inner and not outer


def _words(text: str) -> Iterator[tuple[str, int, bool]]:
    """The words of a text, each with the depth of its brackets, and whether the language knows it, or the text gives it a meaning."""
    depth, free, first, named = 0, False, True, set(_LETTER.findall(text))
    for before, token, after, second in _windows(text):
        sign, word = token["sign"], token["word"]
        if token["end"] or sign == ";":
            first, free = depth == 0 and after not in ("then", "or"), free and depth > 0
            continue
        if sign:
            depth = max(0, depth + (sign in "([") - (sign in ")]"))
        elif word:
            if first and word in ("set", "let", "def", "use"):
                free = after.startswith('"') if word == "use" else second != "" and second in "=("
                named |= {after} if free else set()
                yield word, depth, free
            elif word in ("until", "assert", "then"):
                free = word != "then"
                yield word, depth, not first or word == "assert"
            elif word in ("or", "at", "for"):
                yield word, depth, (free or (depth > 0 and word == "at") or word == "for") and not first
            else:
                named |= {word} if after == "=" or (first and (after == "[" or (after == ":" and word.islower()))) else set()
                yield word, depth, free or word in named or _has_meaning(word, before, after)
        first = False


def _has_meaning(word: str, before: str, after: str) -> bool:
    """Whether a word has a meaning in a schedule between two tokens: as a shape, an option, a unit, or a word of the language."""
    if after and after in "({[":
        return _is_near(word) or (after == "(" and word in ARITHMETIC)
    if word in UNITS or word in MULTIPLES or word == "x":
        return before[-1:].isdigit()
    return word == "hold" or (before == "=" and _is_name(word)) or (word in WORDS and word != "t") or word in ("restart", "yes", "no")


def _windows(text: str) -> Iterator[tuple[str, re.Match[str], str, str]]:
    """The tokens of a text, each with the text of the one before it, and of the two behind it."""
    tokens = _TOKEN.finditer(text)
    window = deque(islice(tokens, 3))
    before = ""
    while window:
        token = window.popleft()
        after, second = ([match.group() for match in window] + ["", ""])[:2]
        yield before, token, after, second
        before = token.group()
        window.extend(islice(tokens, 1))


def _is_foreign(word: str) -> bool:
    """Whether a word is an attribute of another language, as `torch.optim`."""
    return "." in word and word.partition(".")[0] not in namespaces() and not _is_near(word)


def _is_name(word: str) -> bool:
    """Whether a word is the name of a phase."""
    return word in SHAPES or word in COMBINATORS or is_recipe(word)


def _is_near(word: str) -> bool:
    """Whether a word is the name of a phase, or is spelled much like one. In a name with a dot, both parts are."""
    if _is_name(word):
        return True
    space, dot, own = word.partition(".")
    if not dot:
        return _resembles(word, PLAIN)
    return any(_resembles(own, namespace) for namespace in ((space,) if space in namespaces() else namespaces()) if _resembles(space, namespace, whole=True))


def _resembles(word: str, namespace: str, whole: bool = False) -> bool:
    """Whether a word differs from a name of a namespace, or from the `whole` namespace's own, by one letter; a long name may lack two letters.

    The word, and the word without each of its letters, are looked up in a table of shortened names, so that the number of names does not matter.
    """
    longest, forms = _forms(namespace, whole)
    if len(word) > longest + 1:
        return False
    return any(2 * len(form) >= _NEAR * (len(word) + forms[form]) for form in {word, *_without_one(word)} if form in forms)


@lru_cache(None)
def _forms(namespace: str, whole: bool) -> tuple[int, dict[str, int]]:
    """The length of the longest name, and the names with up to two letters removed, each with the length of the shortest name that it comes from."""
    names = [name.partition(".")[2] or name for name in names_in(namespace)]
    names = [namespace] if whole else [*SHAPES, *COMBINATORS, *names] if namespace == PLAIN else names
    forms: dict[str, int] = {}
    for name in names:
        shorter = _without_one(name)
        for form in {name, *shorter, *(form for word in shorter for form in _without_one(word))}:
            forms[form] = min(len(name), forms.get(form, len(name)))
    return max(map(len, names)), forms


def _without_one(word: str) -> set[str]:
    """The word without each of its letters."""
    return {word[:i] + word[i + 1 :] for i in range(len(word))}

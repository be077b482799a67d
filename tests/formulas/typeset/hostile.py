"""Names that the grammar allows but that are special in an output language, and what they must become there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import lrdsl

#: Names of targets, of `let` and `def`, of parameters, and of groups.
NAMES = (
    "_", "__", "___x", "__class__", "__builtins__", "__debug__", "__import__", "lambda", "class", "None", "True", "match", "type", "async", "del", "self", "math", "range", "print", "float", "k",
    "tau", "T", "T_w", "eta", "eta_0", "eta_min", "pi_x", "t_", "e", "i", "s", "gamma", "lr.x", "a_", "a__b", "_n", "a_b_c", "ﬁ", "été", "Ωx", "²", "ª", "ℯ", "日本", "η", "K",
)  # fmt: skip
#: Names of groups: any text without a quote or a new line.
GROUPS = (
    *NAMES, "a_b", "$x$", "$\\frac{", "a^b", "{", "}", "\\", "\\input{x}", "^^M", "%", "&", "#", "~", "#let x = 1", "@x", "//", "/* x", "<b>&amp;", "<!--", "-->", "--->", "`|`", "```", "||",
    "[x](y)", "*a*", "a\tb", "\x1b[31m", "\u202e", "\r", "\x85", "\u2028", "''", "]]>", "]", "a\\", "\uffff", "\U000e0001", "{k}",
)  # fmt: skip
#: Names that look, or are read, alike in some language.
ALIKE = ("a_", "a", "a_1", "ﬁ", "fi", "t_", "t_1", "k", "k_0", "k_1", "tau", "tau_0", "math_", "T")


def texts() -> Iterator[str]:
    """Schedules with these names in every place for a name."""
    for name in NAMES:
        for text in (
            f"{name} = warmup(3) then cosine(4)",
            f"let {name} = 5; lr = warmup({name}) then cosine(20, to=0.1x)",
            f"let {name} = 0.01; lr = warmup(3) then cosine(20, to={name})",
            f"def {name}(x) = warmup(x); lr = {name}(3) then cosine(4)",
            f"def f({name}) = warmup({name}); lr = f(3) then cosine(5)",
        ):
            if not (text.startswith(f"{name} =") and name in ("k", "T")):
                yield text
    yield from (f'lr["{group}"] = warmup(3) then cosine(4)' for group in GROUPS)
    yield from (f"let {a} = 3; let {b} = 5; lr = warmup({a}) then hold({b}) then cosine({a}) then cosine(4)" for a, b in combinations(ALIKE, 2))


def schedules() -> dict[str, lrdsl.Schedule]:
    """Those that are schedules, by their texts."""
    found = {}
    for text in texts():
        if all(d.severity == "warning" for d in lrdsl.lint(text)):
            found[text] = lrdsl.parse(text)
    return found


_COMMANDS = set(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega mathrm text frac tfrac dfrac left right cos sin exp log min max sqrt lfloor rfloor lceil "
        "rceil lvert rvert langle rangle le ge cdot times quad qquad begin end bigl bigr operatorname bmod prod textbackslash textasciitilde textasciicircum textless textgreater textbar displaystyle",
    )
)
_ENVIRONMENTS = {"cases", "aligned", "gathered"}


def assert_is_latex(source: str) -> None:
    """That a formula has balanced braces, no command but those of formulas, no sign that is not escaped, no two scripts on one letter, and no `_` in plain text."""
    stack: list[str] = []  # what opened each brace: "text" or "math"
    scripts: list[str] = [""]  # the scripts that the last thing has, at each depth
    for found in re.finditer(r"\\([A-Za-z]+)|\\(.)|(.)", source, re.DOTALL):
        word, sign, c = found.groups()
        plain = bool(stack) and stack[-1] == "text"
        if word:
            assert word in _COMMANDS, found[0]
            name = re.match(r"\{(\w+)\}", source[found.end() :])
            assert word not in ("begin", "end") or (name and name[1] in _ENVIRONMENTS)
        elif sign:
            assert sign in "\\,;{}_%&#$", found[0]
        elif c == "{":
            before = source[: found.start()]
            stack.append("text" if plain or re.search(r"\\text$", before) else "math")
            scripts.append("")
            continue
        elif c == "}":
            stack.pop()
            scripts.pop()
            continue
        elif c in "_^":
            assert not plain, source
            assert c not in scripts[-1], source
            scripts[-1] += c
            continue
        assert c is None or c not in "#$%~", source
        assert c != "&" or not stack, source
        assert not plain or not c or c.isprintable(), source
        if not (found.start() and source[found.start() - 1] in "_^"):
            scripts[-1] = ""
    assert not stack, source

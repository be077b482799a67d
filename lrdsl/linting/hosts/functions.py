"""lrdsl's own functions in Python programs: which take a text, by what names a program calls them, and what a call gives beside the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import attrs

from lrdsl.clock import Clock
from lrdsl.linting.hosts.embedded import Given
from lrdsl.syntax.nodes import Extent

#: The public functions and classes that take a text, each with its first parameters. `text` and `schedule` are the text, and `base` is the base.
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "lrdsl.compile": ("schedule", "optimizer"),
    "lrdsl.format": ("text",),
    "lrdsl.jax.schedule": ("text", "base"),
    "lrdsl.keras.Schedule": ("text", "base"),
    "lrdsl.lint": ("text",),
    "lrdsl.parse": ("text",),
    "lrdsl.torch.LRScheduler": ("optimizer", "schedule"),
    "lrdsl.torch.schedule": ("text", "base"),
    "lrdsl.transformers.set_schedule": ("trainer", "schedule"),
}
#: The parameters that take a text.
TEXTS = ("text", "schedule")
_FACTS = frozenset(attrs.fields_dict(Clock))
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>lrdsl[\w.]*)[ \t]+import[ \t]*(?P<names>\([^()]*\)|[^\n#;(]*)"
    r"|import[ \t]+(?P<modules>[^\n#;]*\blrdsl\b[^\n#;]*))",
    re.MULTILINE,
)
_NAME = re.compile(r"(?P<name>[\w.]+)(?:\s+as\s+(?P<local>\w+))?")
_COMMENT = re.compile(r"#[^\n]*")
_ARGUMENT = re.compile(r"""\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*|(?P<sign>[()\[\]{},:]|\*\*|==|=)""", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?")
_TEXT = re.compile(r"[rRuU]?(?:\"([^\"\\\n]*)\"|'([^'\\\n]*)')")
_ANNOTATION = re.compile(r"\s*:.*", re.DOTALL)
#: A call with more characters gives what only the run knows.
_LONGEST = 10_000


def local_names(source: str, strings: Collection[Extent]) -> dict[str, str]:
    """Returns what the names of a program stand for, as `{"L": "lrdsl"}`. An import that stands in a string is none."""
    names = {"lrdsl": "lrdsl"}
    if "lrdsl" not in source:
        return names
    for statement in _IMPORT.finditer(source):
        if any(start <= statement.start() < end for start, end in strings):
            continue
        module = statement["module"]
        for name in _NAME.finditer(_COMMENT.sub("", statement["names"] or statement["modules"] or "")):
            if module is not None:
                names[name["local"] or name["name"]] = f"{module}.{name['name']}"
            elif name["name"].split(".")[0] == "lrdsl" and name["local"]:
                names[name["local"]] = name["name"]
    return names


def parameters_of(called: str, names: Mapping[str, str]) -> tuple[str, ...] | None:
    """Returns the first parameters of a function that takes a text, by the name that a program calls it; None for any other function."""
    first, dot, rest = called.partition(".")
    return FUNCTIONS.get(names.get(first, "") + dot + rest)


def given(arguments: str, parameters: tuple[str, ...], rate_of: Callable[[str], float | None] = lambda _: None) -> Given:
    """Returns what the arguments of a call give beside its text. `rate_of` gives the rate of the optimizer that the call is written with.

    >>> given('"warmup(w)", opt, total_steps=1_000, batch_size=n, names={"w": 5, "m": [3, 7]}', ("schedule", "optimizer"))
    Given(facts=(('total_steps', 1000), ('batch_size', None)), names=(('w', 5), ('m', (3, 7))), base=None, open=False, beside=())
    """
    if len(arguments) > _LONGEST:
        return Given(open=True)
    facts: dict[str, Any] = {}
    values: dict[str, Any] = {}
    base: float | None = None
    is_open = False
    for i, (name, value) in enumerate(_arguments(arguments, "=")):
        word = name or (parameters[i] if i < len(parameters) else "")
        if name is None and value.startswith("**"):
            is_open = True
        elif word == "base":
            base = _number(value)
        elif word == "optimizer":
            base = rate_of(value)
        elif name == "names":
            more = _names(value)
            values |= more or {}
            is_open = is_open or more is None
        elif name in _FACTS:
            text = _TEXT.fullmatch(value)
            facts[str(name)] = _number(value) if text is None else text[1] if text[1] is not None else text[2]
    return Given(tuple(facts.items()), tuple(values.items()), base, is_open)


def entries(source: str, bracket: int) -> dict[str, str]:
    """Returns the named arguments of a call, or the entries of a dict, whose bracket opens at an offset, as the program writes them, without annotations.

    >>> entries('f(lr: float = 1e-3, m="a(b")', 1), entries('{"lr": 0.1}', 0)
    ({'lr': '1e-3', 'm': '"a(b"'}, {'lr': '0.1'})
    """
    depth = 0
    for part in _ARGUMENT.finditer(source, bracket, bracket + _LONGEST):
        depth += ((part["sign"] or "") in ("(", "[", "{")) - ((part["sign"] or "") in (")", "]", "}"))
        if depth == 0:
            break
    else:
        return {}
    written = source[bracket + 1 : part.start()]
    if source[bracket] != "{":
        return {_ANNOTATION.sub("", name): value for name, value in _arguments(written, "=") if name is not None}
    keys = ((_TEXT.fullmatch(name), value) for name, value in _arguments(written, ":") if name is not None)
    return {text[1] if text[1] is not None else text[2]: value for text, value in keys if text is not None}


def _names(written: str) -> dict[str, Any] | None:
    """The entries of a dict as a program writes it, with None for a number that it computes; None if the names are not all there."""
    call = re.fullmatch(r"dict\((.*)\)", written, re.DOTALL)
    table = re.fullmatch(r"\{(.*)\}", written, re.DOTALL)
    if written == "None":
        return {}
    names: dict[str, Any] = {}
    for name, value in _arguments(call[1], "=") if call is not None else _arguments(table[1], ":") if table is not None else [(None, "**")]:
        text = _TEXT.fullmatch(name) if name is not None and table is not None else None
        key = name if call is not None else None if text is None else text[1] if text[1] is not None else text[2]
        if key is None:
            return None
        names[key] = _hosted(value)
    return names


def _hosted(written: str) -> Any:
    """The value of a number, or of a list of numbers, as a program writes it; None for anything else."""
    brackets = re.fullmatch(r"\[(.*)\]|\((.*)\)", written, re.DOTALL)
    if brackets is None:
        return _number(written)
    items = [_number(item) if name is None else None for name, item in _arguments(brackets[1] or brackets[2] or "", "=")]
    return None if None in items else tuple(items)


def _number(written: str) -> Any:
    """The value of a number as a program writes it; None for anything else."""
    if _NUMBER.fullmatch(written) is None:
        return None
    digits = written.replace("_", "")
    return int(digits) if digits.lstrip("+-").isdigit() else float(digits)


def _arguments(written: str, sign: str) -> Iterator[tuple[str | None, str]]:
    """The arguments of a call, or the entries of a dict: the name before the sign, None if there is none, and what stands behind it."""
    depth, start, name = 0, 0, None
    comments: list[str] = []
    for part in _ARGUMENT.finditer(f"{written}\n,"):
        if part.group()[0] == "#":
            comments.append(part.group())
        match part["sign"]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth -= 1
            case "," if depth == 0:
                value = _without(written[start : part.start()], comments)
                if value:
                    yield name, value
                start, name, comments = part.end(), None, []
            case other if other == sign and depth == 0 and name is None:
                name = _without(written[start : part.start()], comments)
                start = part.end()


def _without(written: str, comments: list[str]) -> str:
    for comment in comments:
        written = written.replace(comment, "", 1)
    return written.strip()

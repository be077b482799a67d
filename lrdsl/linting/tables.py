"""The tables of settings in a TOML file, with the types of their values checked. An error names its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs

from lrdsl.arguments import written
from lrdsl.check.scope import host_names
from lrdsl.clock import Clock
from lrdsl.diagnostics import Lines, ScheduleError, UsageError, did_you_mean, shown
from lrdsl.linting.codes import all_codes
from lrdsl.linting.hosts.embedded import UnreadableError

#: The most entries of a list or table, and characters of a text.
_MOST, _LONGEST = 1000, 500
#: The largest number: a larger one has no meaning here, and may be too long to print.
_LARGEST = 10**100
_FACTS = (*attrs.fields_dict(Clock), "names")
#: The settings, in the order of the alphabet.
SETTINGS = ("clock", "exclude", "extend", "extend-select", "ignore", "keys", "paths", "per-file-ignores", "select")
#: A text of a list that is not one of codes.
_EXAMPLES = {"exclude": "data", "keys": "*schedule*"}
_KEY = re.compile(r"""[ \t]*("[^"\n]*"|'[^'\n]*'|[\w-]+)[ \t]*""")


class SettingsError(UsageError):
    """Settings are wrong: the message says why, `keys` lead to the wrong setting, and `part` is what is wrong in it. `offset` is the place, if it is known."""

    def __init__(self, message: str, keys: Sequence[str] = (), part: str = "", offset: int | None = None) -> None:
        self.keys, self.part, self.offset = tuple(keys), part, offset
        super().__init__(message)

    def within(self, path: Path, source: str, prefix: Sequence[str]) -> SettingsError:
        """The error with its place in a file. `prefix` are the keys of the table of settings."""
        offset = self.offset if self.offset is not None else offset_of(source, (*prefix, *self.keys), self.part) if self.keys else None
        position = None if offset is None else Lines.of(source).position(offset)
        return SettingsError(f"{path}:{f'{position.line}:{position.column}:' if position else ''} {self}")


@contextmanager
def under(*keys: str) -> Iterator[None]:
    """Gives an error about the value of some keys these keys, in the place of its first one."""
    try:
        yield
    except SettingsError as error:
        error.keys = (*keys, *error.keys[1:])
        raise


def read(source: str, keys: Sequence[str] = ()) -> Any:
    """The value under some keys in a TOML document; None if there is none. Raises `SettingsError`."""
    from lrdsl.documents.toml import MAX_PARTS
    from lrdsl.linting.hosts.toml import loaded  # imported here: a project without settings reads no TOML

    if any(piece.count(".") > MAX_PARTS for piece in re.split(r"[=,\[\]{}\n]", source)):
        raise SettingsError("a key in it has too many parts")
    try:
        value: Any = loaded(source)
    except UnreadableError as error:
        raise SettingsError(error.message, offset=error.offset) from None
    for i, key in enumerate(keys):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
        if value is not None and i + 1 == len(keys) and not isinstance(value, dict):
            raise SettingsError(f"`{'.'.join(keys)}` must be a table, and is {described(value)}", offset=offset_of(source, keys))
    return value


def offset_of(source: str, keys: Sequence[str], part: str = "") -> int | None:
    """Where a setting stands in a TOML document, or a part of its value; None if it is not found.

    >>> offset_of('[tool.lrdsl]\\nselect = ["LR2", "LX"]', ("tool", "lrdsl", "select"), "LX")
    31
    """
    best, offset = 0, None
    header: list[str] = []
    for line in re.finditer(r"[^\n]+", source):
        start = line.start() + len(line[0]) - len(line[0].lstrip(" \t["))
        is_header = "[" in source[line.start() : start]
        names, end = _names(source, start)
        header = names if is_header else header
        full = names if is_header else [*header, *names]
        if names and len(full) > best and full == list(keys[: len(full)]):
            best, offset = len(full), end if part or len(full) < len(keys) else start
    if offset is None:
        return None
    for word in (*keys[best:], *[part] * bool(part)):  # in an inline table, or in a list
        match = re.compile(r"(?<![\w-])" + re.escape(word)).search(source, offset, offset + 10_000)
        offset = offset if match is None else match.start()
    return offset


def _names(source: str, at: int) -> tuple[list[str], int]:
    """The parts of a dotted key, and where it ends."""
    from lrdsl.documents.toml import MAX_PARTS

    parts: list[str] = []
    while len(parts) <= MAX_PARTS and (key := _KEY.match(source, at)) is not None:
        parts.append(key[1].strip("\"'"))
        at = key.end()
        if not source.startswith(".", at):
            break
        at += 1
    return parts, at


def codes(name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Checks codes of rules, or their beginnings; `ALL` is every rule. Raises `SettingsError` for one that fits no rule."""
    prefixes = []
    for value in values:
        prefix = value.strip().upper()
        if not prefix:
            continue
        prefix = "LR" if prefix == "ALL" else prefix
        if not any(code.startswith(prefix) for code in all_codes()):
            raise SettingsError(f"{name}: no rule has a code that begins with {shown(prefix)}; `lrdsl rules` lists them", (name,), value)
        prefixes.append(prefix)
    return tuple(prefixes)


def check_names(values: dict[str, Any]) -> None:
    """Raises `SettingsError` for a setting that does not exist."""
    for name in values:
        if name not in SETTINGS:
            near = did_you_mean(name, SETTINGS)
            if name == "tool":
                raise SettingsError("settings stand at the top here, without [tool.lrdsl], which is for pyproject.toml", ("tool", "lrdsl"))
            more = f"; did you mean `{near}`?" if near else f"; its settings are {', '.join(SETTINGS)}"
            raise SettingsError(f"[tool.lrdsl] has no setting `{shown(name)}`{more}", (name,))


def described(value: Any) -> str:
    """A value as a message shows it. A value that is large, or that Python refuses to write, is only named."""
    if isinstance(value, bool | str):
        return shown(repr(value)) if len(str(value)) < _LONGEST else "a long text"
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, float) or abs(value) < 10**20 else "a number that large"
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a date"


def table(name: str, value: Any) -> dict[str, Any]:
    """Checks a table."""
    if not isinstance(value, dict):
        raise SettingsError(f"`{name}` must be a table, and is {described(value)}", (name,))
    if len(value) > _MOST or any(len(key) > _LONGEST for key in value):
        raise SettingsError(f"`{name}` may have {_MOST} entries at most, with keys of {_LONGEST} characters at most", (name,))
    return value


def text(name: str, value: Any) -> str:
    """Checks a text."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise SettingsError(f"`{name}` must be a text, and is {described(value)}", (name,))
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Checks a list of texts."""
    wrong = next((text for text in value if not isinstance(text, str)), None) if isinstance(value, list) else value
    if wrong is not None:
        what = f"has {described(wrong)} in it" if isinstance(value, list) else f"is {described(wrong)}"
        raise SettingsError(f'`{name}` must be a list of texts, as ["{_EXAMPLES.get(name, "LR5")}"], and {what}', (name,))
    if len(value) > _MOST or any(len(text) > _LONGEST for text in value):
        raise SettingsError(f"`{name}` may have {_MOST} texts at most, of {_LONGEST} characters at most", (name,))
    return tuple(value)


def facts(name: str, value: Any) -> tuple[tuple[str, Any], ...]:
    """Checks the facts of a clock in a table."""
    facts_table = table(name, value)
    for fact in facts_table:
        if fact.replace("-", "_") not in _FACTS:
            raise SettingsError(f"{name}: the clock has no fact `{shown(fact)}`; its facts are {', '.join(_FACTS)}", (name, fact))
    spelled = {fact.replace("-", "_"): fact for fact in facts_table}
    values = {fact: facts_table[key] for fact, key in spelled.items()}
    names = table(f"{name}.names", values.get("names", {}))
    if not isinstance(values.get("tick", ""), str):
        raise SettingsError(f"{name}: `tick` is {described(values['tick'])}; a tick is one `step` or one `epoch`", (name, "tick"))
    for fact, value in [*values.items(), *names.items()]:
        if fact != "names" and fact != "tick" and not _is_number(value):
            raise SettingsError(f"{name}: `{shown(fact)}` is {described(value)}; give it as a number", (name, spelled.get(fact, fact)))
    try:
        Clock.of(**{fact: value for fact, value in values.items() if fact != "names"})
        host_names(names)
    except ScheduleError as error:
        raise SettingsError(f"{name}: {error.diagnostics[0].message}; {error.diagnostics[0].help}", (name,)) from None
    return tuple(values.items())


def _is_number(value: Any) -> bool:
    """Whether a value of TOML is a number, which may be written in text, as a config of another program may have it."""
    amount = written(value) if isinstance(value, str) else value
    return isinstance(amount, int | float | Fraction) and not isinstance(amount, bool) and -_LARGEST <= amount <= _LARGEST

"""Schedules in configs: `readings` of a file's text, `readings_in` documents. The layouts of the dialects say how each is recognized and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import attrs

from lrdsl.arguments import written as number_written
from lrdsl.diagnostics import Lines
from lrdsl.dialects import CONFIGS, DIALECTS, dialect
from lrdsl.dialects.config import ODD, Fact, Layout, Outcome, Settings, number
from lrdsl.dialects.entry import UnreadableError, Written
from lrdsl.dialects.reading import Reading, unsound
from lrdsl.dialects.simplifying import text_of
from lrdsl.documents import UnreadableError as UnreadableDocumentError
from lrdsl.documents import documents, format_of, place, plain
from lrdsl.documents.python import BASES, with_bases
from lrdsl.syntax import nodes, parse

#: The most schedules of one file that are read.
MAX_READINGS = 200
#: The most keys and items of a schedule that are looked at.
_MOST_ARGUMENTS = 500
#: Signs of a file that a program makes another one from.
_TEMPLATE = ("{{", "{%")


def readings(text: str, path_name: str, folder: Path | None = None) -> list[Reading]:
    """Returns the schedules in a config file.

    Parameters: `text`, the file's text; `path_name`, its path, whose ending says what it is; `folder`, inside which files that it builds on (`_base_`) are
    looked for, none if it is not given. A file that is no training config has none, and costs a search for a few words.
    """
    format = format_of(path_name)
    if format is None:
        return []
    wanted = [(name, layout) for name, layout in layouts() if format in layout.formats and layout.word.search(text)]
    if not wanted:
        return []
    try:
        read = with_bases(text, PurePath(path_name), folder) if format == "python" else documents(text, format)
        if format in ("yaml", "json") and len(read) == 1 and isinstance(read[0], Mapping) and any(key in read[0] for key in BASES):
            read = with_bases(text, PurePath(path_name), folder, format)
    except UnreadableDocumentError as error:
        if format == "python" or any(sign in text for sign in _TEMPLATE):
            return []
        return [Reading("", PurePath(path_name).name, None, problems=(str(error),), line=Lines.of(text).number(error.offset))]
    return _read(read, text, wanted)


def readings_in(values: Sequence[Any]) -> list[Reading]:
    """Returns the schedules in documents: mappings and lists of Python."""
    return _read([value for value in values if isinstance(value, Mapping | list) and plain(value)], "", layouts())


def may_have(text: str, format: str) -> bool:
    """Returns whether a text of a format may have a schedule of a config, or a call whose arguments are those of one."""
    in_code = format == "python" and (has_calls(text) or bool(sections_in(text)))
    return in_code or any(format in layout.formats and layout.word.search(text) for _, layout in layouts())


def called(text: str) -> str:
    """Returns how a program begins a call of one of the `calls` of a layout.

    >>> called("lr_scheduler=LRSchedulersContainer.Config"), called("lr_cfg=xtuner.LRConfig")
    ('LRSchedulersContainer.Config(', 'LRConfig(')
    """
    name = text.rpartition("=")[2]
    package, _, word = name.partition(".")
    return f"{word if package.islower() else name}("


@cache
def _calls() -> tuple[str, ...]:
    return tuple(dict.fromkeys(called(text) for _, layout in layouts() for text in layout.calls))


def sections_in(text: str) -> list[str]:
    """Returns the sections of configs whose keys a program assigns."""
    return [layout.section for _, layout in layouts() if layout.section and f".{layout.section}." in text]


def readings_of(table: Mapping[Any, Any], text: str) -> list[Reading]:
    """Returns the schedules in a mapping whose keys stand in a text."""
    return _read([table], text, layouts())


def has_calls(text: str) -> bool:
    """Returns whether a text of Python calls a class or a function whose arguments are the keys of a config."""
    return any(call in text for call in _calls())


def readings_of_call(table: Mapping[Any, Any], text: str, name: str, layout: Layout, is_named: bool) -> list[Reading]:
    """Returns the schedules in the mapping that the arguments of a call in a text are; `is_named` says that a class in it does for
    the signs of the layout."""
    if not layout.recognizes(table, is_named):
        return []
    settings = Settings(layout, table, table, text)
    return [_reading(name, settings, outcome) for outcome in _outcomes(settings, dialect(name).title)]


@cache
def layouts() -> list[tuple[str, Layout]]:
    """Returns the layouts, each with the name of its dialect."""
    return [(name, layout) for name in CONFIGS for layout in dialect(name).layouts]


def _read(values: Sequence[Any], text: str, layouts: Sequence[tuple[str, Layout]]) -> list[Reading]:
    readings: list[Reading] = []
    for document in values:
        seen: set[tuple[int, str]] = set()
        for table in _tables(document):
            for name, layout in layouts:
                if not layout.recognizes(table):
                    continue
                settings = Settings(layout, table, document, text)
                for outcome in _outcomes(settings, dialect(name).title):
                    at = outcome.at or (table, "")
                    if (id(at[0]), str(at[1])) in seen:
                        continue
                    seen.add((id(at[0]), str(at[1])))
                    if len(readings) == MAX_READINGS:
                        reason = f"the file has more than {MAX_READINGS} schedules, and this one and those after it are not read"
                        return [*readings, _reading(name, settings, attrs.evolve(outcome, tree=None, beside={}, problems=(), reason=reason))]
                    readings.append(_reading(name, settings, outcome))
    return readings


def _tables(document: Any) -> Iterator[Mapping[Any, Any]]:
    """The mappings of a document, from the outside in, each once."""
    seen: set[int] = set()
    waiting = [document]
    while waiting:
        container = waiting.pop()
        if id(container) in seen:
            continue
        seen.add(id(container))
        if isinstance(container, Mapping):
            yield container
            waiting.extend(item for item in reversed(list(container.values())) if isinstance(item, Mapping | list | tuple))
        elif isinstance(container, list | tuple):
            waiting.extend(item for item in reversed(container) if isinstance(item, Mapping | list | tuple))


def _outcomes(settings: Settings, title: str) -> Iterator[Outcome]:
    try:
        yield from settings.layout.read(settings)
    except ODD as error:
        reason = str(error) if isinstance(error, UnreadableError) else f"a value in it is not of the kind that {title} takes there"
        where = next((settings.find(key.name) for key in settings.layout.keys if key.role == "scheduler" and settings.has(key.name)), None)
        word = where[0][where[1]] if where is not None else None
        yield Outcome(word if isinstance(word, str) else str(where[1]) if where is not None else "config", reason=reason, at=where)


def _reading(name: str, settings: Settings, outcome: Outcome) -> Reading:
    where = place(*outcome.at) if outcome.at is not None else None
    line = Lines.of(settings.source).number(where.key) if where is not None else 1
    extent = (where.key, where.end) if where is not None else (0, 0)
    facts = settings.facts()
    unknown, problems, written = tuple(settings.unknown), outcome.problems, None
    if outcome.tree is not None:
        used = {node.id for tree in (outcome.tree, *outcome.beside.values()) for node in nodes.walk(tree) if isinstance(node, nodes.Name)}
        unknown = tuple(name for name in unknown if name in used)
        try:
            written = text_of(Written(outcome.tree, outcome.beside))
            parse(written)
        except ODD:
            written, problems = None, (*problems, f"a value in it is not of the kind that {dialect(name).title} takes there")
        if written is not None and (mistake := unsound(written, unknown)):
            written, problems = None, (mistake,)
    elif outcome.reason:
        problems = (*problems, outcome.reason)
    ignored = tuple(f"`{fact.name}`: {fact.ignored}" for fact in facts if fact.ignored)
    return Reading(
        name,
        outcome.source,
        written,
        clock=outcome.clock,
        base=number(outcome.base),
        unknown=unknown,
        problems=tuple(dict.fromkeys((*problems, *ignored))),
        line=line,
        extent=extent,
        facts=facts,
        arguments=tuple(_arguments(outcome.at, name)),
    )


def _arguments(at: tuple[Any, Any] | None, name: str) -> Iterator[Fact]:
    """The keys inside a schedule, each with the role that the dialect's parameter of this name has. A config may construct the classes of any library."""
    roles = dialect(name).times or {key: role for one in DIALECTS for key, role in dialect(one).times.items()}
    waiting = [at] if at is not None else []
    for _ in range(_MOST_ARGUMENTS):
        if not waiting:
            return
        container, key = waiting.pop()
        item = container.get(key) if isinstance(container, Mapping) else container[key]
        where = place(container, key)
        if isinstance(key, str) and where is not None and not isinstance(item, Mapping):
            value = number_written(item) if isinstance(item, str) else number(item)
            yield Fact(key, value, roles.get(key, ""), "", extent=(where.key, where.end))
        if isinstance(item, Mapping):
            waiting.extend((item, inner) for inner in reversed(list(item)))
        elif isinstance(item, list):
            waiting.extend((item, i) for i in reversed(range(len(item))))

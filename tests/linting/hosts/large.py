"""Large files of each format, in any size, that are hard to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count, takewhile


def many(piece: str, size: int) -> str:
    """One piece again and again, up to a size."""
    return piece * (size // len(piece))


def numbered(piece: str, size: int) -> str:
    """The same with numbers in it, at `@`."""
    room = size

    def fits(text: str) -> bool:
        nonlocal room
        room -= len(text)
        return room >= 0

    return "".join(takewhile(fits, (piece.replace("@", str(i)) for i in count())))


def cells(*sources: str | list[str], outputs: tuple[object, ...] = ()) -> str:
    """A notebook."""
    return json.dumps({"cells": [{"cell_type": "code", "outputs": list(outputs), "source": source} for source in sources]})


ONE = "schedule: hold(3) then cosine(4)\n"
LARGE: dict[str, tuple[str, Callable[[int], str]]] = {
    "yaml of pairs": ("yaml", lambda n: ONE + numbered('k@: "v"\n', n)),
    "yaml list on a line": ("yaml", lambda n: "schedules: [" + many("hold(3), ", n) + "]"),
    "yaml list with a mark": ("yaml", lambda n: "x: [" + many("hold(3), ", n) + "] # lrs"),
    "yaml near names": ("yaml", lambda n: "schedule: [" + numbered('"aa@(", ', n) + "]"),
    "yaml braces": ("yaml", lambda n: 'schedule: "hold(3) ' + many("{{", n) + '"'),
    "yaml dollars": ("yaml", lambda n: 'schedule: "hold(3) ' + many("${", n) + '"'),
    "yaml percents": ("yaml", lambda n: 'schedule: "hold(3) ' + many("{%", n) + '"'),
    "yaml schedules": ("yaml", lambda n: numbered("k@_schedule: hold(3)\n", n)),
    "yaml aliases": ("yaml", lambda n: "a: &a hold(3)\nschedule: [" + many("*a, ", n) + "]"),
    "yaml long alias": ("yaml", lambda n: 'a: &a "' + many("aaaa( ", n // 2) + '"\nschedule: [' + many("*a, ", n // 2) + "]"),
    "yaml alias keys": ("yaml", lambda n: 'a: &a "' + many("schedule ", n // 2) + '"\nb:\n' + many(" ? *a\n : x\n", n // 2)),
    "yaml laughs": ("yaml", lambda n: ONE + "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, n // 30))),
    "yaml merges": ("yaml", lambda n: "schedule: &a {x: 1}\n" + numbered("k@: &a@\n  <<: [*a, *a]\n", n)),
    "yaml collections as keys": ("yaml", lambda n: ONE + "a: &a {x: 1}\n" + many("? [*a, *a]\n: *a\n", n)),
    "yaml folded": ("yaml", lambda n: "schedule: >\n" + many("  hold(3) then\n", n)),
    "yaml literal": ("yaml", lambda n: "schedule: |\n" + many("  hold(3) then\n", n)),
    "yaml blanks": ("yaml", lambda n: 'schedule: "hold(3)' + many(" ", n) + 'x"'),
    "yaml escapes": ("yaml", lambda n: 'schedule: "hold(3) ' + many("\\n", n) + '"'),
    "yaml lines": ("yaml", lambda n: ONE + many("\n", n)),
    "yaml comments": ("yaml", lambda n: ONE + many("# lrs\n", n)),
    "yaml in flow": ("yaml", lambda n: ONE + "a: " + many("[", n)),
    "yaml in block": ("yaml", lambda n: "# schedule\n" + many("- ", n)),
    "yaml documents": ("yaml", lambda n: ONE + many("---\n", n)),
    "toml of pairs": ("toml", lambda n: numbered('k@ = "v"\n', n) + 'schedule = "hold(3)"\n'),
    "toml array": ("toml", lambda n: "schedules = [" + many('"hold(3)",', n) + "]\n"),
    "toml numbers": ("toml", lambda n: "schedules = [" + many("1,", n) + "]\n"),
    "toml in arrays": ("toml", lambda n: "schedules = " + many("[", n)),
    "toml in tables": ("toml", lambda n: "schedule = " + many("{a=", n)),
    "toml long key": ("toml", lambda n: 'schedule = "hold(3)"\n' + many("a.", n) + "b = 1\n"),
    "toml spaced key": ("toml", lambda n: 'schedule = "hold(3)"\n' + many("a . ", n) + "b = 1\n"),
    "toml arrays of tables": ("toml", lambda n: 'schedule = "hold(3)"\n' + many("[[a]]\n", n)),
    "toml integer": ("toml", lambda n: "schedule = " + many("1", n) + "\n"),
    "toml escapes": ("toml", lambda n: 'schedule = "hold(3) ' + many("\\n", n) + '"\n'),
    "toml quotes": ("toml", lambda n: "schedule = " + many('"""', n)),
    "json of pairs": ("json", lambda n: "{" + numbered('"k@": 1,', n) + '"schedule": "hold(3)"}'),
    "json list": ("json", lambda n: '{"schedule": [' + many('"hold(3)",', n) + '"x"]}'),
    "json in lists": ("json", lambda n: '{"schedule": ' + many("[", n)),
    "json long key": ("json", lambda n: '{"schedule' + many("a", n // 2) + '": [' + many('"a", {"b": "c"}, ', n // 2) + "1]}"),
    "json deep strings": ("json", lambda n: '{"schedule": ' + "[" * 400 + many('"a", ', n) + '"b"' + "]" * 400 + "}"),
    "json integer": ("json", lambda n: '{"schedule": "hold(3)", "a": ' + many("1", n) + "}"),
    "json escapes": ("json", lambda n: '{"schedule": "hold(3)' + many("\\n", n) + '"}'),
    "python lines": ("py", lambda n: 'schedule = "hold(3)"\n' + many("x = 1\n", n)),
    "python list": ("py", lambda n: 'schedule = "hold(3)"\nx = [' + many("1,", n) + "]"),
    "python signs": ("py", lambda n: 'schedule = "hold(3)"\nx = ' + many("-", n) + "1"),
    "python sum": ("py", lambda n: 'schedule = "hold(3)"\nx = f(' + many("1+", n) + "1)"),
    "python not": ("py", lambda n: 'schedule = "hold(3)"\nx = ' + many("not ", n) + "1"),
    "python brackets": ("py", lambda n: 'schedule = "hold(3)"\nx = ' + many("(", n)),
    "python strings": ("py", lambda n: "schedule = " + many('"a" ', n)),
    "python dict": ("py", lambda n: "x = {" + many('"schedule": "a",', n) + "}"),
    "python templates": ("py", lambda n: 'schedule = "hold(3)"\nx = ' + many("f'{", n)),
    "python names of characters": ("py", lambda n: 'schedule = "hold(3)' + many("\\N{", n) + '"'),
    "python backslashes": ("py", lambda n: 'schedule = "hold(3)' + many("\\\n", n) + '"'),
    "python marks": ("py", lambda n: numbered('a@ = "x" # lrs\n', n)),
    "python elif": ("py", lambda n: 'schedule = "hold(3)"\nif a: b\n' + many("elif a: b\n", n)),
    "notebook lines": ("ipynb", lambda n: cells(['schedule = "hold(3)"\n', *["x = 1\n"] * (n // 12)])),
    "notebook cells": ("ipynb", lambda n: cells('schedule = "hold(3)"', *["x = 1"] * (n // 60))),
    "notebook that is no Python": ("ipynb", lambda n: cells(*["schedule = ("] * (n // 60))),
    "notebook picture": ("ipynb", lambda n: cells('schedule = "hold(3)"', outputs=({"data": {"image/png": many("iVBORw0KGgo\n", n)}},))),
    "lrs": ("lrs", lambda n: many("hold(3) then ", n) + "hold"),
    "lrs lines": ("lrs", lambda n: "lr = hold(3)\n" + many("\n", n)),
}

"""What stands beside a string of a Python program: other arguments of its call, other entries of its dict, other options, the assignments beside its own."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs

from lrdsl.linting.hosts.beside import NAMES, NUMBER, given_beside
from lrdsl.linting.hosts.embedded import NOTHING_GIVEN, Given
from lrdsl.linting.hosts.functions import entries
from lrdsl.syntax.nodes import Extent

_NAMES = "|".join(re.escape(name).replace("_", "[_-]") for name in NAMES)
#: An assignment of a number: of a variable, an attribute, an item or a field.
_ASSIGNED = re.compile(
    rf"^(?P<margin>[ \t]*)(?P<of>[\w.]{{1,80}}\.|[\w.]{{1,80}}\[[\"'])?(?P<name>{_NAMES}|{_NAMES.upper()})(?:[\"']\])?[ \t]*(?::[^=\n#\"']{{1,80}})?=[ \t]*"
    rf"(?:[\w.]*[fF]ield\([ \t]*(?:default[ \t]*=[ \t]*)?)?(?P<value>{NUMBER})[ \t]*(?=[,)#;\r\n]|\Z)",
    re.MULTILINE,
)
#: An option of a command, with a number as its default.
_OPTION = re.compile(rf"[\"']--?(?P<name>{_NAMES})[\"'][^()\n]{{0,200}}?\bdefault[ \t]*=[ \t]*(?P<value>{NUMBER})[ \t]*(?=[,)\r\n])")
#: The beginning of an assignment, up to its name.
_BEGIN = re.compile(r"(?P<margin>[ \t]*)(?P<of>[\w.]{1,80}\.|[\w.]{1,80}\[[\"'])?\w*")
_LINE = re.compile(r"^([ \t]*)[^\s#]", re.MULTILINE)
#: The deepest indentation of assignments that are looked at.
_DEEPEST = 24


@attrs.define(slots=False)
class Neighbours:
    """What stands beside the strings of a program. `strings` gives the extents of all its strings: an assignment in one of them is none."""

    source: str
    strings: Callable[[], Iterable[Extent]]
    _brackets: dict[int, Mapping[str, str]] = attrs.field(factory=dict)
    _shallower: dict[int, list[int]] = attrs.field(factory=dict)
    _blocks: dict[tuple[int, str, str], Mapping[str, Any]] = attrs.field(factory=dict)

    def given(self, text: str, at: int, bracket: int | None) -> Given:
        """What stands beside a text that begins at an offset, in the bracket that opens at another; None for one that is assigned."""
        if bracket is None:
            return given_beside(text, [self._assigned(at)])
        if bracket not in self._brackets:
            self._brackets[bracket] = entries(self.source, bracket)
        given = given_beside(text, [self._brackets[bracket]])
        return given if given != NOTHING_GIVEN else given_beside(text, [self._options])

    @cached_property
    def _options(self) -> Mapping[str, Any]:
        return _once((option["name"].replace("-", "_"), option["value"]) for option in _OPTION.finditer(self.source))

    @cached_property
    def _assignments(self) -> list[tuple[int, str, str, str, str]]:
        """The offset, indentation, owner, name and value of each assignment of a number that may matter."""
        found = [(m.start("name"), m["margin"], m["of"] or "", m["name"], m["value"]) for m in _ASSIGNED.finditer(self.source)]
        if not found:
            return []
        extents = sorted(self.strings())
        starts = [start for start, _ in extents]
        inside = [extents[max(0, bisect_right(starts, at) - 1)] if extents else (0, 0) for at, *_ in found]
        return [one for one, (start, end) in zip(found, inside, strict=True) if not start < one[0] < end - 1 or one[2].endswith(('"', "'"))]

    def _assigned(self, at: int) -> Mapping[str, Any]:
        """The numbers that are assigned in the block of the statement at an offset, to things of the same owner."""
        if not self._assignments:
            return {}
        begin = _BEGIN.match(self.source, self.source.rfind("\n", 0, at) + 1)
        assert begin is not None  # it may be empty
        margin = begin["margin"]
        if len(margin) > _DEEPEST:
            return {}
        start, end = self._block(at, len(margin))
        key = (start, margin, begin["of"] or "")
        if key not in self._blocks:
            self._blocks[key] = _once((name, value) for where, *own, name, value in self._assignments if start <= where < end and tuple(own) == key[1:])
        return self._blocks[key]

    def _block(self, at: int, margin: int) -> Extent:
        """The extent of the block around an offset: between two lines of less indentation."""
        if margin not in self._shallower:
            self._shallower[margin] = [line.start() for line in _LINE.finditer(self.source) if len(line[1]) < margin] if margin else []
        lines = self._shallower[margin]
        i = bisect_left(lines, at)
        return lines[i - 1] if i else 0, lines[i] if i < len(lines) else len(self.source)


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values of the names that have just one."""
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}

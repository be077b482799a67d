"""What a comparison of two schedules comes to, in sentences for people."""

from __future__ import annotations

from lrdsl.analysis.comparison import Difference
from lrdsl.phrases import grouped


def sentence(d: Difference) -> str:
    """What the comparison found, in one sentence."""
    if d.only is not None:
        return f"only the {('first', 'second')[d.only]} schedule has it"
    if d.proved:
        looked = f"; looked at one by one: {_ranges(d.looked)}" if d.looked else ""
        return f"the same function: proved for every tick and {_bases(d)}{looked}"
    if d.first is None:
        rest = "not proved for other ticks" if d.apart is None else f"the formulas differ at tick {_number(d.apart)}, but not in digits that a level has"
        return f"the same to 12 digits at ticks 0 to {_number(d.ticks - 1)}, looked at one by one, for {_bases(d)}; {rest}"
    assert d.levels is not None
    same = f"the same to 12 digits for base {_list(d.same_for)} at ticks 0 to {_number(d.ticks - 1)}, but " if d.same_for else ""
    first = f"they differ from tick {_number(d.first)} on: {_levels(d.levels)}, for base {_list(d.bases)}"
    return f"{same}{first}; the largest difference is {d.largest:.6g}, at tick {_number(d.at or 0)}"


def _levels(levels: tuple[float, float]) -> str:
    """Two levels, with as many digits as tell them apart."""
    short = [f"{level:.6g}" for level in levels]
    return " and ".join(short if short[0] != short[1] else map(repr, levels))


def _bases(d: Difference) -> str:
    return f"base {_list(d.bases)}" if d.bases else "every base above 0"


def _list(bases: tuple[float, ...]) -> str:
    *others, last = (f"{base:g}" for base in bases)
    return f"{', '.join(others)} and {last}" if others else last


def _ranges(looked: tuple[tuple[int, int], ...]) -> str:
    """Ticks in words, such as `ticks 3 to 7, 9`."""
    ranges = [_number(first) if first == last else f"{_number(first)} to {_number(last)}" for first, last in looked]
    return f"tick{'s' * (len(ranges) > 1 or 'to' in ranges[0])} {', '.join(ranges)}"


def _number(tick: int) -> str:
    return grouped(tick, least=10_000)

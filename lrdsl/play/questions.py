"""`Question`: what the page asks, as it was read from JSON. All of it is data; sizes are bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from lrdsl.arguments import quoted
from lrdsl.clock import Clock, typed
from lrdsl.diagnostics import refuse
from lrdsl.expr.exact import Exact
from lrdsl.syntax.tokens import MAX_TEXT

#: The most characters of a question: two texts of the greatest length, as JSON.
MAX_QUESTION = 12 * MAX_TEXT
#: The facts of the clock that the page has fields for.
FACTS = tuple(field.name for field in attrs.fields(Clock) if field.name != "tick")
#: The most names, and the most events, of a question.
_MOST = 100


class BadQuestionError(ValueError):
    """A question that the page does not ask."""


@attrs.frozen
class Question:
    """A question: its `kind`, the text, the options that `parse` takes, the base if one is given, the ticks of events, and what else it has."""

    kind: str
    text: str
    options: Mapping[str, Any]
    base: float | None
    events: tuple[int, ...]
    rest: Mapping[str, Any]

    @classmethod
    def of(cls, source: str) -> Question:
        """Reads a question. Raises `BadQuestionError` for anything else, and `ScheduleError` for a fact that is no number.

        >>> Question.of('{"ask": "look", "text": "hold", "facts": {"base": "1e-3", "total_steps": "1_000"}}').options
        {'total_steps': 1000}
        """
        if len(source) > MAX_QUESTION:
            raise BadQuestionError("the question is too long")
        try:
            data = json.loads(source)
        except (ValueError, RecursionError):
            raise BadQuestionError("the question is not JSON") from None
        if not isinstance(data, dict):
            raise BadQuestionError("the question is no object")
        facts = data.get("facts", {})
        if not isinstance(facts, dict) or not all(isinstance(value, str) and len(value) <= MAX_TEXT for value in facts.values()):
            raise BadQuestionError("the facts are no texts")
        filled = {name: value.strip() for name, value in facts.items() if value.strip()}
        base, names, tick = filled.pop("base", None), filled.pop("names", ""), filled.pop("tick", None)
        events = [_number("the tick of an event", part) for part in filled.pop("events", "").replace(",", " ").split()[:_MOST]]
        unknown = set(filled).difference(FACTS)
        if unknown:
            raise BadQuestionError("a fact is unknown")
        options: dict[str, Any] = {name: _number(name.replace("_", " "), value) for name, value in filled.items()}
        options |= {"tick": tick} if tick is not None else {}
        options |= {"names": _names(names)} if names else {}
        if any(event != int(event) for event in events):
            raise refuse("LR152", "the tick of an event is not whole", "give whole ticks, as `120 300`")
        number = None if base is None else float(_number("base", base))
        return cls(_text(data, "ask"), _text(data, "text"), options, number, tuple(map(int, events)), data)

    def text_of(self, name: str) -> str:
        """Returns a text of the question; "" if it has none of that name."""
        return _text(self.rest, name)

    def whole(self, name: str) -> int:
        """Returns a whole number of the question, 0 if it has none. Raises `BadQuestionError` for anything else."""
        value = self.rest.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 10**15:
            raise BadQuestionError(f"`{name}` is no whole number")
        return value


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise BadQuestionError(f"`{name}` is no text")
    return value


def _number(what: str, value: str) -> Exact:
    amount = typed(value)
    try:
        number = float(amount) if amount is not None else None
    except OverflowError:
        number = None
    if amount is None or number is None:
        raise refuse("LR152", f"{what} is {quoted(value)}", "give a number, as `1000`, `10k` or `1e-3`")
    return amount


def _names(value: str) -> dict[str, Exact]:
    """Reads values for names: `warm=500, n=10`."""
    names: dict[str, Exact] = {}
    for part in value.split(",")[:_MOST]:
        name, equal, amount = part.partition("=")
        if not equal:
            raise refuse("LR152", f"a name is {quoted(part.strip())}", "give values for names as `warm=500, n=10`")
        names[name.strip()] = _number(f"`{name.strip()}`", amount.strip())
    return names

"""What stands beside a text in a config or a program: the base, as `lr: 3e-4`, and facts of the run, as `total_steps: 1000`, in the same mapping."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from lrdsl.linting.hosts.embedded import NOTHING_GIVEN, Embedded, Given

#: The keys of the base, the first one first.
_RATES = ("lr", "learning_rate", "initial_lr", "peak_lr", "max_lr")
#: The keys of facts of the run, with the fact that each is.
_FACTS = {
    "total_steps": "total_steps",
    "max_steps": "total_steps",
    "steps_per_epoch": "steps_per_epoch",
    "total_epochs": "total_epochs",
    "max_epochs": "total_epochs",
    "num_epochs": "total_epochs",
    "epochs": "total_epochs",
    "tokens_per_step": "tokens_per_step",
}
#: The keys of a mapping about the optimizer, whose rate is the base too.
_OPTIMIZERS = ("optimizer", "optim")
#: The keys that may say something about a schedule beside them.
NAMES = (*_RATES, *_FACTS)
#: For so many schedules, a document is read once.
_MANY = 1_001
#: A text that has settings of its own.
_SETS = re.compile(r"\bset\s+\w")
#: A number without a sign, as a config or a program writes it.
NUMBER = r"(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?"
_ONE_NUMBER = re.compile(NUMBER)


def is_wanted(key: str) -> bool:
    """Whether the value of a key may say something about a schedule beside it."""
    word = key.lower().replace("-", "_")
    return word in NAMES or word == "tick"


def given_beside(text: str, mappings: Sequence[Mapping[str, Any]]) -> Given:
    """Returns what mappings give beside a text, the nearest one first: nothing, if the text has settings of its own.

    >>> given_beside("cosine(100)", [{"max_steps": 1000, "lr_schedule": "cosine(100)"}, {"lr": "3e-4"}])
    Given(facts=(), names=(), base=0.0003, open=False, beside=(('total_steps', 1000),))
    """
    if _SETS.search(text):
        return NOTHING_GIVEN
    base = next((rate for mapping in mappings for name in _RATES if (rate := _positive(_value(mapping, name))) is not None), None)
    facts: dict[str, Any] = {}
    for name, fact in _FACTS.items():
        number = next((number for mapping in mappings if (number := _positive(_value(mapping, name))) is not None), None)
        if number is not None:
            facts.setdefault(fact, int(number) if number == int(number) else number)
    steps, per, epochs = (facts.get(name) for name in ("total_steps", "steps_per_epoch", "total_epochs"))
    if steps and per and epochs and steps != per * epochs:
        facts = {}  # they are about other things than the run of the schedule
    tick = next((_value(mapping, "tick") for mapping in mappings if _value(mapping, "tick") in ("step", "epoch")), None)
    facts |= {} if tick is None else {"tick": tick}
    return Given(base=base, beside=tuple(facts.items()))


def _value(mapping: Mapping[str, Any], name: str) -> Any:
    """The value of a key, as configs may spell it."""
    return next((mapping[key] for key in (name, name.replace("_", "-"), name.upper()) if key in mapping), None)


def _positive(value: Any) -> float | None:
    """A number above 0, as a config or a program writes it; None for anything else."""
    if isinstance(value, str):
        value = float(value.replace("_", "")) if _ONE_NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if 0 < number < math.inf else None


def is_about_schedules(key: str, names: Callable[[str], bool]) -> bool:
    """Whether a mapping with this key is about schedules, so that what stands beside it is about them too."""
    return names(key) or "sched" in key.lower()


def around(mapping: Mapping[str, Any], above: Mapping[str, Any], is_named: bool) -> list[Mapping[str, Any]]:
    """Returns the mappings that may say something about a text in a mapping: it, those about the optimizer in it, and the same of the mapping around it if its
    own key names schedules."""
    near = [mapping, *_optimizers(mapping)]
    return near + ([above, *_optimizers(above)] if is_named else [])


def _optimizers(mapping: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (value for name in _OPTIMIZERS if isinstance(value := _value(mapping, name), Mapping))


def with_given(texts: Iterator[Embedded], document: Callable[[set[str]], Any], names: Callable[[str], bool]) -> Iterator[Embedded]:
    """Yields the schedules of a document with what stands beside each: beside one that stands in it several times, nothing unless it is the same.

    `document` reads it, with some texts at least, and `names` says whether a key names schedules.
    """
    for few in iter(lambda: list(islice(texts, _MANY)), []):
        places = _places({one.text for one in few}, document, names)
        yield from (attrs.evolve(one, given=places[one.text]) if one.text in places else one for one in few)


def _places(wanted: set[str], document: Callable[[set[str]], Any], names: Callable[[str], bool]) -> dict[str, Given]:
    """What stands beside some texts."""
    places: dict[str, Given] = {}
    todo: list[tuple[Any, Mapping[str, Any], bool]] = [(document(wanted), {}, False)]
    while todo:
        value, above, is_named = todo.pop()
        if isinstance(value, Mapping):
            for text in _texts_in(value.values(), wanted):
                given = given_beside(text, around(value, above, is_named))
                places[text] = given if places.get(text, given) == given else NOTHING_GIVEN
            todo += [(inner, value, is_about_schedules(key, names)) for key, inner in value.items() if isinstance(inner, Mapping | list)]
        elif isinstance(value, list):
            todo += [(inner, above, is_named) for inner in value if isinstance(inner, Mapping | list)]
    return places


def _texts_in(values: Collection[Any], wanted: Collection[str]) -> set[str]:
    """The wanted texts among the values of a mapping, and in its lists."""
    items = [item for value in values for item in (value if isinstance(value, list) else (value,))]
    return {item for item in items if isinstance(item, str) and item in wanted}

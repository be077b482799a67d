"""Compares a scheduler that was read from code with the real one, on a dummy optimizer. The library is run; the code that was read is not: functions of the
step that are arithmetic are computed from their program, at each tick."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from fractions import Fraction
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import attrs

from lrdsl.dialects.code.calls import Call, Made, made
from lrdsl.dialects.code.functions import Program
from lrdsl.dialects.code.values import is_number
from lrdsl.dialects.entry import UNUSED, UnreadableError
from lrdsl.dialects.matching import python_value
from lrdsl.dialects.simplifying import lists_of, text_of
from lrdsl.expr.exact import Exact
from lrdsl.schedule import parse
from lrdsl.syntax import canonical

#: The ticks that are compared, the rate of the dummy optimizer, and how far apart two rates may be, as a share of the highest one.
TICKS, BASE, TOLERANCE = 400, 0.1, 1e-9
#: What is supposed of the names that are not known, one after the other.
_SUPPOSED: tuple[Exact, ...] = (40, 100, 10, 7, 200, 3, Fraction(1, 2))
_SUPPOSED_LIST = (7, 40, 100)


@attrs.frozen
class Verdict:
    """What a comparison came to: the `tick` at which the two differ, None if they do not; or the `reason` why they were not compared."""

    tick: int | None = None
    reason: str = ""
    supposed: Mapping[str, Any] = attrs.Factory(dict)

    def __str__(self) -> str:
        """The verdict in words."""
        if self.reason:
            return f"not compared: {self.reason}"
        numbers = ", ".join(f"{name} = {value}" for name, value in self.supposed.items())
        what = "the same at every tick" if self.tick is None else f"differs at tick {self.tick}"
        return f"{what} (with {numbers})" if numbers else what


def verified(source: str, call: Call) -> Verdict:
    """Returns the verdict on a call of a file. Names that are not known are given numbers."""
    if call.written is None:
        return Verdict(reason=call.problem)
    if call.dialect.name not in ("torch", "transformers"):
        return Verdict(reason=f"schedulers of {call.dialect.title} are not built here")
    reason = "no numbers for its names that both take"
    lists = set(lists_of(call.written.schedule)) & set(call.unknown)
    text = text_of(call.written)
    for first in range(len(_SUPPOSED)):
        supposed: dict[str, Any] = {name: _SUPPOSED[(first + i) % len(_SUPPOSED)] for i, name in enumerate(call.unknown)}
        supposed.update(dict.fromkeys(lists, _SUPPOSED_LIST))
        try:
            theirs = _rates(made(source, call, supposed))
            ours = parse(text, names=supposed or None).values(len(theirs), BASE).tolist()
        except UnreadableError as error:
            return Verdict(reason=str(error))
        except ImportError:
            return Verdict(reason=f"{call.dialect.title} is not installed")
        except Exception as error:  # a library refuses arguments in its own ways
            reason = f"no numbers for its names that both take: {error}".splitlines()[0]
            if not call.unknown:
                break
            continue
        highest = max(map(abs, theirs)) or 1.0
        tick = next((t for t, (a, b) in enumerate(zip(ours, theirs, strict=True)) if abs(a - b) > TOLERANCE * highest), None)
        return Verdict(tick, supposed=supposed)
    return Verdict(reason=reason)


def _rates(call: Made) -> list[float]:
    """The rates of the real scheduler, up to the tick at which it takes no more steps."""
    torch: Any = import_module("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE, momentum=0.9)
    rates: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = _built(call, optimizer)
        for _ in range(TICKS):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            try:
                scheduler.step()
            except ValueError:  # OneCycleLR is over; its last rate, which no step uses, is past its end
                return rates[:-1]
            except TypeError:
                raise UnreadableError("it follows a metric, so that ticks alone do not compare it") from None
    return rates


def _built(call: Made, optimizer: Any) -> Any:
    """The real scheduler."""
    module = next(m for m in map(import_module, call.dialect.modules) if hasattr(m, call.entry.name))
    arguments = {name: _argument(value, optimizer) for name, value in call.arguments.items() if name not in UNUSED or name == "name"}
    if "optimizer" in {p.name for p in call.entry.parameters}:
        arguments["optimizer"] = optimizer
    defaults = SimpleNamespace(**{p.name: p.default for p in call.entry.parameters})
    return getattr(module, call.entry.name)(**{name: v for name, v in arguments.items() if v is not None or getattr(defaults, name) is not None})


def _computed(function: Program, tick: int) -> float:
    """The number that a function of the step comes to: the arithmetic of its program is computed, and nothing of it is run."""
    return parse(f"scale({canonical(function.at(tick))})").at(0, base=1.0)


def _argument(value: Any, optimizer: Any) -> Any:
    if isinstance(value, Made):
        return _built(value, optimizer)
    if isinstance(value, tuple):
        return [_argument(item, optimizer) for item in value]
    if isinstance(value, dict):
        return {name: _argument(item, optimizer) for name, item in value.items()}
    if isinstance(value, Program):
        return lambda tick: _computed(value, tick)
    if is_number(value):
        return python_value(value)
    if attrs.has(type(value)):
        raise UnreadableError("an argument is not known")
    return value

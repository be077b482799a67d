"""Writes a schedule for mmengine: `param_scheduler` of its configs, in Python.

Each phase is a scheduler with a window. The windows of shapes that touch their start end a step after the shape, at the first step of the next one, which
leaves the level as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from lrdsl.dialects.matching import named, python_value, spelled_out
from lrdsl.dialects.simplifying import simplified
from lrdsl.dialects.writing.generated import INSTEAD, refused
from lrdsl.dialects.writing.request import Request
from lrdsl.expr.exact import Exact, exact, quotient
from lrdsl.syntax import canonical, nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import number_in

_LINEAR = nodes.Name("linear", (0, 0))
_BASE = (nodes.Name("base", (0, 0)), nodes.Quantity(1, "", "x", (0, 0), (0, 0)))


class UnsaidError(Exception):
    """Raised for a part that mmengine cannot say; has the reason, and the nearest way."""


@attrs.define
class _Writer:
    """Turns phases into schedulers. `at` is where the next phase begins, `at_base` whether it enters at the base."""

    request: Request
    at: Exact = 0
    at_base: bool = True
    schedulers: list[dict[str, Any]] = attrs.Factory(list)

    def phases(self, tree: Node) -> None:
        items = list(tree.items) if isinstance(tree, nodes.Sequence) else [tree]
        for i, item in enumerate(items):
            try:
                after = items[i + 1] if i + 1 < len(items) else None
                self.phase(item, after)
            except UnsaidError as reason:
                what, help = reason.args
                raise refused(f"mmengine cannot say `{canonical(simplified(item))}`: {what}", help, self.request.schedule) from None

    def phase(self, item: Node, after: Node | None) -> None:
        if isinstance(item, nodes.Restart):
            if not self.at_base:
                raise UnsaidError("a scheduler goes on from the level that is there", "let the phase before it end at the base, or write `hold(n, at=...)`")
            item = item.body
        if isinstance(item, nodes.Limited) and isinstance(item.body, nodes.Call) and item.body.name in ("step", "exp", "multistep"):
            self.drops(named(item.body), self.number(item.length))
            return
        if isinstance(item, nodes.Name):
            item = nodes.Call(item.id, (), (0, 0), (0, 0))
        if not isinstance(item, nodes.Call):
            raise UnsaidError("it is no phase that has a scheduler", "write each of its parts as a phase")
        item = named(item)
        values = {a.name: a.value for a in item.arguments}
        if item.name in ("step", "exp", "multistep") and "to" not in values:
            if after is not None:
                raise UnsaidError("its length is not written", "give it a length: `... for n`")
            self.drops(item, None)
        elif item.name == "hold":
            self.hold(values, after)
        elif item.name in ("warmup", "linear", "poly", "cosine"):
            self.fall(item.name, values)
        elif item.name == "plateau" and after is None:
            self.plateau(values)
        else:
            raise UnsaidError("no scheduler has its levels", INSTEAD)

    def hold(self, values: dict[str, Node], after: Node | None) -> None:
        level, n = values.get("at"), values.get("n")
        if level is not None and level not in _BASE:
            factor = self.multiple(level)
            length = None if n is None else self.number(n)
            if factor is None or not 0 < factor <= 1 or not self.at_base:
                raise UnsaidError("ConstantLR multiplies the base by a factor up to 1", "write the level as a multiple of the base, as `0.1x`")
            if length is not None and (after is None or not isinstance(after, nodes.Restart)):
                raise UnsaidError("ConstantLR ends at the base again", "write `restart` before the phase after it")
            self.add("ConstantLR", None if length is None else length + 1, factor=factor)
            self.at += length or 0
        elif n is not None:
            self.at += self.number(n)
        elif after is not None:
            raise UnsaidError("its length is not written", "give it a length: `hold(n)`")

    def fall(self, name: str, values: dict[str, Node]) -> None:
        n, touches = self.number(values["n"]), values.get("touches")
        how = touches.id if isinstance(touches, nodes.Name) else "start"
        if n < 1 or how == "neither" or (how in ("end", "both") and name == "cosine"):
            raise UnsaidError("no scheduler counts its ticks so", "leave `touches` out")
        power = number_in(values.get("power", nodes.Number(1, (0, 0))))
        if name != "poly" and (values.get("shape", _LINEAR) != _LINEAR or power != 1):
            raise UnsaidError("its warmup is a straight line, and its cosine has no power", "write a linear warmup, or a cosine without `power`")
        start = values.get("from")
        to = nodes.Name("base", (0, 0)) if name == "warmup" else values.get("to", nodes.Number(0, (0, 0)))
        window = n if how == "both" else n + 1 if how == "start" else n
        first = nodes.Number(0, (0, 0)) if name == "warmup" and start is None else start
        if name in ("warmup", "linear") and self.at_base and (first is not None or self.multiple(to) not in (None, 0)):
            a, b = 1 if first is None else self.multiple(first), self.multiple(to)
            if a is None or b is None:
                raise UnsaidError("LinearLR has factors of the base, and a level stands there", "write the level as a multiple of the base, as `0.1x`")
            if how == "end":
                a += quotient(b - a, n)
            if not 0 < a <= 1 or not 0 <= b <= 1:
                raise UnsaidError("LinearLR has factors above 0, up to 1", "begin above 0, as `from=0.001x`, or count with `touches=end`")
            self.add("LinearLR", window, start_factor=a, end_factor=b)
        elif first is not None:
            raise UnsaidError("it goes on from the level that is there", "leave `from` out")
        elif name == "cosine":
            self.add("CosineAnnealingLR", window, T_max=n, **self.floor(to, "eta_min_ratio"))
        elif how == "end":
            raise UnsaidError("no scheduler counts its ticks so", "leave `touches` out")
        else:
            self.add("PolyLR", window, power=1 if power is None else power, **self.floor(to, None))
        self.at += n
        self.at_base = to in _BASE

    def floor(self, to: Node, ratio: str | None) -> dict[str, Any]:
        """The least level: an absolute one, or a ratio of the base where the scheduler has one."""
        level = number_in(to)
        multiple = self.multiple(to)
        if level is not None:
            return {"eta_min": level}
        if multiple is not None and ratio is not None:
            return {ratio: multiple}
        if multiple is not None and self.request.base is not None:
            return {"eta_min": multiple * exact(self.request.base)}
        raise UnsaidError("its end is an absolute level there", "give the base: `export(..., base=0.1)`")

    def drops(self, call: nodes.Call, length: Exact | None) -> None:
        values = {a.name: a.value for a in call.arguments}
        window = None if length is None else length + 1
        gamma = number_in(values.get("gamma", values.get("n", nodes.Number(0, (0, 0)))))  # `exp` has two forms, and a number by position may be of either
        if gamma is None:
            raise UnsaidError("its gamma is no number", "write the milestones as phases, each with one gamma")
        if call.name == "exp" and number_in(values.get("per", nodes.Number(1, (0, 0)))) == 1:
            self.add("ExponentialLR", window, gamma=gamma)
        elif call.name == "step":
            self.add("StepLR", window, step_size=self.number(values["n"]), gamma=gamma)
        elif call.name == "multistep" and isinstance(values.get("milestones"), nodes.List) and values.get("since") in (None, nodes.Name("phase", (0, 0))):
            self.add("MultiStepLR", window, milestones=[self.number(m) for m in nodes.children(values["milestones"])], gamma=gamma)
        else:
            raise UnsaidError("no scheduler has its levels", INSTEAD)
        self.at_base = False
        self.at += length or 0

    def plateau(self, values: dict[str, Node]) -> None:
        if self.request.schedule.clock.tick != "epoch":
            raise UnsaidError("ReduceOnPlateauLR goes by epochs", 'let a tick be an epoch: `tick="epoch"`')
        names = {"factor": "factor", "patience": "patience", "threshold": "threshold", "cooldown": "cooldown", "min": "min_value", "eps": "eps"}
        numbers = {names[key]: number for key, v in values.items() if key in names and (number := number_in(v)) is not None}
        words = {key: v.id for key, v in values.items() if isinstance(v, nodes.Name)}
        more = {
            "monitor": words.get("metric", "loss"),
            "rule": "greater" if words.get("mode") == "max" else "less",
            "threshold_rule": words.get("threshold_mode", "rel"),
        }
        self.add("ReduceOnPlateauLR", None, **more, **numbers)

    def add(self, kind: str, window: Exact | None, **arguments: Any) -> None:
        """Adds a scheduler that is in force from here."""
        ends = {} if window is None else {"end": self.at + window}
        by_epoch = {} if self.request.schedule.clock.tick == "epoch" else {"by_epoch": False}
        scheduler = {"type": kind, **arguments, **by_epoch, "begin": self.at, **ends}
        if any(isinstance(v, int | float) is False and exact(v) != int(v) for v in (self.at, *ends.values())):
            raise UnsaidError("it does not begin and end at whole steps", "make its length a whole number of ticks")
        self.schedulers.append({key: v if isinstance(v, str | bool) else _python(v) for key, v in scheduler.items()})

    def number(self, node: Node) -> Exact:
        number = number_in(node)
        if number is None or number != int(number):
            raise UnsaidError("its times are whole numbers of steps there", "make its length a whole number of ticks")
        return number

    def multiple(self, node: Node) -> Exact | None:
        """The multiple of the base that a level is; None for an absolute level."""
        if node in _BASE:
            return 1
        if isinstance(node, nodes.Quantity) and node.unit == "x":
            return node.value
        if number_in(node) == 0:
            return 0
        level = number_in(node)
        return None if level is None or self.request.base is None or not self.request.base else quotient(level, exact(self.request.base))


def _python(v: Any) -> Any:
    return [_python(item) for item in v] if isinstance(v, list) else python_value(v)


def _lines(schedulers: list[dict[str, Any]]) -> Iterator[str]:
    yield "param_scheduler = ["
    for scheduler in schedulers:
        yield f"    dict({', '.join(f'{key}={value!r}' for key, value in scheduler.items())}),"
    yield "]"


def write(request: Request) -> str:
    """Returns `param_scheduler`, and the rate of the optimizer, if the base is given."""
    schedule = request.schedule
    if request.main.name != "lr" or (request.target is None and len(schedule.targets) > 1):
        raise refused("mmengine's schedulers are written for the rate alone", 'write the rate with `target="lr"`', schedule)
    tree = spelled_out(schedule, request.main.written)
    if tree is None:
        raise refused("mmengine cannot say a text with `use`", "write the definitions into the text", schedule)
    writer = _Writer(request)
    for factor in _factors(tree):
        writer.at, writer.at_base = 0, True
        if writer.schedulers and not isinstance(factor, nodes.Call | nodes.Name | nodes.Sequence | nodes.Limited):
            raise refused(f"mmengine cannot say `{canonical(factor)}` as a factor", "write each factor as phases", schedule)
        writer.phases(factor)
    if len(list(_factors(tree))) > 1 and any(s.get("eta_min") for s in writer.schedulers):
        raise refused("mmengine's factors end at 0 or at multiples of the base", "leave the absolute level out", schedule)
    lines = [*_lines(writer.schedulers)]
    if request.base is not None:
        lines.append(f"optim_wrapper = dict(optimizer=dict(lr={request.base!r}))")
    return "\n".join(lines) + "\n"


def _factors(tree: Node) -> Iterator[Node]:
    """The factors of a product."""
    if isinstance(tree, nodes.Binary) and tree.op == "*":
        yield from _factors(tree.left)
        yield from _factors(tree.right)
    else:
        yield tree

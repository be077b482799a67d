"""PyTorch: the schedulers of `torch.optim.lr_scheduler`, and `SWALR`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import attrs

from lrdsl.dialects.entry import Dialect, Entry, Form, Function, UnreadableError, Value, check_whole, node_of
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node
from lrdsl.syntax.substitution import folded, number_in

_HERE = (0, 0)


def _one_cycle(a: Any) -> str:
    n = "total_steps"
    if a.total_steps is None:
        if a.epochs is None or a.steps_per_epoch is None:
            raise UnreadableError("`OneCycleLR` needs `total_steps`, or `epochs` and `steps_per_epoch`")
        n = "epochs * steps_per_epoch"
    return (
        f"onecycle({n}, peak=max_lr, div=div_factor, final_div=final_div_factor, pct=pct_start, anneal={'cos' if a.anneal_strategy == 'cos' else 'linear'},"
        " three_phase=three_phase)"
    )


def _cyclic(a: Any) -> str:
    if a.scale_fn is not None:
        raise UnreadableError("`scale_fn` is a function of Python: write the schedule with `scale(...)`")
    down = "" if a.step_size_down is None else ", step_size_down"
    return f"cyclic(base_lr, max_lr, step_size_up{down}, mode=mode, gamma=gamma)"


def _annealed(a: Any) -> str:
    return f"{'linear' if a.anneal_strategy == 'linear' else 'cosine'}(anneal_epochs, to=swa_lr)"


def check_part(outer: str, inner: str) -> None:
    """Raises `UnreadableError` for a scheduler of several inside another that torch does not step as one.

    SequentialLR sets the rate of a part outright where it begins, which drops the factors of a chain around it; and it takes back the first step of a part,
    but not the first steps of the parts of that.
    """
    if inner == "SequentialLR" or (inner == "ChainedScheduler" and outer == "SequentialLR"):
        raise UnreadableError(f"a {inner} inside a {outer}: torch steps its first part once more, or drops the factors around it; write the phases in one text")


def sequence(parts: tuple[Node, ...], milestones: tuple[Value, ...]) -> Node:
    """Returns the tree of SequentialLR: each part up to its milestone, and the next one from the base on."""
    if not isinstance(parts, tuple) or not isinstance(milestones, tuple):
        raise UnreadableError("its schedulers and milestones are not written out")
    if len(milestones) != len(parts) - 1:
        raise UnreadableError(f"it has {len(parts)} schedulers and {len(milestones)} milestones")
    _check_parts(parts)
    check_whole("milestones", milestones)
    ends = [node_of(m) for m in milestones]
    items: list[Node] = []
    for i, part in enumerate(parts):
        length = None if i == len(ends) else ends[i] if i == 0 else _difference(ends[i], ends[i - 1])
        body = part if length is None else nodes.Limited(part, length, _HERE)
        items.append(body if i == 0 else nodes.Restart(body, _HERE))
    return nodes.Sequence(tuple(items), _HERE)


def _check_parts(parts: tuple[Node, ...]) -> None:
    """Raises `UnreadableError` for a part that is a name of the program, or a number: a schedule that lrdsl does not know."""
    for part in parts:
        if not attrs.has(type(part)) or isinstance(part, nodes.Number | nodes.List) or (isinstance(part, nodes.Name) and part.id not in SHAPES):
            raise UnreadableError("a part of it is no scheduler that lrdsl knows")


def _difference(later: Node, earlier: Node) -> Node:
    return folded(nodes.Binary("-", later, earlier, _HERE))


#: The schedulers that set the rate outright: in a chain they undo what stands before them.
_OUTRIGHT = ("onecycle", "cyclic", "plateau", "scale", "restarts")


def chain(parts: tuple[Node, ...]) -> Node:
    """Returns the tree of ChainedScheduler: the product of its parts."""
    if not isinstance(parts, tuple) or not parts:
        raise UnreadableError("its schedulers are not written out")
    _check_parts(parts)
    for part in parts:
        words = {node.name for node in nodes.walk(part) if isinstance(node, nodes.Call)}
        outright = sorted(words & set(_OUTRIGHT))
        if outright and len(parts) > 1:
            raise UnreadableError("a chain with a scheduler that sets the rate outright has no text: torch's result depends on the order of the calls")
        if len(parts) > 1 and has_cosine((part,)) and any(number_in(a.value) != 0 for a in _arguments(part) if a.name == "to"):
            raise UnreadableError("a chain with a cosine that has an `eta_min` has no text: torch adds it after each step, whatever the other factors are")
    product = parts[0]
    for part in parts[1:]:
        product = nodes.Binary("*", product, part, _HERE)
    return product


def _arguments(tree: Node) -> list[nodes.Argument]:
    return [argument for node in nodes.walk(tree) if isinstance(node, nodes.Call) for argument in node.arguments]


def has_cosine(parts: tuple[Node, ...]) -> bool:
    """Returns whether a scheduler among those of a chain rises again by what it adds, not by a factor."""
    return any(isinstance(node, nodes.Call) and node.name == "bounce" for part in parts for node in nodes.walk(part))


#: What is said of such a chain.
CHAIN_NOTE = "the text holds up to `T_max`: past it, torch adds the cosine's rise to what the other factors left"


def _momentum_of_one_cycle(a: Any) -> str:
    """The momentum falls while the rate rises."""
    n = "total_steps" if a.total_steps is not None else "(epochs * steps_per_epoch)"
    kind = ("_three_phase" if a.three_phase is True else "") + ("" if a.anneal_strategy == "cos" else "_linear")
    return f"onecycle.momentum{kind}({n}, low=base_momentum, high=max_momentum, pct=pct_start)"


def _momentum_of_cycles(a: Any) -> str:
    down = "" if a.step_size_down is None else ", step_size_down"
    return f"base_momentum + max_momentum - cyclic(base_momentum, max_momentum, step_size_up{down}, mode=mode, gamma=gamma)"


def _function(v: Value) -> Function:
    """The function of a scheduler that takes one, or one for each param group."""
    functions = v if isinstance(v, tuple) else (v,)
    if not functions:
        raise UnreadableError("its functions are not written out")
    if any(f != functions[0] for f in functions):
        raise UnreadableError("each param group has a function of its own")
    if not isinstance(functions[0], Function):
        raise UnreadableError("its function is Python: write it as an expression of t, as in `scale(0.95^t)`")
    return functions[0]


def _scaled(a: Any) -> Node:
    return _function(a.lr_lambda).phase


def _multiplied(a: Any) -> Node:
    expression = _function(a.lr_lambda).expression
    if expression is None:
        raise UnreadableError("a product of factors that are written in several cases has no text")
    return nodes.Call("cumprod", (nodes.Argument("", expression, _HERE, _HERE),), _HERE, _HERE)


def _milestones(a: Any) -> str | Node:
    """torch counts its milestones, in any order."""
    if not isinstance(a.milestones, tuple) or not all(isinstance(m, int | Fraction) for m in a.milestones):
        return "multistep(milestones, gamma)"
    values = (tuple(sorted(a.milestones)), a.gamma)
    return nodes.Call("multistep", tuple(nodes.Argument("", node_of(v), _HERE, _HERE) for v in values), _HERE, _HERE)


def _cycles_momentum(a: Any) -> bool:
    return a.cycle_momentum is True


def _whole(*names: str) -> Callable[[Any], bool]:
    """Whether torch takes the arguments: these are whole numbers, and factors are between 0 and 1."""

    def accepts(a: Any) -> bool:
        counts = [n for name in names for n in (getattr(a, name) if isinstance(getattr(a, name), tuple) else (getattr(a, name),))]
        shares = [getattr(a, name) for name in ("factor", "start_factor", "end_factor") if hasattr(a, name)]
        return all(isinstance(n, int) for n in counts) and all(0 <= share <= 1 for share in shares) and getattr(a, "start_factor", 1) > 0

    return accepts


#: The cycles up to which torch's CyclicLR is right to 1e-12: it computes its place from their number. After 1,024 of `triangular2` it raises. And the ticks of
#: the longest run for which it is written.
_MOST_CYCLES, _LONG = 1000, 10**6


def _goes_on(a: Any) -> bool:
    """Whether torch's CyclicLR is right for longer than any run."""
    cycle = a.step_size_up + (a.step_size_up if a.step_size_down is None else a.step_size_down)
    return bool(cycle * _MOST_CYCLES >= _LONG)


DIALECT = Dialect(
    "torch",
    "PyTorch",
    modules=("torch.optim.lr_scheduler", "torch.optim.swa_utils"),
    objects=True,
    door=("lrdsl", "compile"),
    times={
        "T_max": "length",
        "T_0": "interval",
        "total_iters": "length",
        "total_steps": "whole",
        "epochs * steps_per_epoch": "whole",
        "step_size": "interval",
        "milestones": "milestones",
        "step_size_up": "interval",
        "step_size_down": "interval",
        "anneal_epochs": "length",
        "lr_lambda": "function",
    },
    counting="A tick is a call of `scheduler.step()`: an epoch or a step, as the loop has it. Tick t has the share t/n.",
    address="https://docs.pytorch.org/docs/stable/optim.html",
    unwritten=dict.fromkeys(("LambdaLR", "MultiplicativeLR", "SequentialLR", "ChainedScheduler", "OneCycleLR", "SWALR"), "as a `LambdaLR`"),
    entries=(
        Entry(
            "StepLR",
            "optimizer, step_size, gamma=0.1, last_epoch=-1",
            (Form("step(step_size, gamma)"),),
            accepts=_whole("step_size"),
            whole=("step_size",),
            usual="optimizer, 100, 0.1",
        ),
        Entry(
            "MultiStepLR",
            "optimizer, milestones, gamma=0.1, last_epoch=-1",
            (Form(_milestones, shown="multistep(milestones, gamma)"),),
            attributes={"milestones": lambda s: sorted(s.milestones.elements())},
            note="milestones in rising order; one that stands twice counts twice, and `[]` is none, as there",
            accepts=_whole("milestones"),
            whole=("milestones",),
            usual="optimizer, [30, 60], 0.1",
        ),
        Entry(
            "ExponentialLR",
            "optimizer, gamma, last_epoch=-1",
            (Form("exp(gamma)"),),
            usual="optimizer, 0.95",
        ),
        Entry(
            "ConstantLR",
            "optimizer, factor=0.3333333333333333, total_iters=5, last_epoch=-1",
            (
                Form("hold(at=factor * base)", lambda a: a.total_iters == 0, "without steps it never leaves the factor"),
                Form("hold(total_iters, at=factor * base) then restart hold"),
            ),
            accepts=_whole("total_iters"),
            whole=("total_iters",),
            usual="optimizer, 0.5, 100",
        ),
        Entry(
            "LinearLR",
            "optimizer, start_factor=0.3333333333333333, end_factor=1.0, total_iters=5, last_epoch=-1",
            (
                Form("hold(at=start_factor * base)", lambda a: a.total_iters == 0, "without steps it never leaves the start"),
                Form("warmup(total_iters, from=start_factor * base)", lambda a: a.end_factor == 1 and a.start_factor < 1, ""),
                Form("linear(total_iters, to=end_factor * base, from=start_factor * base)"),
            ),
            accepts=_whole("total_iters"),
            whole=("total_iters",),
            usual="optimizer, 0.3, 1.0, 100",
        ),
        Entry(
            "PolynomialLR",
            "optimizer, total_iters=5, power=1.0, last_epoch=-1",
            (Form("hold", lambda a: a.total_iters == 0, "without steps it never leaves the base"), Form("poly(total_iters, power=power)")),
            accepts=_whole("total_iters"),
            whole=("total_iters",),
            usual="optimizer, 100, 1.0",
        ),
        Entry(
            "CosineAnnealingLR",
            "optimizer, T_max, eta_min=0.0, last_epoch=-1",
            (Form("bounce(cosine(T_max, to=eta_min))"),),
            note="it rises again past T_max; up to there, `cosine(T_max, to=eta_min)`",
            accepts=_whole("T_max"),
            usual="optimizer, 100, {0.001}",
        ),
        Entry(
            "CosineAnnealingWarmRestarts",
            "optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1",
            (Form("restarts(cosine(T_0, to=eta_min), stretch=T_mult)"),),
            accepts=_whole("T_0", "T_mult"),
            usual="optimizer, 100, 2, {0.001}",
        ),
        Entry(
            "LambdaLR",
            "optimizer, lr_lambda, last_epoch=-1",
            (Form(_scaled, shown="scale(f)"),),
            note="for a lambda that is an expression of its argument, t",
            usual="optimizer, lambda t: 0.95**t",
        ),
        Entry(
            "MultiplicativeLR",
            "optimizer, lr_lambda, last_epoch=-1",
            (Form(_multiplied, shown="cumprod(f)"),),
            note="for a lambda that is an expression, as above",
            usual="optimizer, lambda t: 0.95",
        ),
        Entry(
            "CyclicLR",
            "optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode='triangular', gamma=1.0, scale_fn=None, scale_mode='cycle',"
            " cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1",
            (
                Form(_cyclic, _cycles_momentum, beside={"momentum": _momentum_of_cycles}),
                Form(_cyclic, shown="cyclic(base_lr, max_lr, step_size_up, step_size_down, mode=mode, gamma=gamma)"),
            ),
            accepts=_goes_on,
            variants=tuple({"step_size_down": ..., "mode": mode, "cycle_momentum": False} for mode in ("triangular", "triangular2", "exp_range")),
            note="momentum is a target of its own; torch's is off by more than 1e-12 after 1,000 cycles, so that short ones are written as a `LambdaLR`",
            usual="optimizer, {0.001}, {0.1}, 20, 20, 'exp_range', 0.999, cycle_momentum=False",
        ),
        Entry(
            "OneCycleLR",
            "optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy='cos', cycle_momentum=True,"
            " base_momentum=0.85, max_momentum=0.95, div_factor=25.0, final_div_factor=10000.0, three_phase=False, last_epoch=-1",
            (
                Form(_one_cycle, _cycles_momentum, beside={"momentum": _momentum_of_one_cycle}),
                Form(
                    _one_cycle,
                    shown="onecycle(total_steps, peak=max_lr, div=div_factor, final_div=final_div_factor, pct=pct_start, anneal=anneal_strategy,"
                    " three_phase=three_phase)",
                ),
            ),
            variants=tuple(
                {"total_steps": ..., "anneal_strategy": kind, "cycle_momentum": False, "three_phase": three}
                for kind in ("cos", "linear")
                for three in (False, True)
            ),
            note="momentum is a target of its own; where pct_start * total_steps is 1, torch divides by 0, and the text begins at the peak;"
            " with three phases, pct_start is below 1/2",
            accepts=_whole("total_steps"),
            usual="optimizer, {0.1}, 100, cycle_momentum=False",
        ),
        Entry(
            "SequentialLR",
            "optimizer, schedulers, milestones, last_epoch=-1",
            (Form(lambda a: sequence(a.schedulers, a.milestones), shown="A for m then restart (B)"),),
            usual="optimizer, [ConstantLR(optimizer, 0.1, 10), ExponentialLR(optimizer, 0.95)], [10]",
        ),
        Entry(
            "ChainedScheduler",
            "schedulers, optimizer=None",
            (
                Form(lambda a: chain(a.schedulers), lambda a: len(a.schedulers) > 1 and has_cosine(a.schedulers), CHAIN_NOTE, shown="(A) * (B)"),
                Form(lambda a: chain(a.schedulers), shown="(A) * (B)"),
            ),
            usual="[LinearLR(optimizer, 0.1, 1.0, 5), ExponentialLR(optimizer, 0.95)]",
        ),
        Entry(
            "ReduceLROnPlateau",
            "optimizer, mode='min', factor=0.1, patience=10, threshold=0.0001, threshold_mode='rel', cooldown=0, min_lr=0, eps=1e-8",
            (
                Form(
                    "plateau(factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode, cooldown=cooldown, min=min_lr, eps=eps,"
                    " mode=mode)"
                ),
            ),
            variants=tuple({"mode": mode, "threshold_mode": kind} for mode in ("min", "max") for kind in ("rel", "abs")),
            note="`step(loss)` as there, `step(loss=...)` with `metric=loss`",
            accepts=_whole("patience", "cooldown"),
            usual="optimizer, 'min', 0.1, 10",
        ),
        Entry(
            "SWALR",
            "optimizer, swa_lr, anneal_epochs=10, anneal_strategy='cos', last_epoch=-1",
            (Form(_annealed, shown="cosine(anneal_epochs, to=swa_lr)"),),
            note="`linear` for anneal_strategy='linear'",
            accepts=_whole("anneal_epochs"),
            usual="optimizer, {0.001}, 100",
        ),
    ),
)

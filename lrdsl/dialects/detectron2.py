"""detectron2: `SOLVER` of its YAML.

How it is read (`detectron2/solver/build.py`, `build_lr_scheduler`; defaults in `config/defaults.py`): fvcore's schedulers over tick / MAX_ITER, under a
warmup from WARMUP_FACTOR times the rate to the rate that the schedule has at WARMUP_ITERS. STEPS above MAX_ITER are dropped. A file with `_BASE_` has the
rest of its keys there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from lrdsl.dialects.config import Key, Layout, Outcome, Settings, called, clock, number, text
from lrdsl.dialects.entry import Dialect, Kind, UnreadableError, value
from lrdsl.syntax import nodes
from lrdsl.syntax.nodes import Node

_DEFAULTS: Mapping[str, Any] = {
    "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
    "BASE_LR": 0.001,
    "BASE_LR_END": 0.0,
    "MAX_ITER": 40_000,
    "STEPS": [30_000],
    "GAMMA": 0.1,
    "WARMUP_FACTOR": 0.001,
    "WARMUP_ITERS": 1000,
    "WARMUP_METHOD": "linear",
    "NUM_DECAYS": 3,
    "POLY_LR_POWER": 0.9,
    "POLY_LR_CONSTANT_ENDING": 0.0,
}
_MOST_STEPS = 1000


def _get(s: Settings, name: str) -> Any:
    """The value of a key; its default where the file has all keys, a name where others have it."""
    if s.has(f"SOLVER.{name}"):
        return s.get(f"SOLVER.{name}")
    return s.open(name.lower()) if "_BASE_" in s.table else value(_DEFAULTS[name])


def _steps(s: Settings) -> Any:
    steps = _get(s, "STEPS")
    if isinstance(steps, str) and len(steps) < _MOST_STEPS:  # yacs reads "(60000, 80000)"
        try:
            steps = value(ast.literal_eval(steps.strip()))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            steps = None
    if not isinstance(steps, tuple):
        raise UnreadableError("`SOLVER.STEPS` are not in the file")
    return steps


def _read(s: Settings) -> Iterator[Outcome]:
    kind, method = _get(s, "LR_SCHEDULER_NAME"), _get(s, "WARMUP_METHOD")
    kind = "WarmupMultiStepLR" if not isinstance(kind, str) and (s.has("SOLVER.STEPS") or s.has("SOLVER.GAMMA")) else kind
    method = "linear" if not isinstance(method, str) else method
    if method not in ("linear", "constant"):
        raise UnreadableError("`WARMUP_METHOD` is linear or constant")
    warm, total = _get(s, "WARMUP_ITERS"), _get(s, "MAX_ITER")
    notes: list[str] = []
    if kind == "WarmupMultiStepLR":
        body, apart = _multistep(s, total, warm, notes)
    elif kind == "WarmupCosineLR":
        body, apart = text("cosine(n, to=e)", n=total, e=_get(s, "BASE_LR_END")), True
    elif kind == "WarmupPolyLR":
        body, apart = text("max(poly(n, power=p), c * base)", n=total, p=_get(s, "POLY_LR_POWER"), c=_get(s, "POLY_LR_CONSTANT_ENDING")), False
    elif kind == "WarmupStepWithFixedGammaLR":
        body, apart = called("fvcore.step_with_fixed_gamma", text("base"), _get(s, "NUM_DECAYS"), _get(s, "GAMMA"), total), True
    else:
        raise UnreadableError(f"`{kind if isinstance(kind, str) else 'LR_SCHEDULER_NAME'}` is no scheduler of detectron2 that lrdsl knows")
    assert isinstance(body, nodes.Call)
    w, n = number(warm), number(total)
    if w is not None and n is not None and w > n and kind != "WarmupPolyLR":
        warm = n  # the warmup is at most the run
    tree = body if w == 0 else _warmed(s, method, body, warm, total, apart)
    yield Outcome(kind, tree, {}, clock(tick="step", total_steps=number(total)), _get(s, "BASE_LR"), tuple(notes), s.find("SOLVER"))


def _multistep(s: Settings, total: Any, warm: Any, notes: list[str]) -> tuple[Node, bool]:
    """Drops, and whether one of them is in the warmup."""
    steps, length = _steps(s), number(total)
    kept = tuple(m for m in steps if length is None or (x := number(m)) is None or x <= length)
    if len(kept) < len(steps):
        notes.append("`SOLVER.STEPS` above `MAX_ITER` are dropped, as detectron2 does")
    inside = any((a := number(m)) is not None and (b := number(warm)) is not None and a <= b for m in kept)
    return text("multistep(steps, gamma)", steps=kept, gamma=_get(s, "GAMMA")), inside


def _warmed(s: Settings, method: str, body: nodes.Call, warm: Any, total: Any, apart: bool) -> Node:
    """A schedule after its warmup, which rises from a share of its first rate to the rate that it has then. It has run under it, or is made shorter."""
    factor = _get(s, "WARMUP_FACTOR")
    if s.get("SOLVER.RESCALE_INTERVAL") is True:
        up = "linear(w, from=f * base, to=1x)" if method == "linear" else "hold(w, at=f * base)"
        after = "" if number(warm) is not None and warm == number(total) else " then restart stretch(x for n, to=n - w)"
        return text(f"{up}{after}", w=warm, f=factor, x=body, n=total)
    if not apart and body.name != "multistep":  # WarmupPolyLR of its project DeepLab multiplies
        up = "warmup(w, from=f * base)" if method == "linear" else "(hold(w, at=f * base) then restart hold)"
        return text(f"x * {up}", w=warm, f=factor, x=body.arguments[0].value if number(_get(s, "POLY_LR_CONSTANT_ENDING")) == 0 else body)
    if not apart and method == "linear":
        steps, gamma = (a.value for a in body.arguments)
        return called("warmup_multistep", warm, steps, gamma=gamma, **{"from": text("f * base", f=factor)})
    up = "linear(w, from=f * base, to=(x at w))" if method == "linear" else "hold(w, at=f * base)"
    return text(f"{up} then restart skip(w, x)", w=warm, f=factor, x=body)


def _sure(table: Mapping[Any, Any]) -> bool:
    """Other systems have a SOLVER too: theirs has epochs, or a policy."""
    solver = table.get("SOLVER")
    if not isinstance(solver, Mapping) or any(str(key) in ("MAX_EPOCH", "MAX_EPOCHS", "LR_POLICY", "SCHED", "EPOCHS") for key in solver):
        return False
    return "MAX_ITER" in solver or str(solver.get("LR_SCHEDULER_NAME")).startswith("Warmup")


DIALECT = Dialect(
    "detectron2",
    "detectron2",
    counting="A tick is an iteration. Tick t has the share t / MAX_ITER, and t / WARMUP_ITERS in the warmup.",
    address="https://detectron2.readthedocs.io/en/latest/modules/config.html",
    kinds=(
        Kind("WarmupMultiStepLR", "warmup_multistep(WARMUP_ITERS, STEPS, GAMMA, from=WARMUP_FACTOR * base)"),
        Kind("WarmupCosineLR", "linear(w, from=WARMUP_FACTOR * base, to=(x at w)) then restart skip(w, x)"),
        Kind("WarmupStepWithFixedGammaLR", "fvcore.step_with_fixed_gamma(base, NUM_DECAYS, GAMMA, MAX_ITER)"),
        Kind("WarmupPolyLR", "poly(MAX_ITER, power=POLY_LR_POWER) * warmup(WARMUP_ITERS, from=WARMUP_FACTOR * base)"),
    ),
    layouts=(
        Layout(
            words=("SOLVER",),
            section="SOLVER",
            signs=(("SOLVER.BASE_LR",), ("SOLVER.STEPS",), ("SOLVER.MAX_ITER",)),
            sure=_sure,
            keys=(
                Key("SOLVER.LR_SCHEDULER_NAME", "scheduler"),
                Key("SOLVER.BASE_LR", "base"),
                Key("SOLVER.BASE_LR_END", "level"),
                Key("SOLVER.MAX_ITER", "length", "iteration"),
                Key(
                    "SOLVER.STEPS",
                    "decay",
                    "iteration",
                    ignored=lambda s: "a cosine has no steps" if s.get("SOLVER.LR_SCHEDULER_NAME") == "WarmupCosineLR" else "",
                ),
                Key("SOLVER.GAMMA", "factor", ignored=lambda s: "a cosine has no gamma" if s.get("SOLVER.LR_SCHEDULER_NAME") == "WarmupCosineLR" else ""),
                Key("SOLVER.WARMUP_ITERS", "warmup", "iteration"),
                Key("SOLVER.WARMUP_FACTOR", "factor"),
                Key("SOLVER.WARMUP_METHOD"),
                Key("SOLVER.NUM_DECAYS", "factor"),
                Key("SOLVER.RESCALE_INTERVAL"),
                Key("SOLVER.POLY_LR_POWER", "factor"),
                Key("SOLVER.POLY_LR_CONSTANT_ENDING", "level"),
                Key("SOLVER.IMS_PER_BATCH", "batch", "sample"),
            ),
            read=_read,
        ),
    ),
)

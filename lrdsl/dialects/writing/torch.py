"""Writes a schedule for torch: a `LambdaLR` over a generated function that uses only `math`."""

from __future__ import annotations

from lrdsl.diagnostics import shown
from lrdsl.dialects.writing.generated import helpers, program, refused, statements
from lrdsl.dialects.writing.request import Request, described
from lrdsl.dialects.writing.terms import Shared
from lrdsl.dialects.writing.vocabulary import PYTHON
from lrdsl.escaping.visible import encodable
from lrdsl.expr import BASE, ZERO, affine
from lrdsl.plan import pieces
from lrdsl.targets import Target
from lrdsl.targets.patterns import braces_of

_IMPORTS = ["import math", "from torch.optim.lr_scheduler import LambdaLR"]
_HEAD = [
    "def make_scheduler(optimizer, last_epoch=-1):",
    '    """Returns a scheduler. Call its `step()` after each step of the optimizer. To go on with a run, load its state."""',
]
_FACTOR = '''
def _factor(level, group):
    """Returns what LambdaLR multiplies the rate of a param group by, as a function of the step."""
    base = float(group.get("initial_lr", group["lr"]))
    if base == 0:
        raise ValueError("a param group has the rate 0, and LambdaLR multiplies it: give the group another rate")
    return lambda step: level(step{base}) / base
'''
_GROUPS = '''
def _fits(selectors, index, group):
    """Whether one of the selectors, which are indices and patterns of names, fits a param group."""
    name = str(group.get("name", ""))
    return any(selector == index if isinstance(selector, int) else fnmatchcase(name, selector) for selector in selectors)


def _levels(groups):
    """Returns the function of each param group: that of the last target which fits it."""
    levels = [None] * len(groups)
    for level, selectors in _TARGETS:
        fitting = [i for i, group in enumerate(groups) if not selectors or _fits(selectors, i, group)]
        if not fitting:
            raise ValueError(f"{selectors} fits no param group")
        for i in fitting:
            levels[i] = level
    return levels
'''


def write(request: Request) -> str:
    """Returns a program with a function `make_scheduler(optimizer)`, which returns a `LambdaLR`.

    The bases of the param groups are those that the optimizer has, unless a base is given.
    """
    _check(request)
    shared, targets = Shared(), request.functions
    several = request.target is None and any(target.groups for target in targets.values())
    if not several and request.base is None and all(map(_multiplies, targets.values())):
        (target,) = targets.values()
        factor = _function(request, "factor", target, shared, None)
        scheduler = [*_HEAD, "    return LambdaLR(optimizer, factor, last_epoch)"]
        return program("A scheduler for torch", request.schedule, _IMPORTS, [], *helpers(shared, PYTHON), factor, scheduler)
    functions = [_function(request, name, target, shared, request.base_name) for name, target in targets.items()]
    parts = [*helpers(shared, PYTHON), *functions, _lines(_FACTOR.replace("{base}", "" if request.base is not None else ", base"))]
    if not several:
        (name,) = targets
        scheduler = [
            *_HEAD,
            f"    factors = [_factor({name}, group) for group in optimizer.param_groups]",
            "    return LambdaLR(optimizer, factors, last_epoch)",
        ]
        return program("A scheduler for torch", request.schedule, _IMPORTS, request.constants, *parts, scheduler)
    # A target with a selector wins over one without; among equals, the later one wins.
    order = sorted(targets, key=lambda name: bool(targets[name].groups))
    table = ["_TARGETS = [", *(f"    ({name}, {_selectors(targets[name])}),  # {encodable(shown(targets[name].name, 100))}" for name in order), "]"]
    scheduler = [
        *_HEAD,
        "    groups = optimizer.param_groups",
        "    factors = [_factor(level, group) if level else lambda step: 1.0 for level, group in zip(_levels(groups), groups)]",
        "    return LambdaLR(optimizer, factors, last_epoch)",
    ]
    imports = [_IMPORTS[0], "from fnmatch import fnmatchcase", *_IMPORTS[1:]]
    return program("A scheduler for torch", request.schedule, imports, request.constants, *parts, table, _lines(_GROUPS), scheduler)


def _function(request: Request, name: str, target: Target, shared: Shared, base: str | None) -> list[str]:
    """Returns a function of the step: the level of a target, or, without a base, what the rate is multiplied by."""
    code = statements(request.schedule, target, "torch", PYTHON, base, shared)
    what = f"{described(target)} at a step" if base is not None else "what the rate of each param group is multiplied by at a step"
    parameters = "step, base" if base == "base" else "step"
    return [f"def {name}({parameters}):", f'    """Returns {what}."""', "    t = max(step, 0)", *code]


def _check(request: Request) -> None:
    """Raises `ScheduleError` for targets that a `LambdaLR` does not set."""
    for target in request.functions.values():
        extent = target.plan.phases[0].extent[0], target.plan.phases[-1].extent[1]
        if target.quantity != "lr":
            help = 'write the rate alone with `target="lr"`, and the others to Python, or run all of it with `lrdsl.compile(text, optimizer)`'
            raise refused(f"a LambdaLR sets `lr`, and not `{shown(target.name)}`", help, request.schedule, extent)
        if request.target is None and any(next(braces_of(pattern), None) is not None for pattern in target.groups if isinstance(pattern, str)):
            help = "name one of its groups as the target, or run all of it with `lrdsl.compile(text, optimizer)`"
            raise refused(f"`{shown(target.written)}` has a schedule for each number in a group's name", help, request.schedule, extent)


def _multiplies(target: Target) -> bool:
    """Returns whether the levels of a target are multiples of the base, whatever that is."""
    parts = [affine(piece.level, BASE) for piece in pieces(target.plan.level)]
    return all(part is not None and part[0] == ZERO for part in parts)


def _selectors(target: Target) -> str:
    """Returns the selectors of a target as a tuple."""
    return f"({''.join(f'{selector!a}, ' for selector in target.groups).strip()})"


def _lines(source: str) -> list[str]:
    return source.strip("\n").split("\n")

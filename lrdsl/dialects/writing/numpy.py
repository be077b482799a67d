"""Writes NumPy: a function of a step, or of an array of steps, for each target."""

from __future__ import annotations

from lrdsl.dialects.writing.generated import helpers, program, statements
from lrdsl.dialects.writing.request import Request, described
from lrdsl.dialects.writing.terms import Shared
from lrdsl.dialects.writing.vocabulary import NUMPY
from lrdsl.expr import WIDE


def write(request: Request) -> str:
    """Returns a program with a function `lr(step)`; `lr(step, base=1.0)` where no base is given. Other targets have functions of their names."""
    shared = Shared()
    functions = [_function(request, name, shared) for name in request.functions]
    return program("A schedule as a function of steps", request.schedule, ["import numpy as np"], request.constants, *helpers(shared, NUMPY), *functions)


def _function(request: Request, name: str, shared: Shared) -> list[str]:
    target = request.functions[name]
    code = statements(request.schedule, target, "NumPy", NUMPY, request.base_name, shared)
    doc = f'    """Returns {described(target)} at a step, or at an array of steps. Steps are counted from 0."""'
    head = [f"def {name}({request.parameters('step')}):", doc, "    t = np.maximum(np.asarray(step, dtype=float), 0)"]
    infinite = target.plan.level.holds & WIDE  # which is meant
    return [*(['@np.errstate(all="ignore")'] if infinite else []), *head, *code]

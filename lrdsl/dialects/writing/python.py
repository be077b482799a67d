"""Writes Python: a function of the step for each target, which uses only `math`."""

from __future__ import annotations

from lrdsl.dialects.writing.generated import helpers, program, statements
from lrdsl.dialects.writing.request import Request, described
from lrdsl.dialects.writing.terms import Shared
from lrdsl.dialects.writing.vocabulary import PYTHON


def write(request: Request) -> str:
    """Returns a program with a function `lr(step)`; `lr(step, base=1.0)` where no base is given. Other targets have functions of their names."""
    shared = Shared()
    functions = [function(request, name, shared) for name in request.functions]
    return program("A schedule as a function of the step", request.schedule, ["import math"], request.constants, *helpers(shared, PYTHON), *functions)


def function(request: Request, name: str, shared: Shared) -> list[str]:
    """Returns the function of a target, by its name."""
    target = request.functions[name]
    code = statements(request.schedule, target, "Python", PYTHON, request.base_name, shared)
    doc = f'    """Returns {described(target)} at a step. Steps are counted from 0."""'
    return [f"def {name}({request.parameters('step')}):", doc, "    t = max(step, 0)", *code]

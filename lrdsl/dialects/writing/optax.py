"""Writes a schedule for optax: a function of the count over `jax.numpy`."""

from __future__ import annotations

from lrdsl.dialects.writing.generated import helpers, program, statements
from lrdsl.dialects.writing.request import Request, described
from lrdsl.dialects.writing.terms import Shared
from lrdsl.dialects.writing.vocabulary import JAX


def write(request: Request) -> str:
    """Returns a program with a function `schedule(count)`; `schedule(count, base=1.0)` where no base is given."""
    shared, target = Shared(), request.main
    code = statements(request.schedule, target, "optax", JAX, request.base_name, shared)
    doc = f'    """Returns {described(target)} at a count of updates, which starts from 0."""'
    function = [f"def schedule({request.parameters('count')}):", doc, "    t = jnp.maximum(jnp.asarray(count, int), 0)", *code]
    imports = ["import jax.numpy as jnp", "import numpy as np"]
    return program("A schedule for optax", request.schedule, imports, request.constants, *helpers(shared, JAX), function)

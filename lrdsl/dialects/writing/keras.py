"""Writes a schedule for Keras: a `LearningRateSchedule`, for any backend of Keras 3."""

from __future__ import annotations

from hashlib import sha256

from lrdsl.dialects.writing.generated import helpers, program, statements
from lrdsl.dialects.writing.request import Request, described
from lrdsl.dialects.writing.terms import Shared
from lrdsl.dialects.writing.vocabulary import KERAS

_BACKEND = '''
def _backend():
    """Returns the functions of arrays of the backend, since some of `keras.ops` give single precision of doubles, and its widest floats."""
    name = keras.backend.backend()
    if name == "jax":
        import jax.numpy as jnp

        return jnp, jnp.where, str(jnp.asarray(0.0).dtype)
    if name == "tensorflow":
        import tensorflow as tf

        return tf.math, tf.where, "float64"
    if name != "torch":
        import numpy as np

        return np, np.where, "float64"
    import torch

    try:
        return torch, torch.where, str(ops.cast(0, "float64").dtype).removeprefix("torch.")
    except TypeError:  # Apple's GPUs have no doubles
        return torch, torch.where, "float32"


_arrays, _where, _FLOAT = _backend()


def _real(x):
    """Returns numbers as floats."""
    return ops.cast(x, _FLOAT)
'''
#: The helpers that the words for Keras name.
_HELPERS = {
    "_maximum": '''
def _maximum(a, b):
    """Returns the larger one of two numbers."""
    return _where(a > b, a, b)
''',
    "_minimum": '''
def _minimum(a, b):
    """Returns the smaller one of two numbers."""
    return _where(a < b, a, b)
''',
}


def write(request: Request) -> str:
    """Returns a program with a class `Schedule`, which takes the base where none is given, and an instance `schedule`."""
    shared, target = Shared(), request.main
    code = statements(request.schedule, target, "Keras", KERAS, request.base_name, shared, " " * 8)
    parts = helpers(shared, KERAS)
    extremes = [_HELPERS[name].strip("\n").split("\n") for name in _HELPERS if name in shared.helpers]
    own = [f"    def __init__(self, base={request.default_base}):", "        self.base = base", ""] if request.base is None else []
    base = ["        base = self.base"] * (request.base is None and any("base" in line for line in code))
    config = "{}" if request.base is not None else '{"base": self.base}'
    last = len(code) - next(i for i, line in enumerate(reversed(code)) if line.startswith("        return ")) - 1
    code[last] = code[last].replace("return ", "level = ", 1)
    # A model that is saved names its schedule by the package: two exported schedules must not have one name.
    meaning = repr((str(request.schedule), request.schedule.clock, request.schedule.names, target.name, request.base))
    package = f"schedule_{sha256(meaning.encode(errors='replace')).hexdigest()[:12]}"
    schedule = [
        f'@keras.saving.register_keras_serializable(package="{package}")',
        "class Schedule(keras.optimizers.schedules.LearningRateSchedule):",
        f'    """{described(target)} as a function of the step. Steps are counted from 0."""',
        "",
        *own,
        "    def __call__(self, step):",
        '        t = ops.maximum(ops.cast(step, "int32"), 0)',
        *base,
        *code,
        "        return ops.cast(level, keras.config.floatx())",
        "",
        "    def get_config(self):",
        f"        return {config}",
    ]
    imports = ["import math", "import keras", "import numpy as np", "from keras import ops"]
    floats = _BACKEND.strip("\n").split("\n")
    return program("A schedule for Keras", request.schedule, imports, request.constants, floats, *extremes, *parts, schedule, ["schedule = Schedule()"])

"""How the tests run: what hypothesis draws, and which tests are quick.

Hypothesis runs without a clock, since a busy machine is no failure. In CI it draws the same examples each time, so that a red run is about the change.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.drawing import TIMES

CI = bool(os.environ.get("CI"))
quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("explore", deadline=None, suppress_health_check=quiet, max_examples=100 * TIMES)
settings.register_profile("ci", settings.get_profile("explore"), derandomize=True)
settings.load_profile("ci" if CI else "explore")
if CI:
    # Hypothesis also draws numbers and texts that it reads in the sources of the modules of ours that are loaded by then: other ones in each run of other tests.
    # In CI it draws none of them. `tests/test_drawing.py` holds it to that.
    providers._get_local_constants = lambda: providers._local_constants
#: Keras has no default backend here.
os.environ.setdefault("KERAS_BACKEND", "torch")

"""Settings of all tests. Hypothesis has no time limits, since a busy machine is not a failure; in CI it draws the same examples each time."""

import os

from hypothesis import HealthCheck, settings

quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("explore", deadline=None, suppress_health_check=quiet)
settings.register_profile("ci", deadline=None, suppress_health_check=quiet, derandomize=True)
#: Keras needs a backend, and its default, TensorFlow, is not installed.
os.environ.setdefault("KERAS_BACKEND", "torch")
settings.load_profile("ci" if os.environ.get("CI") else "explore")

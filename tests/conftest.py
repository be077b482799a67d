"""How the tests run: hypothesis without a clock, since a busy machine is no failure; in CI with the same examples each time, so that a red run is about the change."""

import os

from hypothesis import HealthCheck, settings

quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("explore", deadline=None, suppress_health_check=quiet)
settings.register_profile("ci", deadline=None, suppress_health_check=quiet, derandomize=True)
#: Keras has no default backend here.
os.environ.setdefault("KERAS_BACKEND", "torch")
settings.load_profile("ci" if os.environ.get("CI") else "explore")

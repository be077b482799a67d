"""How the tests run: hypothesis without a clock, since a busy machine is no failure."""

from hypothesis import HealthCheck, settings

settings.register_profile("lrdsl", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large])
settings.load_profile("lrdsl")

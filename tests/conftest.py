"""Fixtures that every test may use."""

import os

from hypothesis import HealthCheck, settings

# `make test` runs the short, seeded profile; `make soak` the long one
settings.register_profile("short", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

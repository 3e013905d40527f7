"""What every test may use."""

import os

import pytest
from hypothesis import HealthCheck, settings

# under `make test` these would make every make that a test starts a part of that one, with its own say in the output
for variable in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"):
    os.environ.pop(variable, None)

# A generated project's own suite is one test here and takes six minutes of two cores; what takes four times that hangs.
PATIENCE_SECONDS = 2000
SOAK_SECONDS = 6 * 3600
APART = 40
"""How many tests are between two long ones. pytest-xdist gives a worker up to three tests that no other takes from it,
and two of the long ones in a row would be the last thing that runs, with nothing beside it."""

# `make test` runs the short, seeded profile; `make soak` the long one
settings.register_profile("short", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--soak`, which runs what is too long for every day."""
    parser.addoption("--soak", action="store_true", help="also run the tests that are marked soak")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long runs out, unless they were asked for; and end what waits for something that never comes."""
    soak = config.getoption("--soak")
    for item in items:
        item.add_marker(pytest.mark.timeout(SOAK_SECONDS if soak else PATIENCE_SECONDS))
        if soak:
            continue
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="a long run: `make soak`"))
    _begin_with_the_long_ones(items)


def _begin_with_the_long_ones(items: list[pytest.Item]) -> None:
    long = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in long]
    for number, item in enumerate(long):
        items.insert(number * APART, item)

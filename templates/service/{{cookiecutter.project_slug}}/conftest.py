"""Shared fixtures for the tests in ``tests/`` and for those beside the features in ``src/``."""

import pytest

from tests.scale import PATIENCE_SECONDS

pytest_plugins = ("tests.fixtures",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End a test that waits for something that never comes, and show where each of its threads stands."""
    for item in items:
        item.add_marker(pytest.mark.timeout(PATIENCE_SECONDS))

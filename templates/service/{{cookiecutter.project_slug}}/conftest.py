"""Shared fixtures for the tests in ``tests/`` and for those beside the features in ``src/``."""

pytest_plugins = ("tests.fixtures",)

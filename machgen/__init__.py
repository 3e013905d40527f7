"""machgen renders cookiecutter templates into headless, API-first, cloud-native services."""

__version__ = "0.1.0"

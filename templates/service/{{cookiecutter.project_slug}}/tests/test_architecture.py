"""The rules between the parts, as pyproject.toml lists them under ``tool.importlinter``."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_imports_keep_the_architecture() -> None:
    """The domain never imports transport, the chassis knows no domain."""
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS

"""The contract, judged by the specification's validator and by the two linters that its own CI runs."""

from pathlib import Path

from tests.templates.validators.conftest import Run


def test_contract_is_valid_openapi(project: Path, run: Run) -> None:
    """The document is what OpenAPI 3.1 and JSON Schema say it is."""
    run("openapi-spec-validator", "--schema", "3.1", "contract/openapi.yaml", cwd=project)


def test_contract_passes_redocly(project: Path, run: Run) -> None:
    """No problem under the repository's own configuration, which raises warnings to errors."""
    run("redocly", "lint", "contract/openapi.yaml", cwd=project)


def test_contract_passes_spectral(project: Path, run: Run) -> None:
    """No result of any severity, hints included."""
    run("spectral", "lint", "--fail-severity=hint", "contract/openapi.yaml", cwd=project)

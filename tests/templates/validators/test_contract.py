"""The contract, judged by the specification's validator and by the two linters that its own CI runs."""

from pathlib import Path

from tests.templates.validators.conftest import PLACES, Run


def test_contract_is_valid_openapi(project: Path, run: Run) -> None:
    """The document is what OpenAPI 3.1 and JSON Schema say it is."""
    run("openapi-spec-validator", "--schema", "3.1", "contract/openapi.yaml", cwd=project)


def test_contract_passes_redocly(project: Path, run: Run) -> None:
    """No problem under the repository's own configuration, which raises warnings to errors."""
    run("redocly", "lint", "contract/openapi.yaml", cwd=project)


def test_contract_passes_spectral(project: Path, run: Run) -> None:
    """No result of any severity, hints included."""
    run("spectral", "lint", "--fail-severity=hint", "contract/openapi.yaml", cwd=project)


def test_events_are_what_asyncapi_says(project: Path, run: Run, tmp_path: Path) -> None:
    """The reference parser reads every message of the events' contract, without an error or a warning."""
    judge = tmp_path / "events.mjs"
    judge.write_text(Path(__file__).with_name(judge.name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(PLACES[1].parent)

    said = run("node", judge, cwd=tmp_path, stdin=(project / "contract" / "asyncapi.yaml").read_text(encoding="utf-8"))

    assert int(said) > 0

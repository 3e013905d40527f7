"""compose.yaml: valid, hardened, and the migration before the service."""

from pathlib import Path

import yaml

from tests.templates.validators.conftest import Run


def test_compose_file_matches_its_schema(project: Path, run: Run) -> None:
    """What the Compose specification says about the format holds."""
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml", cwd=project)


def test_every_service_is_hardened_as_in_the_cluster(project: Path) -> None:
    """Read-only root, no capabilities, no new privileges: what runs on a desk runs in production."""
    services = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))["services"]

    assert set(services) >= {"api", "migrate", "db"}
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"] not in ("root", "0", "0:0")


def test_service_starts_after_migration_and_migration_after_database(project: Path) -> None:
    """No start-up race: every step waits until the one before it has really finished."""
    services = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))["services"]

    assert services["api"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["python", "-m", "chassis", "migrate"]


def test_no_password_is_written_down(project: Path) -> None:
    """The password comes from the environment, and the database is reachable from the service's network only."""
    compose = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))

    assert compose["services"]["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert compose["services"]["db"]["networks"] == ["back"]
    assert compose["networks"]["back"] == {"internal": True}
    assert "ports" not in compose["services"]["db"]

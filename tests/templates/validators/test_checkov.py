"""checkov: some two hundred hardening checks over everything that is deployed. Slow, so behind ``make soak``."""

import json
import shutil
from pathlib import Path

import pytest

from tests.templates.validators.conftest import PLACES, Run

pytestmark = pytest.mark.soak

FRAMEWORKS = ("kubernetes", "dockerfile", "github_actions", "gitlab_ci", "openapi", "secrets")


def test_deployment_passes_every_check_that_is_not_explained(project: Path, run: Run, tmp_path: Path) -> None:
    """The only exceptions stand in .checkov.yaml, each with its reason; the rendered overlays are judged too."""
    if not (PLACES[-1] / "checkov").exists():
        pytest.skip("checkov is not installed: `make soak` does it")  # in CI too: there the quick suite runs without it
    tree = tmp_path / "project"
    shutil.copytree(project, tree)
    for overlay in ("dev", "staging", "prod"):
        rendered = run("kubectl", "kustomize", f"deploy/kustomize/overlays/{overlay}", cwd=project)
        (tree / f"{overlay}.yaml").write_text(rendered, encoding="utf-8")

    said = run(
        "checkov", "--directory=.", "--config-file=.checkov.yaml", "--skip-download", "--soft-fail", "--output=json",
        "--framework", *FRAMEWORKS, cwd=tree,
    )  # fmt: skip

    reports = {report["check_type"]: report for report in json.loads(said)}
    failed = [
        f"{check['check_id']} {check['check_name']}: {check['file_path']} {check['resource']}"
        for report in reports.values()
        for check in report["results"]["failed_checks"]
    ]
    assert failed == []
    assert [report["results"]["parsing_errors"] for report in reports.values()] == [[]] * len(reports)
    assert reports["kubernetes"]["summary"]["passed"] > 200
    assert reports["dockerfile"]["summary"]["passed"] > 5

"""The action, the GitLab job and the hooks that this repository offers, judged by their own linters and schemas."""

import re
from pathlib import Path

import pytest
import yaml

from machgen import __version__
from tests.templates.validators.conftest import ROOT, Run

GITLAB = "ci/machgen-check.gitlab-ci.yml"


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.gitlab-ci", GITLAB),
    ],
)
def test_files_match_their_schema(run: Run, schema: str, name: str) -> None:
    """What GitHub and GitLab publish about the formats holds."""
    transform = ["--data-transform=gitlab-ci"] if name == GITLAB else []

    run("check-jsonschema", "--builtin-schema", schema, *transform, name, cwd=ROOT)


def test_the_action_passes_zizmor(run: Run) -> None:
    """No input becomes shell, no action is unpinned."""
    run("zizmor", "--offline", "--persona=pedantic", "--no-progress", "action.yml", cwd=ROOT)


def test_a_workflow_that_uses_the_action_passes_actionlint(run: Run, tmp_path: Path) -> None:
    """actionlint reads a local action's inputs: those of the how-to exist, and the required ones are given."""
    page = (ROOT / "docs" / "how-to" / "check-in-github-actions.md").read_text(encoding="utf-8")
    workflow = page.split("```yaml\n")[1].split("```")[0]
    here = tmp_path / ".github" / "workflows" / "check.yml"
    here.parent.mkdir(parents=True)
    (tmp_path / "machgen").mkdir()
    (tmp_path / "machgen" / "action.yml").write_text((ROOT / "action.yml").read_text(encoding="utf-8"))
    local = workflow.replace("uses: acme/machgen@v0.1.0", "uses: ./machgen")
    here.write_text(local)
    (tmp_path / ".git").mkdir()

    assert "uses: ./machgen" in local
    assert run("actionlint", "-oneline", here, cwd=tmp_path) == ""


def test_the_shell_passes_shellcheck(run: Run) -> None:
    """Every line that the action and the job run."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    for step in action["runs"]["steps"]:
        if "run" in step:
            run("shellcheck", "--shell=bash", "-", cwd=ROOT, stdin=f"{step['run']}\n")
    job = yaml.safe_load((ROOT / GITLAB).read_text(encoding="utf-8"))["machgen-check"]
    run("shellcheck", "--shell=sh", "--exclude=SC2086", "-", cwd=ROOT, stdin="\n".join(job["script"]) + "\n")


@pytest.mark.parametrize("name", ["ci.yml", ".gitlab-ci.yml"])
def test_generated_pipelines_pin_this_machgen(name: str) -> None:
    """The version that made the project, exactly; see docs/decisions/0005."""
    template = ROOT / "templates" / "service"
    text = next(path for path in template.rglob("*.yml*") if name in path.name).read_text(encoding="utf-8")

    assert [f"machgen=={__version__}"] == re.findall(r"^  MACHGEN: (.*)$", text, re.MULTILINE)

"""Pipelines and update bots, judged by their own linters and published schemas."""

import re
from pathlib import Path

import pytest
import yaml

from tests.templates.conftest import Bake
from tests.templates.validators.conftest import Run


@pytest.fixture(scope="module")
def github(baked: Bake) -> Path:
    return baked({"ci": "github"})


@pytest.fixture(scope="module")
def gitlab(baked: Bake) -> Path:
    return baked({"ci": "gitlab"})


def test_one_choice_of_pipeline_leaves_nothing_of_the_other(github: Path, gitlab: Path) -> None:
    """Whoever reads the repository sees one pipeline and one update bot."""
    ci = {".github/workflows/ci.yml", ".github/workflows/release.yml", ".github/dependabot.yml"}
    other = {".gitlab-ci.yml", "renovate.json"}

    assert (ci, other) == (_present(github, ci | other), _present(gitlab, ci | other))


def _present(project: Path, names: set[str]) -> set[str]:
    return {name for name in names if (project / name).is_file()}


def test_workflows_pass_actionlint_and_shellcheck(github: Path, run: Run) -> None:
    """Every expression, runner label, input of an action and line of shell is right."""
    workflows = sorted((github / ".github" / "workflows").iterdir())

    assert [path.name for path in workflows] == ["ci.yml", "release.yml"]
    assert run("actionlint", "-oneline", *workflows, cwd=github) == ""


def test_actionlint_runs_shellcheck(run: Run, tmp_path: Path) -> None:
    """The shell inside of workflows is judged too: actionlint leaves that out silently when it finds no shellcheck."""
    workflow = tmp_path / "ci.yml"
    workflow.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo $HOME\n", encoding="utf-8"
    )

    with pytest.raises(pytest.fail.Exception, match="SC2086"):
        run("actionlint", "-oneline", workflow, cwd=tmp_path)


def test_workflows_and_update_bot_pass_zizmor(github: Path, run: Run) -> None:
    """No injection, no left-behind credential, no broad permission, no unpinned action, no uncooled update.

    The pedantic persona, with one audit off: images of services are pinned by version, and a digest is for
    the update bot to find, never for a template to make up.
    """
    ignore = github.parent / "zizmor.yml"
    ignore.write_text("rules:\n  unpinned-images:\n    disable: true\n", encoding="utf-8")

    run("zizmor", "--offline", "--persona=pedantic", "--no-progress", f"--config={ignore}", ".github", cwd=github)


def test_actions_are_pinned_by_commit_with_the_version_beside(github: Path) -> None:
    """A tag can be moved, a commit cannot; the version in the comment is for people and for the update bot."""
    for workflow in (github / ".github" / "workflows").iterdir():
        uses = re.findall(r"uses: (.+)", workflow.read_text(encoding="utf-8"))

        assert uses
        assert [
            line for line in uses if not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
        ] == []


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
        ("vendor.github-workflows", ".github/workflows/release.yml"),
        ("vendor.dependabot", ".github/dependabot.yml"),
    ],
)
def test_github_files_match_their_schema(github: Path, run: Run, schema: str, name: str) -> None:
    """What GitHub publishes about the format holds."""
    run("check-jsonschema", "--builtin-schema", schema, name, cwd=github)


@pytest.mark.parametrize(
    ("schema", "name"), [("vendor.gitlab-ci", ".gitlab-ci.yml"), ("vendor.renovate", "renovate.json")]
)
def test_gitlab_files_match_their_schema(gitlab: Path, run: Run, schema: str, name: str) -> None:
    """What GitLab and Renovate publish about the format holds."""
    transform = ["--data-transform=gitlab-ci"] if name == ".gitlab-ci.yml" else []

    run("check-jsonschema", "--builtin-schema", schema, *transform, name, cwd=gitlab)


def test_gitlab_scripts_pass_shellcheck(gitlab: Path, run: Run) -> None:
    """Nobody else reads the shell of a GitLab pipeline before it runs."""
    jobs = yaml.safe_load((gitlab / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    scripts = {name: job["script"] for name, job in jobs.items() if isinstance(job, dict) and "script" in job}

    assert {"lint", "types", "standard", "test:sqlite", "test:postgresql", "contract:diff", "build", "release"} <= set(
        scripts
    )
    for lines in scripts.values():
        run("shellcheck", "--shell=sh", "-", cwd=gitlab, stdin="\n".join(lines) + "\n")


def test_every_target_that_a_pipeline_makes_exists(project: Path) -> None:
    """A pipeline calls the commands that the README teaches, so both keep working together."""
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    pipelines = [
        project / ".pre-commit-config.yaml",
        *project.glob(".github/workflows/ci.yml"),
        *project.glob(".gitlab-ci.yml"),
    ]
    called = {name for path in pipelines for name in re.findall(r"\bmake ([a-z-]+)", path.read_text(encoding="utf-8"))}

    assert len(pipelines) == 2
    assert called - targets == set()
    assert {"lint", "types", "test", "contract"} <= called

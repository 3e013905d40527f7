"""The image's description and what may enter its build."""

import re
from pathlib import Path

from tests.templates.validators.conftest import Run


def test_dockerfile_passes_hadolint(project: Path, run: Run) -> None:
    """Every rule, down to the style ones, without a suppression."""
    assert run("hadolint", "--failure-threshold=style", "Dockerfile", cwd=project) == ""


def test_shell_scripts_pass_shellcheck(project: Path, run: Run) -> None:
    """The smoke test runs in a plain POSIX shell."""
    assert run("shellcheck", "deploy/smoke-test.sh", cwd=project) == ""


def test_build_needs_no_frontend_from_a_registry(project: Path) -> None:
    """A ``# syntax=`` line would have BuildKit pull an image before it reads the first instruction."""
    assert "syntax=" not in (project / "Dockerfile").read_text(encoding="utf-8")


def test_one_argument_names_the_base_image_of_every_stage(project: Path) -> None:
    """Who pins a digest pins it once, for the stage that builds and for the one that runs.

    The exact version stands in a ``FROM`` line: Dependabot reads no other, so a version in the argument would never be
    renewed.
    """
    lines = (project / "Dockerfile").read_text(encoding="utf-8").splitlines()
    official, *stages = [line for line in lines if line.startswith("FROM ")]

    assert re.fullmatch(r"FROM python:3\.13\.\d+-slim-trixie AS official", official)
    assert [line for line in lines if line.startswith("ARG PYTHON_IMAGE")] == ["ARG PYTHON_IMAGE=official"]
    assert stages == ["FROM ${PYTHON_IMAGE} AS build", "FROM ${PYTHON_IMAGE}"]


def test_only_what_the_image_needs_enters_the_build(project: Path) -> None:
    """The ignore file starts with everything, so a secret or ``.git`` cannot slip in."""
    lines = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]

    assert rules[0] == "*"
    copied = {"pyproject.toml", "migrations", "src", "requirements/runtime.txt"}
    assert copied <= {rule[1:] for rule in rules if rule.startswith("!")}

"""machgen check where others run it: the GitHub Action, the GitLab job and the pre-commit hook, run for real."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from machgen import __version__

REPOSITORY = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("install")

CART = {
    "requirements.txt": "fastapi==0.130.0\n",
    "Dockerfile": "FROM python:latest\nUSER 10001\n",
}


def steps() -> dict[str, dict[str, Any]]:
    """The action's steps, by name."""
    document = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    return {step["name"]: step for step in document["runs"]["steps"]}


@pytest.fixture
def cart(tmp_path: Path) -> Path:
    """A repository with findings."""
    directory = tmp_path / "cart"
    directory.mkdir()
    for name, text in CART.items():
        (directory / name).write_text(text)
    return directory


def runner(tmp_path: Path) -> dict[str, str]:
    """What a runner of GitHub's sets."""
    files = {"GITHUB_OUTPUT": tmp_path / "output", "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    (tmp_path / "temp").mkdir(exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}},
        **{name: str(path) for name, path in files.items()},
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_ACTION_PATH": str(REPOSITORY),
    }


def step(name: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one of the action's steps as a runner does: `bash -eo pipefail`."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[name]["run"]]
    return subprocess.run(command, cwd=cwd, env=dict(env), capture_output=True, text=True, check=False, timeout=300)


def given(**inputs: str) -> dict[str, str]:
    """The environment of the step that checks, with the defaults of the inputs."""
    document = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))["inputs"]
    names = re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", "".join(steps()["Check"]["env"].values()))
    values = {name: inputs.get(name.replace("-", "_"), document[name]["default"]) for name in names}
    return {name.upper().replace("-", "_"): value for name, value in values.items()}


@pytest.fixture
def prepared(tmp_path: Path) -> dict[str, str]:
    """A runner on which the action's Python is there already: this one."""
    env = runner(tmp_path)
    python = Path(env["RUNNER_TEMP"], "machgen", "bin", "python")
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return env


def test_the_action_installs_what_it_needs_and_finds(tmp_path: Path, cart: Path) -> None:
    """By its own lock, with hashes; then findings reach code scanning, the summary, the lines, and the outcome."""
    env = runner(tmp_path)
    installed = step("Install what machgen check needs", cart, {**env, "PYTHON": sys.executable})
    done = step("Check", cart, {**env, **given(select="C002,C003")})
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())

    assert (0, 0) == (installed.returncode, done.returncode), installed.stderr + done.stderr
    assert "failed" == outputs["outcome"]
    assert ["C002"] == [each["ruleId"] for each in json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]]
    assert (tmp_path / "summary").read_text().startswith("## machgen check\n\n1 error\n")
    assert done.stdout.startswith("::error file=Dockerfile,line=1,col=1,title=C002 ")
    assert 1 == step("Tell the outcome", cart, {**env, "OUTCOME": outputs["outcome"]}).returncode


@pytest.mark.parametrize(
    ("inputs", "outcome"),
    [
        ({"select": "C003"}, "passed"),
        ({"select": "C002", "fail_on": "never"}, "passed"),
        ({"select": "M003", "fail_on": "error"}, "passed"),
        ({"select": "C002", "profile": "starter"}, "failed"),
    ],
)
def test_the_action_tells_the_outcome(
    inputs: dict[str, str], outcome: str, tmp_path: Path, cart: Path, prepared: dict[str, str]
) -> None:
    """As `fail-on` asks for."""
    done = step("Check", cart, {**prepared, **given(**inputs)})

    assert 0 == done.returncode, done.stderr
    assert f"outcome={outcome}" in (tmp_path / "output").read_text().splitlines()
    assert (0 if outcome == "passed" else 1) == step(
        "Tell the outcome", cart, {**prepared, "OUTCOME": outcome}
    ).returncode


@pytest.mark.parametrize(
    "inputs",
    [
        {"select": "C02"},
        {"profile": "nobody"},
        {"baseline": "missing.json"},
        {"rules": "$(touch ran)"},
        {"base": "--x"},
    ],
)
def test_the_action_fails_on_a_wrong_input(
    inputs: dict[str, str], tmp_path: Path, cart: Path, prepared: dict[str, str]
) -> None:
    """With machgen's message; an input is a value and never shell."""
    done = step("Check", cart, {**prepared, **given(**inputs)})

    assert 2 == done.returncode
    assert done.stderr.startswith("error: ")
    assert not (cart / "ran").exists()


def test_the_action_imports_nothing_from_what_it_checks(cart: Path, prepared: dict[str, str]) -> None:
    """Although the checkout is the current directory."""
    for name in ("yaml", "click", "machgen", "json"):
        (cart / f"{name}.py").write_text("raise SystemExit('ran')\n")
    done = step("Check", cart, {**prepared, **given(select="C003")})

    assert (0, "") == (done.returncode, done.stderr)


def test_the_gitlab_job_leaves_both_reports(tmp_path: Path, cart: Path) -> None:
    """Its script for real, with this machgen where it would be installed."""
    job = yaml.safe_load((REPOSITORY / "ci" / "machgen-check.gitlab-ci.yml").read_text())["machgen-check"]
    there = tmp_path / "installed"
    (there / "bin").mkdir(parents=True)
    (there / "bin" / "machgen").write_text(
        f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -P -m machgen "$@"\n'
    )
    (there / "bin" / "machgen").chmod(0o755)
    script = "\n".join(line.replace("/tmp/machgen", str(there)) for line in job["script"][2:])
    variables = {**job["variables"], "MACHGEN_OPTIONS": "--select C002 --profile reference"}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=cart,
        env={**os.environ, **variables},
        capture_output=True,
        check=False,
    )

    assert 1 == done.returncode, done.stderr
    assert job["variables"]["MACHGEN"] == f"machgen=={__version__}"
    assert list(job["artifacts"]["reports"].values()) == sorted(path.name for path in cart.glob("machgen.*"))
    assert [("machgen/C002", "Dockerfile", 1)] == [
        (each["check_name"], each["location"]["path"], each["location"]["lines"]["begin"])
        for each in json.loads((cart / "machgen.codequality.json").read_text())
    ]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, committed as it is, as pre-commit clones it."""
    directory = tmp_path_factory.mktemp("clone")
    listed = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, directory / name)
    commit(directory)
    return directory


def git(directory: Path, *words: str) -> str:
    """Run git as nobody in particular."""
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "core.hooksPath=/dev/null")
    return subprocess.run(["git", *who, *words], cwd=directory, capture_output=True, text=True, check=True).stdout


def commit(directory: Path) -> None:
    """Make a repository of a directory."""
    git(directory, "init", "-q")
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "all")


def test_the_pre_commit_hook_judges_the_repository(clone: Path, cart: Path, tmp_path: Path) -> None:
    """With real pre-commit, which installs machgen from the clone."""
    config = {
        "repos": [
            {
                "repo": str(clone),
                "rev": git(clone, "rev-parse", "HEAD").strip(),
                "hooks": [{"id": "machgen-check", "args": ["--select", "C002"]}],
            }
        ]
    }
    (cart / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    commit(cart)
    env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    done = subprocess.run(command, cwd=cart, env=env, capture_output=True, text=True, check=False, timeout=600)

    assert 1 == done.returncode, done.stdout + done.stderr
    assert "machgen check............................................................Failed" in done.stdout
    assert "  Dockerfile:1:1  the image python:latest moves with every release: `latest` is no version" in done.stdout
    (cart / "Dockerfile").write_text("FROM python:3.13.1-slim\nUSER 10001\n")
    git(cart, "add", "-A")
    done = subprocess.run(command, cwd=cart, env=env, capture_output=True, text=True, check=False, timeout=600)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_how_to_names_every_input() -> None:
    """No input is undocumented, and none is made up."""
    page = (REPOSITORY / "docs" / "how-to" / "check-in-github-actions.md").read_text(encoding="utf-8")
    inputs = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))["inputs"]

    assert list(inputs) == re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)

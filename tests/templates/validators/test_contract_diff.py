"""The pipelines' comparison with the main branch, done by hand: their own lines of shell in a real clone.

oasdiff itself is only in its container image; what stands in for it here shows which two contracts it was given.
"""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.templates.conftest import Bake
from tests.templates.validators.conftest import TOOLS, missing
from tests.templating import read, write

GIT = ("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false")
# `docker run --volume HOST:/main:ro … /main/openapi.yaml …` names the directories of the host, `oasdiff` the files.
OASDIFF = """#!/bin/sh
echo "$0 $*" >> "$SAID"
for word in "$@"; do
  case $word in
    *:/main:ro) old=${word%%:*}/openapi.yaml ;;
    *:/new:ro) new=${word%%:*}/openapi.yaml ;;
  esac
done
if [ -z "${old:-}" ]; then for word in "$@"; do old=${new:-}; new=$word; done; fi
grep '^  title' "$old" "$new" | sed 's/.*title: //' >> "$SAID"
"""


class Clone:
    """A clone whose branch has another contract than the main branch, and what the comparison was given."""

    def __init__(self, directory: Path, project: Path, *, contract_on_main: bool) -> None:
        self.tree, self.said, origin = directory / "clone", directory / "said", directory / "origin"
        self._bin = directory / "bin"
        self._bin.mkdir()
        for name in ("docker", "oasdiff"):
            (self._bin / name).write_text(OASDIFF, encoding="utf-8")
            (self._bin / name).chmod(0o755)
        write(read(project), origin)
        contract = origin / "contract" / "openapi.yaml"
        text = contract.read_text(encoding="utf-8")
        contract.write_text(text.replace("\n  title: ", "\n  title: Old ", 1), encoding="utf-8")
        if not contract_on_main:
            contract.unlink()
        self._git(origin, "init", "--quiet", "--initial-branch=main")
        self._git(origin, "add", "--all")
        self._git(origin, "commit", "--quiet", "--message=first")
        self._git(directory, "clone", "--quiet", f"file://{origin}", str(self.tree))
        self._git(self.tree, "switch", "--quiet", "--create=feature")
        (self.tree / "contract" / "openapi.yaml").write_text(text, encoding="utf-8")
        self._git(self.tree, "add", "--all")
        self._git(self.tree, "commit", "--quiet", "--message=second")

    def _git(self, directory: Path, *words: str) -> None:
        subprocess.run([*GIT, *words], cwd=directory, check=True, capture_output=True)

    def run(self, script: str) -> str:
        """Run lines of a pipeline's shell as its runner does; return what they said."""
        environment = os.environ | {
            "PATH": f"{self._bin}{os.pathsep}{os.environ['PATH']}",
            "VENV": str(TOOLS / "services"),
            "CI_DEFAULT_BRANCH": "main",
            "RUNNER_TEMP": str(self.tree.parent),
            "SAID": str(self.said),
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.tree, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(params=[True, False], ids=["changed contract", "first contract"])
def contract_on_main(request: pytest.FixtureRequest) -> bool:
    """Whether there is anything to compare with."""
    return bool(request.param)


def test_github_compares_with_the_main_branch(baked: Bake, tmp_path: Path, contract_on_main: bool) -> None:
    """The step hands over main's contract and the branch's; before there is one it says so and passes."""
    project = baked({"ci": "github"})
    steps = yaml.safe_load((project / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]["contract"][
        "steps"
    ]
    (step,) = [step for step in steps if step.get("name") == "No breaking change against the main branch"]
    clone = Clone(tmp_path, project, contract_on_main=contract_on_main)

    said = clone.run(step["run"])

    if contract_on_main:
        assert clone.said.read_text().splitlines()[1:] == ['Old "My Service"', '"My Service"']
        assert "--network none" in clone.said.read_text()
    else:
        assert "nothing to compare with" in said
        assert not clone.said.exists()


def test_gitlab_compares_with_the_default_branch(baked: Bake, tmp_path: Path, contract_on_main: bool) -> None:
    """The job that has git hands main's contract to the job that has oasdiff; both see the branch's own."""
    if not (TOOLS / "services").exists():
        missing("the generated services' environment", "run `make tools`")
    project = baked({"ci": "gitlab"})
    jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    clone = Clone(tmp_path, project, contract_on_main=contract_on_main)

    clone.run("\n".join(jobs["contract:current"]["script"]))
    said = clone.run("\n".join(jobs["contract:diff"]["script"]))

    assert jobs["contract:diff"]["needs"] == ["contract:current"]
    assert jobs["contract:current"]["artifacts"]["paths"] == ["main.openapi.yaml"]
    assert not any("git " in line for line in jobs["contract:diff"]["script"]), "its image holds no git"
    if contract_on_main:
        assert clone.said.read_text().splitlines()[1:] == ['Old "My Service"', '"My Service"']
        assert (
            clone.said.read_text()
            .splitlines()[0]
            .endswith("breaking --fail-on ERR main.openapi.yaml contract/openapi.yaml")
        )
    else:
        assert "nothing to compare with" in said
        assert not clone.said.exists()

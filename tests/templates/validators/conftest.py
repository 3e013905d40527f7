"""The independent validators: where they are, how they are run, how their verdict is read."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = Path(os.environ.get("MACHGEN_TOOLS", ROOT / ".tools"))
PLACES = (TOOLS / "python" / "bin", TOOLS / "node" / "node_modules" / ".bin", TOOLS / "checkov" / "bin")
SYSTEM = ("kubectl", "node")

Run = Callable[..., str]


def missing(what: str, remedy: str) -> None:
    """Skip the test because of a missing tool; in CI that is a failure, because nobody reads skips there."""
    message = f"{what} is not installed: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def locate(name: str) -> str:
    """The path of one tool: the locked one in ``.tools``, or one of the few that belong to the system."""
    search = os.environ["PATH"].split(os.pathsep) if name in SYSTEM else PLACES
    for place in search:
        if os.access(Path(place) / name, os.X_OK):
            return str(Path(place) / name)
    missing(name, "use your package manager" if name in SYSTEM else "run `make tools`")
    raise AssertionError("unreachable: missing() never returns")


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a validator and return what it printed; any exit code but 0 fails the test with that print-out."""

    def call(name: str, *arguments: str | Path, cwd: Path, stdin: str | None = None) -> str:
        done = subprocess.run(
            [locate(name), *map(str, arguments)],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            # The validators of the Python environment find each other there: actionlint calls shellcheck.
            env={**os.environ, "PATH": os.pathsep.join([*map(str, PLACES), os.environ["PATH"]]), "NO_COLOR": "1"},
        )
        if done.returncode != 0:
            pytest.fail(f"{name} exits with {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
        return done.stdout

    return call

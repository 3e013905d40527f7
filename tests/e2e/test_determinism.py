"""Same pack, same answers: same bytes and modes, wherever and however machgen runs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.templating import read

REPOSITORY = Path(__file__).parents[2]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


def generate(directory: Path, python: str, umask: int = 0o022, environment: Mapping[str, str] | None = None) -> Path:
    """Run `machgen new` in a process of its own and return the project."""
    target = directory / "my-service"
    words = [python, "-m", "machgen", "new", "service", str(target), "--no-input", "--no-git"]
    words += ["-a", "project_name=Größe 😀 'x'", "-a", "description=a: b # c"]
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "PYTHON", "TZ"))}
    env = {**inherited, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{libraries}", "LANG": "C.UTF-8", **(environment or {})}
    done = subprocess.run(words, env=env, umask=umask, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
    return target


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One project, made in the plainest way."""
    return generate(tmp_path_factory.mktemp("expected"), sys.executable)


def modes(project: Path) -> dict[str, int]:
    """Return every file's permission bits; a directory's follow the umask, as with git."""
    return {
        str(path.relative_to(project)): path.stat().st_mode & 0o7777 for path in project.rglob("*") if path.is_file()
    }


VARIATIONS: dict[str, dict[str, str]] = {
    "the C locale": {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "a latin-1 locale": {"LC_ALL": "de_DE.ISO-8859-1"},
    "a Turkish locale": {"LC_ALL": "tr_TR.UTF-8"},
    "another time zone": {"TZ": "Pacific/Kiritimati"},
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "hash seed 2": {"PYTHONHASHSEED": "424242"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "development mode": {"PYTHONDEVMODE": "1"},
}


@pytest.mark.parametrize("environment", VARIATIONS.values(), ids=VARIATIONS.keys())
def test_the_environment_does_not_matter(environment: dict[str, str], expected: Path, tmp_path: Path) -> None:
    """Locale, time zone, hash seed and interpreter flags leave no trace."""
    project = generate(tmp_path, sys.executable, environment=environment)

    assert dict(read(expected)) == dict(read(project))
    assert modes(expected) == modes(project)


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o077])
def test_the_umask_does_not_matter(umask: int, expected: Path, tmp_path: Path) -> None:
    """File modes are the template's, not the user's."""
    project = generate(tmp_path, sys.executable, umask)

    assert dict(read(expected)) == dict(read(project))
    assert modes(expected) == modes(project)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_python_does_not_matter(version: str, expected: Path, tmp_path: Path) -> None:
    """Every supported Python gives the same bytes."""
    found = sorted(PYENV.glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no Python {version} here")

    project = generate(tmp_path, str(found[-1]))

    assert dict(read(expected)) == dict(read(project))
    assert modes(expected) == modes(project)

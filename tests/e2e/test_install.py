"""What a user installs: the wheel, alone in an empty environment."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from machgen.bundle import builtin_template, descriptions
from tests.templating import read

REPOSITORY = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("install")

EXPECTED_DEPENDENCIES = ["binaryornot", "click", "cookiecutter", "jinja2", "pyyaml"]


def run(*words: str, cwd: Path | None = None) -> str:
    """Run a command and return what it printed; it must succeed."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    directory = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory), cwd=REPOSITORY)
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel and what it needs."""
    directory = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "uv", "venv", "--quiet", "--python", sys.executable, str(directory / "venv"))
    python = directory / "venv" / "bin" / "python"
    run(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), str(wheel))
    return python.parent


def test_the_wheel_carries_every_template_and_its_bundle(wheel: Path) -> None:
    """Sources for layers to build on, and each template composed and lowered."""
    names = zipfile.ZipFile(wheel).namelist()

    for template in descriptions():
        assert f"machgen/_builtin/t_{template}.py" in names
        assert f"machgen/_builtin/templates/{template}/cookiecutter.json" in names
    assert not [name for name in names if "__pycache__" in name or ".venv" in name]


def test_dependencies_are_few(wheel: Path) -> None:
    """Each one is a decision: this list changes only on purpose."""
    archive = zipfile.ZipFile(wheel)
    metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
    wanted = re.findall(r"(?m)^Requires-Dist: ([\w.-]++)(?!.*; extra ==)", archive.read(metadata).decode())

    assert EXPECTED_DEPENDENCIES == sorted(wanted)


def test_the_installed_command_generates_what_the_checkout_does(installed: Path, tmp_path: Path) -> None:
    """The bundle and the sources are the same templates."""
    run(str(installed / "machgen"), "new", "service", str(tmp_path / "wheel" / "svc"), "--no-input", "--no-git")
    run(sys.executable, "-m", "machgen", "new", "service", str(tmp_path / "src" / "svc"), "--no-input", "--no-git")

    assert dict(read(tmp_path / "src" / "svc")) == dict(read(tmp_path / "wheel" / "svc"))


@pytest.mark.parametrize("name", list(descriptions()))
def test_the_bundle_is_the_composed_template(name: str, installed: Path) -> None:
    """Digest, layers and questions of the shipped module equal those of the sources."""
    script = (
        "import json; from machgen.bundle import builtin_template; "
        f"t, p = builtin_template({name!r}); print(json.dumps([t.digest, t.layers, dict(t.questions), p is not None]))"
    )
    shipped = json.loads(run(str(installed / "python"), "-P", "-c", script))
    template, _ = builtin_template(name)

    assert [template.digest, list(template.layers), dict(template.questions), True] == shipped


def test_generating_imports_no_engine(installed: Path, tmp_path: Path) -> None:
    """The path that everybody takes loads neither Jinja nor cookiecutter nor a parser."""
    script = (
        "import sys; from machgen.cli import main\n"
        f"sys.argv = ['machgen', 'new', 'service', {str(tmp_path / 'x')!r}, '--no-input', '--no-git']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "slow = {'jinja2', 'cookiecutter', 'yaml', 'requests', 'rich', 'arrow', 'tomllib', 'subprocess', 'logging'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )

    assert "[]" == run(str(installed / "python"), "-P", "-c", script).splitlines()[-1]


@pytest.mark.parametrize(
    "runner", [["-m", "uv", "tool", "run", "--from"], ["-m", "pipx", "run", "--spec"]], ids=["uvx", "pipx"]
)
def test_runs_without_installing(runner: list[str], wheel: Path, tmp_path: Path) -> None:
    """`uvx machgen` and `pipx run machgen` generate a project."""
    target = tmp_path / "svc"
    run(sys.executable, *runner, str(wheel), "machgen", "new", "service", str(target), "--no-input", "--no-git")

    assert (target / "machgen.toml").is_file()

"""The image, built and run by a real Docker engine. ``engine.sh`` brings one up where there is none."""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from machgen.bundle import descriptions
from tests.templates.conftest import Bake
from tests.templates.validators.test_answers import TEXTS

pytestmark = pytest.mark.docker

HARDENED = (
    "--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges",
    "--user=10001:10001",
)  # fmt: skip
GET = "import sys, urllib.request as r; a = r.urlopen('http://127.0.0.1:8000' + sys.argv[1]); print(a.status)"

Docker = Callable[..., str]
Build = Callable[[Path], str]


@pytest.fixture(scope="module")
def docker() -> Docker:
    """Call ``docker`` and return what it printed on standard output. Skips without an engine, in CI too."""
    program = shutil.which("docker")
    if program is None or subprocess.run([program, "info"], capture_output=True, check=False, timeout=30).returncode:
        pytest.skip("no Docker engine answers: see tests/templates/validators/engine.sh")

    def call(*arguments: str, cwd: Path | None = None, code: int = 0) -> str:
        command = [program, *arguments]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + (done.stderr if code else "")

    return call


@pytest.fixture(scope="module")
def build(docker: Docker) -> Iterator[Build]:
    """Build the image of a project; all images are removed in the end."""
    tags: list[str] = []

    def call(project: Path) -> str:
        tags.append(f"machgen-test-{uuid.uuid4().hex[:12]}")
        base = os.environ.get("MACHGEN_PYTHON_IMAGE")
        given = [f"--build-arg=PYTHON_IMAGE={base}"] if base else []
        docker(
            "build",
            "--network=host",
            "--build-arg=REVISION=abc",
            "--build-arg=VERSION=1.2.3",
            *given,
            f"--tag={tags[-1]}",
            ".",
            cwd=project,
        )
        return tags[-1]

    yield call
    for tag in tags:
        docker("image", "rm", "--force", tag)


@pytest.fixture(scope="module", params=list(descriptions()))
def project(request: pytest.FixtureRequest, baked: Bake) -> Path:
    """Every built-in template in turn."""
    return baked({"ci": "github"}, request.param)


@pytest.fixture(scope="module")
def image(build: Build, project: Path) -> str:
    return build(project)


@pytest.fixture(scope="module")
def container(docker: Docker, image: str) -> Iterator[str]:
    """A service that is ready, as hardened as in the cluster, without a network."""
    name = docker("run", "--detach", *HARDENED, "--env=ENVIRONMENT=dev", image).strip()
    ready = "for i in range(100):\n if not s.call([e, '-m', 'chassis', 'check-ready']): break\n t.sleep(.2)"
    docker("exec", name, "python", "-c", f"import subprocess as s, sys, time as t; e = sys.executable\n{ready}")
    yield name
    docker("rm", "--force", name)


def test_hardened_container_becomes_healthy_and_ends_with_zero(image: str, project: Path, docker: Docker) -> None:
    """Read-only root, no capability, numeric user, no network: healthy, and SIGTERM ends it with exit code 0."""
    done = subprocess.run(
        ["sh", "deploy/smoke-test.sh", image], cwd=project, capture_output=True, text=True, check=False, timeout=180
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("s, exit 0 on SIGTERM\n")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json"])
def test_operational_endpoints_answer(container: str, docker: Docker, path: str) -> None:
    """What probes and scrapers ask for is there on the port that the manifests name."""
    assert docker("exec", container, "python", "-c", GET, path) == "200\n"


def test_process_is_nobody_and_owns_nothing(container: str, docker: Docker) -> None:
    """The process can write to /tmp only; its code belongs to root."""
    probe = (
        "import os; print(os.getuid(), os.getgid(), os.stat('/app/src').st_uid,"
        " *[os.access(path, os.W_OK) for path in ('/app', '/opt/venv', '/tmp')])"
    )

    assert docker("exec", container, "python", "-c", probe) == "10001 10001 0 False False True\n"


def test_image_holds_neither_tests_nor_build_tools(image: str, docker: Docker) -> None:
    """Only what runs: no test, no lock, no pip beside the dependencies; and the code is compiled already."""
    probe = (
        "import importlib.util as u, pathlib as p; a = p.Path('/app');"
        "print(sorted(x.name for x in a.iterdir()), len(list(a.rglob('tests'))), u.find_spec('pip'),"
        " len(list(a.glob('src/chassis/*.py'))) == len(list(a.glob('src/chassis/__pycache__/*.pyc'))))"
    )

    found = docker("run", "--rm", "--network=none", image, "python", "-c", probe)

    assert found == "['migrations', 'pyproject.toml', 'src'] 0 None True\n"


def test_image_serves_the_committed_contract(image: str, project: Path, docker: Docker) -> None:
    """What consumers read in the repository is what this image answers."""
    arguments = ("run", "--rm", *HARDENED, "--env=ENVIRONMENT=dev", image, "python", "-m", "chassis", "openapi")

    assert docker(*arguments) == (project / "contract" / "openapi.yaml").read_text(encoding="utf-8")


def test_migration_runs_as_hardened_as_the_service(image: str, docker: Docker) -> None:
    """The Job's command works with a read-only root."""
    docker("run", "--rm", *HARDENED, "--env=ENVIRONMENT=dev", image, "python", "-m", "chassis", "migrate")


def test_image_without_settings_names_what_is_missing(image: str, docker: Docker) -> None:
    """An image starts as production unless told otherwise, and production starts with every setting or not at all."""
    said = docker("run", "--rm", *HARDENED, image, code=2)

    for setting in ("DATABASE_URL", "SECRET_KEY", "AUTH_ISSUER", "AUTH_AUDIENCE"):
        assert setting in said
    assert "Traceback" not in said


def test_labels_carry_any_text(baked: Bake, build: Build, docker: Docker) -> None:
    """Docker itself reads every hostile text back as it was answered, a backslash at the end included."""
    name, description = TEXTS["backslashes"], " ".join(TEXTS.values())[:299] + "\\"
    image = build(baked({"project_name": name, "description": description, "ci": "gitlab"}))

    labels = json.loads(docker("image", "inspect", "--format={{json .Config.Labels}}", image))

    assert labels == {
        "org.opencontainers.image.title": name,
        "org.opencontainers.image.description": description,
        "org.opencontainers.image.vendor": "platform-team",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.revision": "abc",
    }

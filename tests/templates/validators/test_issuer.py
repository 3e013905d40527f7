"""A generated service and an OpenID provider that somebody else wrote: discovery, keys, tokens, rotation, outage."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.templates.conftest import Bake
from tests.templates.validators.conftest import PLACES, TOOLS, locate, missing

PROVIDER = Path(__file__).with_name("issuer.mjs")
SCOPES = "notes:read notes:write"


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Issuer:
    """The provider's process, and what it is asked to do."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def _call(self, **command: object) -> dict[str, str]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer: dict[str, str] = json.loads(self._process.stdout.readline())
        return answer

    def start(self) -> None:
        """Serve, with a key pair that was not there before."""
        assert self._call(do="start", port=self.port) == {"issuer": self.url}

    def stop(self) -> None:
        """Go away."""
        self._call(do="stop")

    def token(self, by: str = "issuer", **claims: object) -> str:
        """Return a token for this service; a claim that is None is left out."""
        now = int(time.time())
        good = {"sub": "ann", "aud": "notes", "scope": SCOPES, "iat": now, "exp": now + 600}
        return self._call(do="token", by=by, claims=good | claims)["token"]


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    """A provider that has not been started yet."""
    if not (PLACES[1].parent / "oauth2-mock-server").exists():
        missing("oauth2-mock-server", "run `make tools`")
    script = tmp_path / PROVIDER.name
    script.write_text(PROVIDER.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(PLACES[1].parent)
    command = [locate("node"), str(script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Issuer(process)
        finally:
            process.kill()


@contextmanager
def serving(project: Path, directory: Path, issuer: Issuer) -> Iterator[str]:
    """Run the generated service with this issuer; give its address."""
    python = TOOLS / "services" / "bin" / "python"
    if not python.exists():
        missing("the generated services' environment", "run `make tools`")
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "src",
        "PYTHONDONTWRITEBYTECODE": "1",
        "VAR_DIR": str(directory),
        "PORT": str(port),
        "AUTH_ISSUER": issuer.url,
        "AUTH_AUDIENCE": "notes",
        "DRAIN_SECONDS": "0",
    }
    log = directory / f"service-{port}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen([python, "-m", "chassis", "serve"], cwd=project, env=environment, stderr=output, stdout=output)
        as process,
    ):  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(600):
                if process.poll() is not None or answer(f"{url}/readyz")[0] == 200:
                    break
                time.sleep(0.1)
            assert process.poll() is None, log.read_text()
            yield url
        finally:
            process.kill()


def answer(url: str, token: str = "") -> tuple[int, str]:
    """Ask for something; return the status, 0 when nobody answers, and the type of the problem."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the service that the test has started
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            return response.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(json.load(error)["type"])
    except OSError:
        return 0, ""


def test_only_good_tokens_of_the_provider_are_let_in(baked: Bake, issuer: Issuer, tmp_path: Path) -> None:
    """The keys are found by discovery; whatever is wrong with a token, nobody gets in with it."""
    now = int(time.time())
    issuer.start()
    with serving(baked({}), tmp_path, issuer) as url:
        notes = f"{url}/v1/notes"
        tokens = {
            "good": issuer.token(),
            "expired": issuer.token(exp=now - 3600),
            "another issuer": issuer.token(iss="https://evil.example"),
            "another audience": issuer.token(aud="another-service"),
            "no audience": issuer.token(aud=None),
            "no scope": issuer.token(scope="openid profile"),
            "alg none": issuer.token(by="nobody"),
            "published key as shared secret": issuer.token(by="published key"),
            "same key id, another key": issuer.token(by="stranger"),
        }
        outcomes = {name: answer(notes, token)[0] for name, token in tokens.items()}

    assert outcomes == dict.fromkeys(tokens, 401) | {"good": 200, "no scope": 403}


def test_rotated_key_is_found_and_the_old_one_forgotten(baked: Bake, issuer: Issuer, tmp_path: Path) -> None:
    """No restart: a token with the new key is good within seconds, one that is signed with the old key is not."""
    issuer.start()
    with serving(baked({}), tmp_path, issuer) as url:
        notes = f"{url}/v1/notes"
        unused = issuer.token(sub="bob")
        assert answer(notes, issuer.token())[0] == 200
        issuer.stop()
        issuer.start()
        rotated, deadline = issuer.token(), time.monotonic() + 30
        while (status := answer(notes, rotated)[0]) != 200 and time.monotonic() < deadline:
            time.sleep(0.5)  # the key set is not read again for every made-up key id

        assert status == 200
        assert answer(notes, unused)[0] == 401


def test_provider_that_is_away_is_named_and_survived(baked: Bake, issuer: Issuer, tmp_path: Path) -> None:
    """Who never had the keys says 503, not 401, and heals by itself; who has them goes on without the provider."""
    issuer.start()
    token = issuer.token()
    issuer.stop()
    with serving(baked({}), tmp_path, issuer) as url:
        notes = f"{url}/v1/notes"
        assert answer(notes, token) == (503, "urn:problem-type:issuer-unavailable")
        issuer.start()
        back, deadline = issuer.token(), time.monotonic() + 30
        while (status := answer(notes, back)[0]) == 503 and time.monotonic() < deadline:
            time.sleep(0.5)
        later = issuer.token(sub="bob")
        issuer.stop()

        assert status == 200
        assert answer(notes, later)[0] == 200

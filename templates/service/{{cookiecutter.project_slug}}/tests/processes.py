"""Real server processes for the tests that are about processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from chassis.domain import load_domain
from chassis.keys import DevelopmentKeys
from chassis.project import ROOT
from tests import forking
from tests.forking import ForkedProcess
from tests.postgres import free_port

ServerFactory = Callable[..., "ServerProcess"]


class ServerProcess:
    """``python -m chassis serve`` on a free port, or another command that goes on until it is stopped.

    :param loaded: begin with everything imported, which is soon; otherwise as the command line does.
    """

    def __init__(self, directory: Path, command: str, *, loaded: bool, **environment: str) -> None:
        self.directory = directory
        self.port = int(environment.get("PORT", 0)) or free_port()
        self.log = directory / f"{command}-{self.port}.log"
        whole = server_environment(directory) | {"PORT": str(self.port)} | environment
        self.process: ForkedProcess | subprocess.Popen[bytes]
        self.process = (
            ForkedProcess(forking.command, command, whole, self.log) if loaded else self._started(command, whole)
        )
        self.url = f"http://127.0.0.1:{self.port}"

    def _started(self, command: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "chassis", command]
        with self.log.open("ab") as log:
            return subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own words

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Return when the server answers that it is ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.log.read_text()}")

    def get(self, path: str) -> tuple[int, dict[str, str]]:
        """Open a new connection, ask, and return status and headers (names in lower case)."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response.status, {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()

    def token(self, subject: str) -> str:
        """Mint a token with the server's own development key."""
        scopes = frozenset(load_domain().scopes)
        return DevelopmentKeys(self.directory).mint(subject=subject, scopes=scopes, seconds=7200)

    def terminate(self) -> None:
        """Send SIGTERM, as Kubernetes does."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)


def server_environment(directory: Path) -> dict[str, str]:
    """Return a small environment: what the machine needs, and no settings of the developer."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    # A machine that runs tests may hold PostgreSQL up for longer than one that serves.
    patience = {"DATABASE_SILENCE_SECONDS": "10"}
    return kept | patience | {"PYTHONPATH": str(ROOT / "src"), "VAR_DIR": str(directory), "PYTHONUNBUFFERED": "1"}


@contextmanager
def servers(directory: Path, *, loaded: bool = True) -> Iterator[ServerFactory]:
    """Give a function that starts servers; all of them are gone at the end, whatever ending one of them comes to.

    :param loaded: see :class:`ServerProcess`.
    """
    with ExitStack() as started:

        def start(command: str = "serve", **environment: str) -> ServerProcess:
            server = ServerProcess(directory, command, loaded=loaded, **environment)
            started.callback(server.stop)
            return server

        yield start

"""A generated service and its peer as running processes on a throwaway PostgreSQL, for the measurements beside it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A process that serves HTTP on 127.0.0.1.

    Args:
        name: For the table.
        process: It.
        port: Where it listens.
        started: Seconds from its start to its first 200.
    """

    name: str
    process: subprocess.Popen[bytes]
    port: int
    started: float

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Return the CPU seconds, user and system, that the process has used."""
        return _cpu(_status(self.process.pid))

    def memory(self, name: str = "VmRSS") -> float:
        """Return the resident memory in MiB; `VmHWM` is the most it ever was."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024

    def forget_highest_memory(self) -> None:
        """Let `VmHWM` count from now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body of a GET."""
        request = urllib.request.Request(f"{self.url}{target}", headers=dict(headers or {}))  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - our own
            return {name.lower(): value for name, value in response.headers.items()}, response.read()


@dataclass(frozen=True)
class Laboratory:
    """What the measurements share.

    Args:
        python: The generated services' own environment.
        project: The generated service.
        database: URL of the PostgreSQL server, up to the name of a database.
        scratch: A directory for logs and keys.
        binaries: PostgreSQL's programs.
    """

    python: Path
    project: Path
    database: str
    scratch: Path
    binaries: Path

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """Return the environment of the generated service on a database of that name."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME")}
        return kept | {
            "DATABASE_URL": f"{self.database}/{name}",
            "PYTHONPATH": str(self.project / "src"),
            "VAR_DIR": str(self.scratch),
            "DRAIN_SECONDS": "0",
            **more,
        }

    def fill(self, count: int) -> None:
        """Load so many of the made-up manufacturer's products into the catalog, and publish them."""
        self.run("chassis", "migrate")
        with self.ours() as server:
            print(self.run("samples.load", server.url, self.token, str(count)).strip(), flush=True)

    @cached_property
    def token(self) -> str:
        """A developer's token for the generated service."""
        return self.run("chassis", "token").strip()

    def run(self, *words: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Run a Python module, the project's unless told otherwise, and return what it prints."""
        done = subprocess.run(
            [str(self.python), "-m", *words],
            cwd=cwd or self.project,
            env=environment or self.environment("ours"),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    @contextmanager
    def ours(
        self, name: str = "ours", *, label: str = "generated", probe: str = "/livez", **more: str
    ) -> Iterator[Server]:
        """Run the generated service as it is generated: logs, metrics, request ids and limits on, tracing off.

        Args:
            name: Of the database.
            label: For the table.
            probe: What is asked until it answers 200.
            more: Further settings.
        """
        port = free_port()
        environment = self.environment(name, PORT=str(port), **more)
        words = [str(self.python), "-m", "chassis", "serve"]
        with self._served(label, words, environment, port=port, probe=probe) as server:
            yield server

    @contextmanager
    def relay(self, name: str) -> Iterator[None]:
        """Run the relay in a process of its own, as the component `relay` of the deployment does.

        Args:
            name: Of the database.
        """
        environment = self.environment(name, RELAY_EMBEDDED="false")
        with (self.scratch / "relay.log").open("wb") as log:
            words = [str(self.python), "-m", "chassis", "relay"]
            process = subprocess.Popen(words, cwd=self.project, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)

    @contextmanager
    def peer(self, *, probe: str, app: str = "peers.catalog:app") -> Iterator[Server]:
        """Run the peer as its community would, without any middleware and without an access log."""
        port = free_port()
        options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        words = [str(self.python), "-m", "uvicorn", app, *options]
        with self._served("peer", words, self.peers, port=port, probe=probe) as server:
            yield server

    @property
    def peers(self) -> dict[str, str]:
        """The peer's environment."""
        url = f"{self.database}/peer".replace("postgresql:", "postgresql+asyncpg:")
        return self.environment("peer", PYTHONPATH=str(HERE)) | {"DATABASE_URL": url}

    @contextmanager
    def _served(
        self, name: str, words: Sequence[str], environment: Mapping[str, str], *, port: int, probe: str
    ) -> Iterator[Server]:
        began = time.perf_counter()
        with (self.scratch / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(words, cwd=self.project, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield Server(name, process, port, _first_answer(process, port, probe) - began)
        finally:
            process.terminate()
            process.wait(30)

    @contextmanager
    def copied(self, old: str, new: str) -> Iterator[None]:
        """Have a database that holds what another one does, to which nobody may be connected, during the block."""
        maintenance = f"--maintenance-db={self.database}/postgres"
        subprocess.run([str(self.binaries / "createdb"), maintenance, "-T", old, new], check=True)
        try:
            yield
        finally:
            subprocess.run([str(self.binaries / "dropdb"), maintenance, new], check=True)

    def database_cpu(self) -> float:
        """Return the CPU seconds that PostgreSQL's processes have used, those that serve connections among them."""
        leader = (self.scratch / "postgres" / "postmaster.pid").read_text().split()[0]
        return sum(_cpu(status) for status in _processes() if status[1] == leader)

    def ask(self, server: Server, targets: Sequence[str], **plan: Any) -> dict[str, Any]:
        """Put load on a server from another process; see `load.Plan` and `load.Outcome`."""
        whole = {"port": server.port, "targets": targets, **plan}
        words = [str(self.python), str(HERE / "load.py")]
        done = subprocess.run(words, input=json.dumps(whole), capture_output=True, text=True, check=True)
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome


def _processes() -> Iterator[list[str]]:
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended since
            yield _status(each.name)


def _status(process: int | str) -> list[str]:
    """Return what Linux tells of a process (proc(5)), from its third field on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _cpu(status: Sequence[str]) -> float:
    return (int(status[11]) + int(status[12])) / TICKS


def _first_answer(process: subprocess.Popen[bytes], port: int, probe: str) -> float:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{probe}", timeout=60):
                return time.perf_counter()
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{probe}: {refused.code}") from refused
        except OSError:
            time.sleep(0.005)
    raise RuntimeError("the server ended before it answered")


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def laboratory(
    machgen: Sequence[str],
    python: Path | None = None,
    *,
    template: str = "catalog",
    databases: Sequence[str] = ("ours", "peer", "imports"),
) -> Iterator[Laboratory]:
    """Generate a service and run a PostgreSQL server for it; everything is gone at the end.

    Args:
        machgen: The command line that generates.
        python: An environment that holds what the generated service runs on; without it one is made.
        template: What is generated.
        databases: What the server holds.
    """
    binaries = next((path for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    if binaries is None and (found := shutil.which("initdb")):
        binaries = Path(found).resolve().parent
    if binaries is None:
        raise RuntimeError("no PostgreSQL on this machine: install its server programs")
    with TemporaryDirectory(prefix="machgen-bench-") as directory:
        scratch = Path(directory)
        project = scratch / template
        words = [*machgen, "new", template, str(project), "--no-input", "--no-git"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        if python is None:
            python = _installed(scratch / "environment", project / "requirements" / "runtime.txt")
        with _postgres(binaries, scratch) as url:
            made = Laboratory(python, project, url, scratch, binaries)
            made.run("compileall", "-q", "src")
            for name in databases:
                subprocess.run([str(binaries / "createdb"), f"--maintenance-db={url}/postgres", name], check=True)
            yield made


def _installed(environment: Path, lock: Path) -> Path:
    """Install what the image holds, and nothing that only developers need."""
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([str(python), "-m", "compileall", "-q", str(environment / "lib")], check=False)
    return python


@contextmanager
def _postgres(binaries: Path, scratch: Path) -> Iterator[str]:
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    data, port = scratch / "postgres", free_port()
    data.mkdir()
    if user:
        scratch.chmod(0o755)
        shutil.chown(data, user)

    def run(*words: str) -> None:
        subprocess.run(words, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)

    run(str(binaries / "initdb"), "-D", str(data), "-U", "bench", "--auth=trust", "-E", "UTF8", "--no-sync")
    # As it comes, but for a cache that holds the data; durability stays on.
    options = f"-p {port} -h 127.0.0.1 -k '' -c shared_buffers=256MB -c max_connections=100"
    control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-s", "-o", options, "-l", str(data / "log")]
    run(*control, "start")
    try:
        yield f"postgresql://bench@127.0.0.1:{port}"
    finally:
        run(*control, "-m", "fast", "stop")

"""The stage: where services are generated, started as processes of their own, and stopped as Kubernetes stops them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = REPOSITORY / ".tools" / "services"
"""All generated services share it here; in a service of your own it is `.venv`."""

START_SECONDS = 90
STOP_SECONDS = 40


class Failed(Exception):
    """Something was not as it has to be."""


@dataclass(frozen=True)
class Running:
    """A service at work."""

    project: Path
    address: str
    settings: Mapping[str, str]
    process: "subprocess.Popen[bytes]"

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.project / "serve.log").read_text()

    def wait_until_ready(self) -> None:
        """Wait for the first ready answer."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=2):  # noqa: S310 - our own service
                    return
            except OSError:
                time.sleep(0.05)
        raise Failed(f"{self.project.name} did not start:\n{self.log}")


def generate(template: str, directory: Path) -> Path:
    """Generate a service under its template's name."""
    shell(f"machgen new {template} {template} --no-input", directory)
    return directory / template


@contextmanager
def running(projects: Mapping[Path, Mapping[str, str]]) -> Iterator[list[Running]]:
    """Start services as `make run` does, each with its settings; stop them all in the end."""
    started = [_start(project, settings) for project, settings in projects.items()]
    try:
        for service in started:
            service.wait_until_ready()
        yield started
        for service in started:
            service.process.send_signal(signal.SIGTERM)
        codes = {service.project.name: service.process.wait(STOP_SECONDS) for service in started}
    finally:
        for service in started:
            service.process.kill()
            service.process.wait()
    print(f"\nSIGTERM: drained and ended with exit codes {codes}")
    for service in started:
        if codes[service.project.name]:
            raise Failed(service.log)


def _start(project: Path, settings: Mapping[str, str]) -> Running:
    words = " ".join(f"{name}={value}" for name, value in settings.items())
    print(f"$ cd {project.name} && {words} make run", flush=True)
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "chassis", "serve"]
    with (project / "serve.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=project,
            env={**environment(), **settings, "PYTHONPATH": "src"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Running(project, f"http://127.0.0.1:{settings['PORT']}", settings, process)


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def environment() -> dict[str, str]:
    """Return the environment of the commands: this checkout's machgen first, nothing of the calling make."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "VENV": str(ENVIRONMENT)}


def shell(command: str, directory: Path, settings: Mapping[str, str] | None = None, *, show: bool = True) -> str:
    """Run a command as the user would type it; show it and what it prints, or return that.

    :param settings: variables that the user has set in this shell.
    """
    if show:
        print(f"$ {command}", flush=True)
    done = subprocess.run(
        ["/bin/sh", "-ec", command.replace("make -s", f"make -s VENV={ENVIRONMENT}")],
        cwd=directory,
        env={**environment(), **(settings or {})},
        stdout=None if show else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f"{command}\nended with exit code {done.returncode}")
    return (done.stdout or "").strip()

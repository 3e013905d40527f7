"""`make demo`: generate a service, run its own tests, start it on SQLite, talk to it over HTTP, stop it.

Everything happens in a temporary directory and with the commands that a user would type; each is shown before it runs.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT = REPOSITORY / ".tools" / "services"
"""All generated services share it here; in a service of your own it is `.venv`."""

START_SECONDS = 60
STOP_SECONDS = 40


def main() -> int:
    """Play the demonstration; return the process's exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="machgen-demo-") as directory:
        project = generate(Path(directory))
        title("Its own tests, types and style")
        shell("make --no-print-directory test types lint", project)
        title("Start it on SQLite and talk to it")
        with running(project) as address:
            talk(address, project)
    title(f"Done in {time.monotonic() - began:.0f} seconds; nothing is left behind")
    print("Now your own:  .venv/bin/machgen new service my-service")
    return 0


def generate(directory: Path) -> Path:
    """Generate the service and show what it is made of."""
    title("Generate a service")
    shell("machgen new service my-notes --no-input", directory)
    project = directory / "my-notes"
    shell("git log --oneline --stat | tail -n 1", project)
    shell("ls", project)
    return project


def talk(address: str, project: Path) -> None:
    """Show the promises of the API on the example resource."""
    token = subprocess.run(
        ["make", "--no-print-directory", "token", f"VENV={ENVIRONMENT}"],  # noqa: S607 - the user's own make
        cwd=project, env=environment(), capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    caller = {"Authorization": f"Bearer {token}"}
    notes = f"{address}/v1/notes"
    call("GET", f"{address}/readyz")
    call("GET", notes, expected=401)
    _, headers, _ = call("POST", notes, caller, {"title": "Milk"}, expected=201)
    one, etag = f"{address}{headers['Location']}", headers["ETag"]
    call("GET", one, {**caller, "If-None-Match": etag}, expected=304)
    patch = {"Content-Type": "application/merge-patch+json"}
    call("PATCH", one, {**caller, **patch}, {"pinned": True}, expected=428)
    call("PATCH", one, {**caller, **patch, "If-Match": etag}, {"pinned": True})
    call("PATCH", one, {**caller, **patch, "If-Match": etag}, {"pinned": False}, expected=412)
    call("POST", notes, caller, {"title": 7}, expected=422)
    call("GET", f"{notes}?limit=1", caller)


def call(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: Any = None, expected: int = 200
) -> tuple[int, Mapping[str, str], Any]:
    """Send one request, show it with its answer, and stop the demonstration where the answer is another one."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})} if data else dict(headers or {})
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 - our own service on this machine
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - see above
            status, got, text = response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, got, text = error.code, error.headers, error.read().decode()
    shown = " ".join(f"{key}: {sent[key]}" for key in ("If-Match", "If-None-Match") if key in sent)
    path = url.split("/", 3)[3]
    print(f"  {method} /{path} {shown} {'' if body is None else json.dumps(body)}".rstrip())
    print(f"    {status} {text[:150]}{'…' if len(text) > 150 else ''}")
    if status != expected:
        sys.exit(f"the service answered {status} where {expected} was expected")
    return status, got, json.loads(text) if text else None


@contextmanager
def running(project: Path) -> Iterator[str]:
    """Start the service as `make run` does, on a free port; stop it as Kubernetes does."""
    port = free_port()
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "chassis", "serve"]
    print(f"$ PORT={port} make run")
    log = project / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=project, env={**environment(), "PYTHONPATH": "src", "PORT": str(port)},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
            process.send_signal(signal.SIGTERM)
            code = process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
    print(f"  SIGTERM: drained and ended with exit code {code}")
    if code:
        sys.exit(log.read_text())


def wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait for the first ready answer."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - see call
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"the service did not start:\n{log.read_text()}")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """Return the environment of the commands: this checkout's machgen first, nothing of the calling make."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "VENV": str(ENVIRONMENT)}


def shell(command: str, directory: Path) -> None:
    """Show a command as the user would type it, and run it."""
    print(f"$ {command}", flush=True)
    actual = command.replace("make --no-print-directory", f"make --no-print-directory VENV={ENVIRONMENT}")
    subprocess.run(["/bin/sh", "-ec", actual], cwd=directory, env=environment(), check=True)


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

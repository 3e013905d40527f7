"""`make demo`: generate a product catalog, test parts of it, start it on SQLite, fill it, talk to it, stop it.

Everything happens in a temporary directory and with the commands that a user would type; each is shown before it runs.
Every answer is compared with what it has to be: the demonstration stops where the catalog does something else.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

REPOSITORY = Path(__file__).resolve().parents[1]
ENVIRONMENT = REPOSITORY / ".tools" / "services"
"""All generated services share it here; in a service of your own it is `.venv`."""

START_SECONDS = 60
STOP_SECONDS = 40
PROMISES = ("publications", "storefront")
"""The features whose first tests the demonstration runs; `make test` runs all there are, for some minutes."""

MERGE = {"Content-Type": "application/merge-patch+json"}


def main() -> int:
    """Play the demonstration; return the process's exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="machgen-demo-") as directory:
        project = generate(Path(directory))
        title("Its types and style, and the tests of what touchpoints see")
        shell("make -s types lint", project)
        tests = " ".join(f"src/my_catalog/{feature}/tests/test_{feature}.py" for feature in PROMISES)
        shell(f"python -m pytest -q {tests}", project)
        title("Start it on SQLite, and load the catalog of a made-up manufacturer")
        with running(project) as address:
            shell(f"make -s samples URL={address}", project)
            token = shell("make -s token", project, show=False)
            catalog = Catalog(address, {"Authorization": f"Bearer {token}"})
            refuse(catalog)
            slug = search(catalog)
            edit(catalog, slug)
    title(f"Done in {time.monotonic() - began:.0f} seconds; nothing is left behind")
    print("Now your own:  .venv/bin/machgen new catalog my-catalog   (or: machgen new service my-service)")
    return 0


def generate(directory: Path) -> Path:
    """Generate the catalog and show what it is made of."""
    title("Generate a product catalog")
    shell("machgen new catalog my-catalog --no-input", directory)
    project = directory / "my-catalog"
    shell("git log --oneline --stat | tail -n 1", project)
    shell("ls -C", project)
    return project


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, and the body read from JSON (nothing without a body)."""

    status: int
    headers: Mapping[str, str]
    body: Any = field(repr=False)


@dataclass(frozen=True)
class Catalog:
    """The running catalog, and who asks."""

    address: str
    token: Mapping[str, str] = field(repr=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        expected: int = 200,
        anonymous: bool = False,
        **headers: str,
    ) -> Answer:
        """Send one request, show it with the status of its answer, and stop where that is not the expected one."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        shown = "".join(f"  {name}: {value}" for name, value in sent.items() if name.startswith("If-"))
        data = None if body is None else json.dumps(body).encode()
        sent = ({} if anonymous else dict(self.token)) | ({"Content-Type": "application/json"} if data else {}) | sent
        request = urllib.request.Request(self.address + path, data, sent, method=method)  # noqa: S310 - our own service on this machine
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - see above
                status, got, text = response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, got, text = error.code, error.headers, error.read().decode()
        print(f"  {method} {path}{shown}{'' if body is None else '  ' + json.dumps(body)[:100]}\n    {status}", end="")
        answer = Answer(status, got, json.loads(text) if text else None)
        if status >= 400:
            print(f" {answer.body['title']}: {answer.body.get('detail', '')}", end="")
        print()
        if status != expected:
            sys.exit(f"the catalog answered {status} where {expected} was expected: {text[:500]}")
        return answer

    def look(self, path: str, *, expected: int = 200, **headers: str) -> Answer:
        """Ask as a touchpoint does: without a token."""
        return self.ask("GET", path, expected=expected, anonymous=True, **headers)


def refuse(catalog: Catalog) -> None:
    """Show what is refused, and how that reads."""
    title("What must not happen is refused, and says why")
    catalog.ask("GET", "/v1/products", anonymous=True, expected=401)
    found = catalog.ask("GET", "/v1/products?product_type=valve&limit=1").body["items"][0]
    broken = {"variants": [found["variants"][0] | {"gtin": "4006381333932"}]}
    tag = f'"{found["version"]}"'
    refused = catalog.ask("PATCH", f"/v1/products/{found['id']}", body=broken, expected=422, If_Match=tag, **MERGE)
    show(f"{refused.body['errors'][0]['pointer']}: {refused.body['errors'][0]['detail']}")
    catalog.ask("PATCH", f"/v1/products/{found['id']}", body={"related": []}, expected=428, **MERGE)
    catalog.ask("DELETE", f"/v1/products/{found['id']}", expected=409, If_Match=tag)


def search(catalog: Catalog) -> str:
    """Search with facets as a web shop does, slips of the pen included; return the first product's slug."""
    title("Search with facets, in the reader's language, in spite of a slip")
    view = "channel=web&locale=en"
    found = catalog.look(f"/v1/storefront/search?{view}&q={quote_plus('bal valv')}&filter=material:brass&limit=3").body
    show(f"{found['total']} found: {'; '.join(each['name'] for each in found['items'])}; …")
    for facet in found["facets"][:4]:
        counted = (f"{each['label']} ({each['count']})" for each in facet["values"][:5])
        show(f"{facet['label']}: {', '.join(counted)}")
    require(found["total"] > 0 and bool(found["facets"]), "nothing was found")
    slug: str = found["items"][0]["slug"]

    title("Read it conditionally: who has the present copy gets no second one")
    product = catalog.look(f"/v1/storefront/products/{slug}?{view}")
    show(f"{product.headers['ETag']}  {product.headers['Cache-Control']}")
    catalog.look(f"/v1/storefront/products/{slug}?{view}", expected=304, If_None_Match=product.headers["ETag"])
    linked = catalog.look(f"/v1/storefront/products/{slug}?{view}", Accept="application/ld+json").body
    show(f"as schema.org describes it: {linked['@type']} {linked['name']}")
    return slug


def edit(catalog: Catalog, slug: str) -> None:
    """Change a product, and see that touchpoints see nothing of it before it is published."""
    title("A staged edit stays invisible until it is published")
    seen = f"/v1/storefront/products/{slug}?channel=web&locale=en"
    before = catalog.look(seen)
    path = f"/v1/products/{before.body['id']}"
    staged = catalog.ask("GET", path)
    name = {"name": {"en": "Ball valve of the year"}}
    catalog.ask("PATCH", path, body=name, If_Match=staged.headers["ETag"], **MERGE)
    catalog.ask(
        "PATCH", path, body={"name": {"en": "Too late"}}, If_Match=staged.headers["ETag"], expected=412, **MERGE
    )
    catalog.look(seen, If_None_Match=before.headers["ETag"], expected=304)
    show(f"still: {before.body['name']}")
    publication = catalog.ask("POST", f"{path}/publications", body={}, expected=201)
    after = catalog.look(seen, If_None_Match=before.headers["ETag"])
    show(f"now: {after.body['name']}")
    require(after.body["name"] == "Ball valve of the year", "the publication does not show")
    withdrawn = f"{path}/publications/{publication.body['id']}"
    catalog.ask("DELETE", withdrawn, expected=204, If_Match=publication.headers["ETag"])
    catalog.look(seen, expected=404)


def require(holds: bool, otherwise: str) -> None:
    """Stop the demonstration where something does not hold."""
    if not holds:
        sys.exit(otherwise)


def show(text: str) -> None:
    """Print what matters of an answer below it."""
    print(f"    {text}")


@contextmanager
def running(project: Path) -> Iterator[str]:
    """Start the service as `make run` does, on a free port; stop it as Kubernetes does."""
    port = free_port()
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "chassis", "serve"]
    print(f"$ PORT={port} make run", flush=True)
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
    print(f"\nSIGTERM: drained and ended with exit code {code}")
    if code:
        sys.exit(log.read_text())


def wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait for the first ready answer."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - see Catalog.ask
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


def shell(command: str, directory: Path, *, show: bool = True) -> str:
    """Run a command as the user would type it; show it and what it prints, or return that."""
    if show:
        print(f"$ {command}", flush=True)
    actual = command.replace("make -s", f"make -s VENV={ENVIRONMENT}")
    actual = actual.replace("python -m pytest", f"PYTHONPATH=src {ENVIRONMENT}/bin/python -m pytest")
    done = subprocess.run(
        ["/bin/sh", "-ec", actual],
        cwd=directory,
        env=environment(),
        stdout=None if show else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"it ended with exit code {done.returncode}")
    return (done.stdout or "").strip()


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.benchmarks.imports`: how many products a second an import takes in on PostgreSQL.

A round is an empty, migrated database and one process of the service as it is generated, relay included, that has done
what its start leaves to later (it prepares the routes that nobody has asked for yet, beside the requests). The made-up
manufacturer's products are sent as one file; the clock runs from the answer 202 to the state `finished`, and every
product has to have been created. What receiving the file cost before that is shown beside it. CPU is what the service's
process and all of PostgreSQL's processes used meanwhile, receiving included, for one product: a machine that does other
things too stretches the wall clock, and these hardly. Every second round publishes what it takes in, for every channel.
With `--relay-apart` every second of the plain rounds has the relay in a process of its own.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.benchmarks.services import Laboratory, Server, laboratory

BOUND = 2000.0
"""Products a second, created and not published."""

WARM = 24
"""Products that are imported before a round."""

MOST_GROWTH = 60.0
"""MiB that the service's process may grow by while it takes in a hundred megabytes."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One import.

    Args:
        rate: Products a second, from accepted to finished.
        receiving: Seconds from the first byte sent to the answer.
        service: CPU of the service's process from the first byte to the end, in milliseconds a product.
        database: CPU of PostgreSQL's processes in the same time, in milliseconds a product.
        growth: By how much the process grew at most, in MiB.
    """

    rate: float
    receiving: float
    service: float
    database: float
    growth: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; whether the bounds hold is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.imports")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind")
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--published", type=int, default=5_000, help="products of a round that publishes; 0: none")
    parser.add_argument("--big", type=int, default=100, help="megabytes of the file by which memory is judged; 0: none")
    parser.add_argument("--python", type=Path, help="with what the catalog runs on installed; else that is made")
    parser.add_argument("--relay-apart", action="store_true", help="compare with a relay in a process of its own")
    options = parser.parse_args(arguments)
    python = options.python and options.python.absolute()
    with laboratory([sys.executable, "-m", "machgen"], python) as bench:
        bench.fill(0)  # types, categories, channels and assortments
        plain, apart, published = [], [], []
        for number in range(options.rounds):
            plain.append(measured(bench, f"plain{number}", options.products))
            if options.relay_apart:
                apart.append(measured(bench, f"apart{number}", options.products, relay_apart=True))
            if options.published:
                published.append(measured(bench, f"published{number}", options.published, publish=True))
        if plain:
            show(f"{options.products} products", plain, bound=BOUND)
        if apart:
            show(f"{options.products} products, relay apart", apart, bound=BOUND)
        if published:
            show(f"{options.published} published", published)
        if options.big:
            big = measured(bench, "big", options.big * 10**6 // _size(bench))
            print(
                f"  {options.big} MB in one file: {big.rate:.0f} products/s, the process grew by {big.growth:.1f} MiB,"
                f" bound {MOST_GROWTH:g}: {'holds' if big.growth < MOST_GROWTH else 'MISSED'}"
            )
    return 0


def _size(bench: Laboratory) -> int:
    """Return how many bytes a product's line has, on the average."""
    return len(bench.run("samples.products", "1000").encode()) // 1000


def measured(bench: Laboratory, name: str, count: int, *, publish: bool = False, relay_apart: bool = False) -> Round:
    """Import so many products into a copy of the prepared database, after a few to warm up."""
    lines = bench.run("samples.products", str(count + WARM)).encode().splitlines(keepends=True)
    with (
        tempfile.TemporaryFile() as file,
        bench.copied("ours", name),
        bench.relay(name) if relay_apart else nullcontext(),
        bench.ours(name, probe="/readyz", RELAY_EMBEDDED=str(not relay_apart).lower()) as server,
    ):
        file.writelines(lines[WARM:])
        del lines[WARM:]
        send(bench, server, b"".join(lines), publish=publish)
        _wait_for_rest(server)
        return _round(bench, server, file, count, publish=publish)


def _wait_for_rest(server: Server, seconds: float = 30) -> None:
    """Wait until the process has done what its start leaves to later: half a second of work, once a process."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = server.cpu()
        time.sleep(0.5)
        if server.cpu() - before < 0.05:
            return
    raise RuntimeError(f"the server is still busy after {seconds:g} s")


def _round(bench: Laboratory, server: Server, file: IO[bytes], count: int, *, publish: bool) -> Round:
    server.forget_highest_memory()
    memory, service, database = server.memory(), server.cpu(), bench.database_cpu()
    file.seek(0)
    receiving, working, job = send(bench, server, file, publish=publish)
    service, database = server.cpu() - service, bench.database_cpu() - database
    if job["created"] != count:
        raise RuntimeError(f"not every product was created: {job}")
    return Round(
        rate=count / working,
        receiving=receiving,
        service=1000 * service / count,
        database=1000 * database / count,
        growth=server.memory("VmHWM") - memory,
    )


def send(bench: Laboratory, server: Server, file: IO[bytes] | bytes, *, publish: bool) -> tuple[float, float, Any]:
    """Send a file and wait for the end; return the seconds until it was accepted, those after, and the job."""
    authorization = {"Authorization": f"Bearer {bench.token}"}
    request = urllib.request.Request(  # noqa: S310 - to the server started here
        f"{server.url}/v1/product-imports{'?publish=true' if publish else ''}",
        data=file,
        headers=authorization | {"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"},
        method="POST",
    )
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as response:  # noqa: S310 - to the server started here
        target = response.headers["location"]
    accepted = time.perf_counter()
    job = {"state": "queued"}
    while job["state"] not in ("finished", "failed"):
        time.sleep(0.05)
        job = json.loads(server.get(target, authorization)[1])
    return accepted - began, time.perf_counter() - accepted, job


def show(what: str, rounds: Sequence[Round], *, bound: float = 0) -> None:
    """Print the median of the rounds and how far they lie apart."""
    rates = sorted(each.rate for each in rounds)
    middle = statistics.median(rates)
    judged = f", bound {bound:g}: {'holds' if middle >= bound else 'MISSED'}" if bound else ""

    def median(name: str) -> float:
        return float(statistics.median(getattr(each, name) for each in rounds))

    print(
        f"  {what}: {middle:.0f} products/s ({rates[0]:.0f}–{rates[-1]:.0f}, {len(rates)} rounds){judged}\n"
        f"      CPU a product: service {median('service'):.3f} ms, PostgreSQL {median('database'):.3f} ms;"
        f" receiving before that took {median('receiving'):.1f} s; grew by {max(r.growth for r in rounds):.1f} MiB",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())

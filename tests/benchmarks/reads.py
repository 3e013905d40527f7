"""`python -m tests.benchmarks.reads`: what a storefront's reads cost, beside a peer on the same data in the same run.

The bounds are those that the reference catalog sets itself. Rounds alternate between the two servers. CPU is the server
process's own time for one request, which says most on a machine that does other things too; wall is requests per
second with ten connections, closed loop.
"""

import argparse
import json
import statistics
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.benchmarks.costs import Costs
from tests.benchmarks.paired import ratio
from tests.benchmarks.searches import searches
from tests.benchmarks.services import HERE, Laboratory, Server, laboratory

PRODUCTS = "/v1/storefront/products"
VIEW = "channel=web&locale=de"
FIRST = f"{PRODUCTS}?{VIEW}&limit=1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; whether the bounds hold is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reads")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=500, help="of one round and server")
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--python", type=Path, help="with what the catalog runs on installed; else that is made")
    parser.add_argument("--only", choices=("reads", "search", "tracing", "starts"), help="one part of it")
    options = parser.parse_args(arguments)
    python = options.python and options.python.absolute()
    with laboratory([sys.executable, "-m", "machgen"], python) as bench:
        bench.fill(options.products)
        bench.run("peers.catalog", f"{bench.database}/ours", cwd=HERE, environment=bench.peers)
        parts: dict[str, Callable[[], None]] = {
            "reads": lambda: reads(bench, options.rounds, options.requests),
            "search": lambda: searches(bench),
            "tracing": lambda: tracing(bench, options.rounds, options.requests),
            "starts": lambda: starts(bench, options.rounds),
        }
        for name, part in parts.items():
            if options.only in (None, name):
                part()
    return 0


def reads(bench: Laboratory, rounds: int, requests: int) -> None:
    """Measure a list, products one by one, and a product of which the caller has a fresh copy."""
    with bench.ours(probe=FIRST) as ours, bench.peer(probe=FIRST) as peer:
        ids = [each["id"] for each in json.loads(ours.get(f"{PRODUCTS}?{VIEW}&limit=50")[1])["items"]]
        one = [f"{PRODUCTS}/{each}?{VIEW}" for each in ids]
        tags = {each.name: each.get(one[0])[0]["etag"] for each in (ours, peer)}
        pair = (ours, peer)
        compare(bench, pair, "list of 20", [f"{PRODUCTS}?{VIEW}&limit=20"], rounds=rounds, requests=requests, bound=2.5)
        compare(bench, pair, "one product", one, rounds=rounds, requests=requests, bound=2.5)
        compare(bench, pair, "304", one[:1], rounds=rounds, requests=requests, bound=3.0, tags=tags)


def compare(
    bench: Laboratory,
    pair: tuple[Server, Server],
    name: str,
    targets: Sequence[str],
    *,
    rounds: int,
    requests: int,
    bound: float,
    tags: dict[str, str] | None = None,
) -> None:
    """Measure two servers in turn and print how many times more requests the first one answers."""
    found = Costs()
    alternate(bench, found, pair, targets, rounds=rounds, requests=requests, tags=tags)
    found.tell(name, pair[0].name, pair[1].name, bound)


def alternate(
    bench: Laboratory,
    found: Costs,
    pair: tuple[Server, Server],
    targets: Sequence[str],
    *,
    rounds: int,
    requests: int,
    tags: dict[str, str] | None = None,
) -> None:
    """Add so many rounds to what was found, after one that does not count."""
    for round_ in range(rounds + 1):
        for server in pair if round_ % 2 else reversed(pair):  # the first one pays for what the other warms up
            headers = {"If-None-Match": tags[server.name]} if tags else {}
            costs = found if round_ else Costs()
            costs.take(bench, server, targets, requests=requests, status=304 if tags else 200, headers=headers)


def tracing(bench: Laboratory, rounds: int, requests: int) -> None:
    """Measure what traces of a tenth of the requests cost, with a collector that takes them.

    Each round is between two fresh processes, which begin in turn: between one pair alone, whatever else sets the two
    apart (one pair gave 0.66, the next ones 0.9) would be taken for the cost of traces.
    """
    found = Costs()
    with collector() as (url, taken):
        traced = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.1",
        }
        for round_ in range(rounds):
            with ExitStack() as both:
                settings = [("traced", traced), ("generated", {})]
                running = {
                    label: both.enter_context(bench.ours(label=label, probe=FIRST, **more))
                    for label, more in (settings if round_ % 2 else reversed(settings))
                }
                without = running["generated"]
                ids = [each["id"] for each in json.loads(without.get(f"{PRODUCTS}?{VIEW}&limit=50")[1])["items"]]
                targets = [f"{PRODUCTS}/{each}?{VIEW}" for each in ids]
                alternate(bench, found, (running["traced"], without), targets, rounds=2, requests=requests)
    found.tell("traced 10 %", "traced", "generated", 0.85)
    print(f"  {'':14} the collector took {taken['requests']} exports, {taken['bytes']} bytes")


@contextmanager
def collector() -> Iterator[tuple[str, dict[str, int]]]:
    """Run a collector that takes every trace (OTLP over HTTP) and counts."""
    taken = {"requests": 0, "bytes": 0}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken["requests"] += 1
            taken["bytes"] += len(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()


def starts(bench: Laboratory, rounds: int) -> None:
    """Measure the time from starting a process to its first answer from the database, and its memory when ready.

    In production, as every new pod does it: the tables are there, and the readiness probe asks. The processor's time
    until then says most on a machine that does other things too.
    """
    production = {
        "ENVIRONMENT": "prod",
        "AUTH_ISSUER": "https://issuer.example",
        "AUTH_AUDIENCE": "catalog",
        "SECRET_KEY": "of-this-measurement-and-nothing-else",
    }
    seconds: dict[str, list[float]] = {"generated": [], "peer": []}
    memory: dict[str, list[float]] = {"generated": [], "peer": []}
    cpu: dict[str, list[float]] = {"generated": [], "peer": []}
    for _ in range(rounds):
        for server_ in (bench.ours(probe=FIRST, **production), bench.peer(probe=FIRST)):
            with server_ as server:
                seconds[server.name].append(server.started)
                cpu[server.name].append(server.cpu())
                if server.name == "generated":
                    server.get("/readyz")
                memory[server.name].append(server.memory())
    for what, values, unit, bound in (
        ("start", seconds, "s", 1.3),
        ("CPU of it", cpu, "s", 1.3),
        ("memory", memory, "MiB", 1.4),
    ):
        middle, low, high = ratio(values["generated"], values["peer"])
        print(
            f"  {what:14} {statistics.median(values['generated']):.2f} {unit}, peer"
            f" {statistics.median(values['peer']):.2f} {unit}: {middle:.2f} × ({low:.2f}–{high:.2f}),"
            f" bound {bound:g}: {'holds' if middle <= bound else 'MISSED'}"
        )


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.benchmarks.searches`: searches of a storefront with two facets narrowed and all counted.

An open loop: requests are due in a steady beat, whether or not answers come, and a request's time counts from when it
was due; a server that stalls cannot hide it (coordinated omission). No two questions of a round are alike. One service
process, PostgreSQL and the load share the machine. Once nobody writes; then products are published anew all the while,
each of which the very next search has to know.
"""

import argparse
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.benchmarks.services import Laboratory, Server, laboratory

SEARCH = "/v1/storefront/search?channel=web&locale=de"
PRODUCTS = "/v1/storefront/products?channel=web&locale=de"
WORDS = ("", "pumpe", "ventil", "leise", "edelstahl", "kugel", "dn 40", "kriselpumpe", "set", "heizung", "p")
BOUND = 50.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; whether the bound holds is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.searches")
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=50.0, help="searches a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--python", type=Path, help="with what the catalog runs on installed; else that is made")
    options = parser.parse_args(arguments)
    with laboratory([sys.executable, "-m", "machgen"], options.python and options.python.absolute()) as bench:
        bench.fill(options.products)
        searches(bench, options.rate, options.seconds)
    return 0


def searches(bench: Laboratory, rate: float = 50.0, seconds: float = 30.0) -> None:
    """Measure searches on what the catalog holds."""
    with bench.ours(probe=f"{PRODUCTS}&limit=1") as server:
        _build(bench, server)
        targets = questions(server, int(rate * seconds))
        bench.ask(server, targets, connections=50, rate=rate, requests=int(5 * rate))
        _measure(bench, server, targets, rate, "search")
        with _published_anew(bench, server) as statuses:
            _measure(bench, server, targets, rate, "while publishing")
        print(f"  {'':16} publications meanwhile: {dict(Counter(statuses))}")


def questions(server: Server, count: int) -> list[str]:
    """Return so many different searches, always the same ones; each narrows two attributes to what some product has."""
    chance = random.Random(20_000)  # noqa: S311 - made-up questions, not secrets
    facets = {each["name"]: [one["value"] for one in each["values"]] for each in _facets(server)}
    names = sorted(name for name, values in facets.items() if len(values) > 1)
    made: dict[str, None] = {}
    while len(made) < count:
        word = chance.choice(WORDS)
        target = SEARCH + (f"&q={quote(word)}" if word else "")
        for name in chance.sample(names, 2):
            values = chance.sample(facets[name], chance.randint(1, min(3, len(facets[name]) - 1)))
            target += f"&filter={name}:{quote(','.join(values))}"
        made[f"{target}&limit={chance.randint(10, 30)}"] = None
    return list(made)


def _facets(server: Server) -> list[dict[str, list[dict[str, str]]]]:
    return json.loads(server.get(f"{SEARCH}&limit=1")[1])["facets"]  # type: ignore[no-any-return] # as the contract says


def _build(bench: Laboratory, server: Server) -> None:
    """Make the index by a first search, and tell what that takes."""
    memory, cpu, database = server.memory(), server.cpu(), bench.database_cpu()
    began = time.perf_counter()
    server.get(f"{SEARCH}&limit=1")
    first = time.perf_counter() - began
    while b"search index built" not in (bench.scratch / f"{server.name}.log").read_bytes():
        time.sleep(0.05)
    time.sleep(0.5)
    print(
        f"  {'first search':16} {first:.2f} s; to build the index: CPU {server.cpu() - cpu:.2f} s, PostgreSQL"
        f" {bench.database_cpu() - database:.2f} s, memory {server.memory() - memory:+.1f} MiB"
        f" on top of {memory:.1f}",
        flush=True,
    )


def _measure(bench: Laboratory, server: Server, targets: Sequence[str], rate: float, name: str) -> None:
    cpu, database = server.cpu(), bench.database_cpu()
    told = bench.ask(server, targets, connections=50, rate=rate, requests=len(targets))
    ours = 1000 * (server.cpu() - cpu) / len(targets)
    theirs = 1000 * (bench.database_cpu() - database) / len(targets)
    times = sorted(told["milliseconds"])
    p50, p95, p99 = (times[int(len(times) * share)] for share in (0.5, 0.95, 0.99))
    print(
        f"  {name:16} {rate:g}/s, {told['statuses']}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, bound"
        f" {BOUND:g}: {'holds' if p99 < BOUND else 'MISSED'}; CPU a search: {ours:.1f} ms, PostgreSQL {theirs:.1f} ms",
        flush=True,
    )


@contextmanager
def _published_anew(bench: Laboratory, server: Server, each_second: float = 5.0) -> Iterator[list[int]]:
    """Publish products anew all the while, in a steady beat; the list takes the status of each."""
    token = bench.run("chassis", "token").strip()
    ids = [each["id"] for each in json.loads(server.get(f"{PRODUCTS}&limit=100")[1])["items"]]
    done: list[int] = []
    over = threading.Event()

    def publish() -> None:
        while not over.wait(1 / each_second):
            path = f"http://127.0.0.1:{server.port}/v1/products/{ids[len(done) % len(ids)]}/publications"
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            try:
                with urllib.request.urlopen(urllib.request.Request(path, b"{}", headers), timeout=60) as response:
                    done.append(response.status)
            except urllib.error.HTTPError as refused:
                done.append(refused.code)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())

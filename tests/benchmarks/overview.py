"""`python -m tests.benchmarks.overview`: what a customer portal's overview costs, and how long its callers wait.

`GET /v1/me` of people in every role, with seven sections, on a year of business of 5,000 companies. CPU is what
the service's process and PostgreSQL's processes used for one request, which says most on a machine that does other
things too. Waiting is measured at 50 requests per second whether or not the answers come (an open loop), from the
moment at which each request was due.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.services import HERE, Laboratory, Server, laboratory

ME = "/v1/me"
PER_SECOND = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; whether the bounds hold is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.overview")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000, help="of one round")
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--people", type=int, default=8, help="who ask, each with a token of its own")
    parser.add_argument("--python", type=Path, help="with what the portal runs on installed; else that is made")
    options = parser.parse_args(arguments)
    python = options.python and options.python.absolute()
    with laboratory([sys.executable, "-m", "machgen"], python, template="portal", databases=("ours",)) as bench:
        bench.run("chassis", "migrate")
        fill(bench, options.customers)
        with bench.ours(RATE_LIMIT_REQUESTS="0") as server:
            # Every role in turn, and companies from all over.
            chosen = [number * (4 * options.customers // options.people + 1) for number in range(options.people)]
            people = [bench.run("chassis", "token", "--subject", f"person-{number}").strip() for number in chosen]
            measure(bench, server, people, rounds=options.rounds, requests=options.requests)
    return 0


def fill(bench: Laboratory, customers: int) -> None:
    """Put companies into the portal's database, straight away."""
    words = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"customers={customers}", "-f", str(HERE / "customers.sql")]
    subprocess.run([*words, f"{bench.database}/ours"], check=True, stdout=subprocess.DEVNULL)


def measure(bench: Laboratory, server: Server, tokens: Sequence[str], *, rounds: int, requests: int) -> None:
    """Ask for overviews in rounds, and print what the middle one of them cost."""
    # What is prepared once is prepared now.
    bench.ask(server, [ME], requests=200, connections=20, tokens=tokens)
    cpu: dict[str, list[float]] = {"service": [], "PostgreSQL": []}
    waits: list[list[float]] = []
    for _ in range(rounds):
        before = {"service": server.cpu(), "PostgreSQL": bench.database_cpu()}
        outcome = bench.ask(server, [ME], requests=requests, rate=PER_SECOND, connections=20, tokens=tokens)
        after = {"service": server.cpu(), "PostgreSQL": bench.database_cpu()}
        if outcome["statuses"] != {"200": requests}:
            raise RuntimeError(f"not every overview was given: {outcome['statuses']}")
        for name, seconds in cpu.items():
            seconds.append(1000 * (after[name] - before[name]) / requests)
        waits.append(statistics.quantiles(outcome["milliseconds"], n=100))
    for name, used in cpu.items():
        print(f"  {name:14} {statistics.median(used):.2f} ms CPU a request ({min(used):.2f}–{max(used):.2f})")
    for percent in (50, 99):
        each = [wait[percent - 1] for wait in waits]
        bound = ", bound 60" if percent == 99 else ""
        print(
            f"  p{percent} at {PER_SECOND}/s {statistics.median(each):8.1f} ms ({min(each):.1f}–{max(each):.1f}){bound}"
        )


if __name__ == "__main__":
    sys.exit(main())

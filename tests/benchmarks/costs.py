"""What requests cost two servers that take turns: processor time, and requests answered in a second."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.paired import ratio
from tests.benchmarks.services import Laboratory, Server


class Costs:
    """What requests cost two servers, round by round: microseconds of CPU a request, and requests a second.

    CPU is the server process's own, which says most on a machine that does other things too. Ten connections ask in a
    closed loop.
    """

    def __init__(self) -> None:
        self._cpu: dict[str, list[float]] = defaultdict(list)
        self._wall: dict[str, list[float]] = defaultdict(list)

    def take(
        self, bench: Laboratory, server: Server, targets: Sequence[str], *, requests: int, status: int, **plan: Any
    ) -> None:
        """Ask a server so many times, and add what that cost it.

        Args:
            targets: Paths with queries, asked in turn.
            status: What every answer has to be.
            plan: What else `load.Plan` knows.

        Raises:
            RuntimeError: An answer was another one.
        """
        before = server.cpu()
        told = bench.ask(server, targets, connections=10, requests=requests, **plan)
        if list(told["statuses"]) != [str(status)]:
            raise RuntimeError(f"{server.name} answered {told['statuses']} instead of {status}")
        self._cpu[server.name].append(1e6 * (server.cpu() - before) / requests)
        self._wall[server.name].append(requests / told["seconds"])

    def tell(self, name: str, first: str, second: str, bound: float) -> None:
        """Print how many times more requests the first one answers, and how much less each costs it."""
        cpu, wall = self._cpu, self._wall
        print(
            f"  {name:14} CPU a request: {_quartiles(cpu[first])} µs, {second} {_quartiles(cpu[second])} µs:"
            f" {_judged(ratio(cpu[second], cpu[first]), bound)}\n"
            f"  {'':14} requests/s:    {_quartiles(wall[first])}, {second} {_quartiles(wall[second])}:"
            f" {_judged(ratio(wall[first], wall[second]), bound)}",
            flush=True,
        )


def _quartiles(values: Sequence[float]) -> str:
    """Return median and quartiles, as `61 (60–63)`."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.0f} ({low:.0f}–{high:.0f})"


def _judged(measured: tuple[float, float, float], bound: float) -> str:
    """Return a ratio with its quartiles and whether the bound holds."""
    middle, low, high = measured
    return f"{middle:.2f} × ({low:.2f}–{high:.2f}), bound {bound:g}: {'holds' if middle >= bound else 'MISSED'}"

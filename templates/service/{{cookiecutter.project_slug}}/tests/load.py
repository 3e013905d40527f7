"""Load, honestly: requests leave when they are due, whatever became of those before; latency counts from that moment.

A generator that waits for answers before it asks again (a closed loop) slows down with the service and hides how long
callers would have waited ("coordinated omission"). This one is also lean, because it runs beside what it measures: one
process, one event loop, prepared bytes, answers parsed no further than needed.

    python -m tests.load < plan.json
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import uvloop

from chassis.project import ROOT
from tests import cores

if TYPE_CHECKING:  # a second of the processor, at each start of a load
    from tests.processes import ServerProcess


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send: ``requests`` at random, on ``connections``, for ``seconds``.

    ``rate`` is in requests per second; without one every connection asks as soon as it was answered (a closed loop), to
    find out how much the service can do. What is answered in the first ``warm_up`` seconds is not counted. It is sent
    from ``cores`` (:mod:`tests.cores`), or from any.
    """

    port: int
    requests: Sequence[str]
    connections: int
    seconds: float
    rate: float = 0.0
    warm_up: float = 0.0
    seed: int = 0
    cores: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """Answers: for each status the latencies in seconds, sorted; ``lost`` are requests without an answer."""

    seconds: float
    latencies: dict[int, list[float]]
    lost: int

    def rate(self, status: int) -> float:
        """Return how many answers of a status came per second."""
        return len(self.latencies.get(status, ())) / self.seconds

    def quantile(self, status: int, part: float) -> float:
        """Return the latency below which ``part`` of the answers of a status lie."""
        found = self.latencies.get(status, [0.0])
        return found[min(int(len(found) * part), len(found) - 1)]


def run(plan: Plan) -> Result:
    """Send load from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.load"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src")},
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    latencies = {int(status): seconds for status, seconds in found["latencies"].items()}
    return Result(seconds=found["seconds"], latencies=latencies, lost=found["lost"])


def plausible_mix(server: "ServerProcess") -> list[str]:
    """Return requests for a :class:`Plan`: seven read one thing, two list, one creates."""
    import httpx  # noqa: PLC0415 - what sends the load starts without it

    from tests import example  # noqa: PLC0415 - as above

    headers = {"Authorization": f"Bearer {server.token('ann')}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        made = [client.post(example.COLLECTION, json=example.draft()).json()["id"] for _ in range(20)]
    common = f"Host: service\r\nAuthorization: {headers['Authorization']}\r\nAccept: */*\r\nUser-Agent: load\r\n"
    body = json.dumps(example.draft())
    create = f"POST {example.COLLECTION} HTTP/1.1\r\n{common}Content-Type: application/json\r\n"
    return [
        *(f"GET {example.COLLECTION}/{one} HTTP/1.1\r\n{common}\r\n" for one in made[:7]),
        *[f"GET {example.COLLECTION}?limit=20 HTTP/1.1\r\n{common}\r\n"] * 2,
        f"{create}Content-Length: {len(body)}\r\n\r\n{body}",
    ]


@dataclass(eq=False)
class _Connection(asyncio.Protocol):
    load: "_Load"
    due: float = 0.0
    waits: bool = False
    received: bytes = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, request: bytes, due: float) -> None:
        self.due, self.waits = due, True
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self.received + data
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            at = data.find(b"content-length: ", 0, end)
            length = int(data[at + 16 : data.index(b"\r", at + 16)]) if at >= 0 else 0
            if len(data) >= end + 4 + length:
                self.received = b""
                self.waits = False
                self.load.answered(self, data[9:12])
                return
        self.received = data

    def connection_lost(self, _error: Exception | None) -> None:
        self.load.lost(self)


_THROWS = 10_000
"""How many requests, and pauses between them, are drawn by lot; then the same ones come again."""

_GRACE_SECONDS = 10.0
"""How long answers are waited for after the end."""


class _Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._dice = random.Random(plan.seed)  # noqa: S311 - chooses requests, guards nothing
        requests = [request.encode() for request in plan.requests]
        # Thrown beforehand: what the load costs while it runs may be missing to the service.
        self._requests = cycle(self._dice.choices(requests, k=_THROWS))
        self._pauses = [self._dice.expovariate(plan.rate) for _ in range(_THROWS)] if plan.rate else []
        self._idle: deque[_Connection] = deque()
        self._queue: deque[float] = deque()
        self._counting_from = self._ends = 0.0
        self.latencies: dict[bytes, list[float]] = {}
        self.missing = 0

    async def run(self) -> None:
        plan = self._plan
        opened = [
            await self._loop.create_connection(lambda: _Connection(self), "127.0.0.1", plan.port)
            for _ in range(plan.connections)
        ]
        self._idle.extend(protocol for _, protocol in opened)
        began = time.monotonic()
        self._counting_from, self._ends = began + plan.warm_up, began + plan.warm_up + plan.seconds
        if plan.rate:
            await self._on_schedule(began)
        else:
            while self._idle:
                self._send(self._idle.popleft(), time.monotonic())
        await asyncio.sleep(max(0.0, self._ends - time.monotonic()))
        connections = [protocol for _, protocol in opened]
        while self._owes(connections) and time.monotonic() < self._ends + _GRACE_SECONDS:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
        self.missing += self._owes(connections)
        for transport, _ in opened:
            transport.abort()

    def _owes(self, connections: Sequence[_Connection]) -> int:
        return len(self._queue) + sum(connection.waits for connection in connections)

    async def _on_schedule(self, began: float) -> None:
        pauses, due = cycle(self._pauses), began
        while due < self._ends:
            now = time.monotonic()
            while due <= now:
                self._queue.append(due)
                due += next(pauses)
            self._pump()
            await asyncio.sleep(0.001)

    def _pump(self) -> None:
        while self._queue and self._idle:
            self._send(self._idle.popleft(), self._queue.popleft())

    def _send(self, connection: _Connection, due: float) -> None:
        connection.send(next(self._requests), due)

    def answered(self, connection: _Connection, status: bytes) -> None:
        now = time.monotonic()
        if self._counting_from <= now < self._ends:
            self.latencies.setdefault(status, []).append(now - connection.due)
        if self._plan.rate:
            self._idle.append(connection)
            self._pump()
        elif now < self._ends:
            self._send(connection, now)

    def lost(self, connection: _Connection) -> None:
        self.missing += connection.waits
        connection.waits = False
        if connection in self._idle:
            self._idle.remove(connection)


async def _main() -> None:
    plan = Plan(**json.load(sys.stdin))
    cores.pin(plan.cores, os.getpid())
    load = _Load(plan)
    await load.run()
    latencies = {int(status): sorted(seconds) for status, seconds in load.latencies.items()}
    json.dump({"seconds": plan.seconds, "latencies": latencies, "lost": load.missing}, sys.stdout)


if __name__ == "__main__":
    uvloop.run(_main())

"""Load for one server on this machine, and what it did to it; run in a process of its own.

A script of the standard library (uvloop where it is there): it must cost far less than what it measures. Reads one
JSON object on standard input, see :class:`Plan`; writes one, see :class:`Outcome`.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import cast


@dataclass(frozen=True)
class Plan:
    """What to ask.

    Args:
        port: The server's, on 127.0.0.1.
        targets: Paths with queries, asked in turn.
        connections: How many are kept open; each has one request under way.
        requests: How many requests in all.
        headers: Sent with every request.
        tokens: Bearer tokens, each sent with every target in turn; none: no token.
        bodies: JSON documents, one POSTed to each target; none: the targets are read.
        keys: Sent as `Idempotency-Key`, one to each target; none: no key.
        rate: Requests per second, whether or not the server keeps up (an open loop); 0 asks as fast as answers come.
    """

    port: int
    targets: Sequence[str]
    connections: int
    requests: int
    headers: dict[str, str] = field(default_factory=dict)
    tokens: Sequence[str] = ()
    bodies: Sequence[str] = ()
    keys: Sequence[str] = ()
    rate: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What came of it: seconds in all, how often each status came, milliseconds of each request.

    A connection that the server closed instead of answering counts as status ``closed`` and is opened again. In an
    open loop a request's time counts from when it was due, so that a server that stalls cannot hide it.
    """

    seconds: float
    statuses: dict[str, int]
    milliseconds: list[float]


class Connection(asyncio.Protocol):
    """A kept-alive HTTP/1.1 connection with one request at a time."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = b""
        self._missing = -1
        self._answer: asyncio.Future[int] | None = None
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Send a request; the result is the status, once the whole response is here."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """Take a part of a response, which has to tell its length."""
        if self._missing < 0:
            self._received += data
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            lowered = head.lower()
            self._status = int(lowered[9:12])
            at = lowered.find(b"content-length:")
            length = int(lowered[at + 15 :].partition(b"\r\n")[0]) if at >= 0 and self._status != 304 else 0
            self._missing, self._received = length - len(rest), b""
        else:
            self._missing -= len(data)
        if self._missing <= 0 and self._answer is not None:
            answer, self._answer, self._missing = self._answer, None, -1
            answer.set_result(self._status)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is under way."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))


async def run(plan: Plan) -> Outcome:
    """Ask what the plan says."""
    loop = asyncio.get_running_loop()
    messages = [_message(plan, number, caller) for caller in plan.tokens or [""] for number in range(len(plan.targets))]
    idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(plan.connections):
        idle.put_nowait((await loop.create_connection(Connection, "127.0.0.1", plan.port))[1])
    statuses: Counter[str] = Counter()
    took: list[float] = []

    async def one(number: int, due: float) -> None:
        connection = await idle.get()
        if connection.transport.is_closing():
            connection = (await loop.create_connection(Connection, "127.0.0.1", plan.port))[1]
        try:
            status = str(await connection.ask(messages[number % len(messages)]))
        except OSError:
            status = "closed"
        statuses[status] += 1
        took.append(1000 * (time.perf_counter() - due))
        idle.put_nowait(connection)

    async def ceaselessly(numbers: range) -> None:
        for number in numbers:
            await one(number, time.perf_counter())

    began = time.perf_counter()
    if plan.rate:
        async with asyncio.TaskGroup() as group:
            for number in range(plan.requests):
                due = began + number / plan.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(number, due))
    else:
        shares = [range(start, plan.requests, plan.connections) for start in range(plan.connections)]
        await asyncio.gather(*(ceaselessly(share) for share in shares))
    seconds = time.perf_counter() - began
    while not idle.empty():
        idle.get_nowait().transport.close()
    return Outcome(seconds=seconds, statuses=dict(statuses), milliseconds=took)


def _message(plan: Plan, number: int, token: str) -> bytes:
    """Return the request for a target of the plan."""
    headers = {"Host": "127.0.0.1", **plan.headers}
    body = plan.bodies[number] if plan.bodies else ""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if plan.bodies:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body.encode()))}
    if plan.keys:
        headers["Idempotency-Key"] = plan.keys[number]
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    verb = "POST" if plan.bodies else "GET"
    return f"{verb} {plan.targets[number]} HTTP/1.1\r\n{fields}\r\n{body}".encode()


def main() -> None:
    """Do what standard input says."""
    try:
        import uvloop  # type: ignore[import-not-found] # noqa: PLC0415 - where it is there

        runner = uvloop.run
    except ImportError:
        runner = asyncio.run
    json.dump(asdict(runner(run(Plan(**json.load(sys.stdin))))), sys.stdout)


if __name__ == "__main__":
    main()

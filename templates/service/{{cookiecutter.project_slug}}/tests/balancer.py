"""A small load balancer, which learns late what its probes say, as real ones do."""

import asyncio
import re
import time
from bisect import insort
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.wire import call

_PROBE_SECONDS = 0.2
_SILENCE_SECONDS = 2.0
_NOBODY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: ?(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: ?close", re.IGNORECASE)


class Balancer:
    """Sends each request to the next process that was ready ``late`` seconds ago; never tries twice.

    A process that answers no probe in time is taken for what it was before: on a machine that does other things silence
    is no news, and what is sent to one that hangs is lost and counted.

    :param late: seconds between a probe's question and what is done about the answer.
    """

    def __init__(self, ports: list[int], *, late: float) -> None:
        self._late = late
        self._verdicts: dict[int, list[tuple[float, bool]]] = {port: [(0.0, True)] for port in ports}
        self._idle: dict[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {port: [] for port in ports}
        self._callers: set[asyncio.Task[None] | None] = set()
        self._turn = 0
        self.failures: list[str] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Balance until the block ends; yield the port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        probing = [asyncio.create_task(self._probe(port)) for port in self._verdicts]
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            tasks = [*probing, *(task for task in self._callers if task)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for _, writer in (one for idle in self._idle.values() for one in idle):
                await _close(writer)

    async def _probe(self, port: int) -> None:
        async with asyncio.TaskGroup() as questions:
            while True:  # none waits for the answer to the one before it, which may take long
                questions.create_task(self._ask(port, time.monotonic()))
                await asyncio.sleep(_PROBE_SECONDS)

    async def _ask(self, port: int, at: float) -> None:
        try:
            reply = await call(port, "GET", "/readyz", {}, seconds=_SILENCE_SECONDS)
            ready = reply is not None and reply.status == 200
        except TimeoutError:
            return
        except (OSError, EOFError):
            ready = False
        insort(self._verdicts[port], (at, ready))

    def _next(self) -> int | None:
        known_until = time.monotonic() - self._late
        good = [
            port
            for port, verdicts in self._verdicts.items()
            if next(ready for at, ready in reversed(verdicts) if at <= known_until)
        ]
        self._turn += 1
        return good[self._turn % len(good)] if good else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers.add(asyncio.current_task())
        try:
            while True:
                request = await _message(reader)
                writer.write(await self._forward(request))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller has had enough
        finally:
            self._callers.discard(asyncio.current_task())
            await _close(writer)

    async def _forward(self, request: bytes) -> bytes:
        port = self._next()
        if port is None:
            self.failures.append("no process is ready")
            return _NOBODY
        idle = self._idle[port]
        while idle and idle[-1][0].at_eof():  # closed by the process: no balancer would send there
            await _close(idle.pop()[1])
        try:
            reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            response = await _message(reader)
        except (OSError, EOFError) as error:  # the connection is gone, so there is nothing to close
            self.failures.append(f"{port}: {error!r}")
            return b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
        if _CLOSE.search(response.partition(b"\r\n\r\n")[0]):
            await _close(writer)
        else:
            idle.append((reader, writer))
        return response


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()

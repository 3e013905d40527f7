"""Limits: on how much one caller may send, how long a request may take, and how many may run at once.

Without them one slow or greedy caller takes the service from all the others. Every limit is a setting.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import problems
from chassis.metrics import Metrics
from chassis.problems import Problem
from chassis.waiting import Line

PROBES = frozenset({"/livez", "/readyz", "/metrics"})
_BODIES_PER_PLACE = 20
_LEAST = 20
_PACE_SECONDS = 0.02
_WAITS = 5
_LONGEST_STANDS_FOR = 3
_MOST_AT_ONCE = 0.5
_BUSY = 0.25


class Places:
    """How many requests may be at work, how many are, and how many wait for their bodies; shared by all who count.

    What one process can do at once depends on what is asked, on the machine and on the database. So the limit is found
    while it works: additive increase, multiplicative decrease (as TCP does it, RFC 5681), and the signal is the time
    spent waiting: for the event loop, or in a line for a connection to the database. What counts is the shortest wait
    of a tenth of a second (as in CoDel, RFC 8289): a burst, or a moment without the processor, is no overload. The
    longer the wait, the more is cut at once: whoever waits for the event loop learns late how long that takes.

    Rather than refuse anybody, let them wait for as long as ``patience`` allows. But where some are refused anyway, to
    let in more than keep everything busy gains nobody anything: all of them wait longer. So the limit goes on falling
    then, until a quarter of the patience is enough.

    :param most: the highest limit.
    :param patience: seconds that waiting may take; more, for longer than a moment, lowers the limit.
    :param lines: where requests wait for each other.
    """

    def __init__(self, most: int, *, patience: float, lines: Sequence[Line] = ()) -> None:
        self.limit = most
        self.working = 0
        self.receiving = 0
        self.refused_lately = False
        self._most = most
        self._least = min(most, _LEAST)
        self._patience = patience
        self._lines = lines
        self._waits = deque([0.0], maxlen=_WAITS)

    @property
    def taken(self) -> bool:
        """Whether the next request has to be refused."""
        return self.working >= self.limit or self.receiving >= _BODIES_PER_PLACE * self._most

    def adjust(self, waited: float) -> None:
        """Learn that somebody waited so many seconds for the event loop, or nobody for long."""
        longest = max(waited, *(line.waited for line in self._lines), 0.0)
        self._waits.extend([longest] * min(1 + int(waited / _PACE_SECONDS), _LONGEST_STANDS_FOR))
        patience = self._patience * _BUSY if self.refused_lately else self._patience
        self.refused_lately = False
        if (shortest := min(self._waits)) > patience:
            self.limit = max(self._least, int(self.limit * min(max(patience / shortest, _MOST_AT_ONCE), 0.9)))
        elif self.limit < self._most:
            self.limit += 1

    @asynccontextmanager
    async def adjusted(self) -> AsyncIterator[None]:
        """Adjust the limit all the time until the block ends."""
        task = asyncio.create_task(self._keep_adjusting())
        try:
            yield
        finally:
            task.cancel()

    async def _keep_adjusting(self) -> None:
        while True:
            due = time.monotonic() + _PACE_SECONDS
            await asyncio.sleep(_PACE_SECONDS)
            self.adjust(time.monotonic() - due)


class LoadShedding:
    """Pure ASGI middleware: refuses at once what cannot be served soon, and ends what takes too long.

    A queue that grows makes every answer late and none of them useful. When all places are taken the next request is
    a 503. A request whose body is still on its way takes no place: slow senders must not push out the others, nor
    does their time count. Probes always pass.
    """

    def __init__(self, app: ASGIApp, *, places: Places, seconds: float, metrics: Metrics) -> None:
        self._app = app
        self._places = places
        self._seconds = seconds
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if self._places.taken:
            await problems.send(self._overloaded(), scope, receive, send)
            return
        self._places.working += 1
        try:
            await self._within_time(scope, receive, send)
        finally:
            self._places.working -= 1

    async def _within_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def tracked(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        allowed = asyncio.timeout(self._seconds)
        try:
            async with allowed:
                await self._app(scope, self._stepping_aside(receive, allowed), tracked)
        except TimeoutError:
            if started or not allowed.expired():
                raise
            problem = Problem(504, "request-timeout", f"The request took longer than {self._seconds:g} s.")
            await problems.send(problem, scope, receive, send)

    def _stepping_aside(self, receive: Receive, allowed: asyncio.Timeout) -> Receive:
        """Wrap ``receive`` so that waiting for the body takes neither a place nor time."""
        complete = False

        async def wait_for_body() -> Message:
            nonlocal complete
            if complete:
                return await receive()
            allowed.reschedule(None)
            self._places.working -= 1
            self._places.receiving += 1
            try:
                message = await receive()
            finally:
                self._places.working += 1
                self._places.receiving -= 1
                # Each piece of a long upload has the time that a whole request has; all of them have the body's.
                allowed.reschedule(asyncio.get_running_loop().time() + self._seconds)
            complete = not message.get("more_body", False)
            if complete and self._places.working > self._places.limit:
                raise self._overloaded()
            return message

        return wait_for_body

    def _overloaded(self) -> Problem:
        self._metrics.count_shed()
        self._places.refused_lately = True
        return Problem(503, "overloaded", "Too many requests are running; try again.", headers={"Retry-After": "1"})


class BoundedReceive:
    """An ASGI ``receive`` that ends a body that is too long or comes too slowly.

    :param max_bytes: the longest body.
    :param seconds: how long the whole body may take, counted from the first byte asked for.
    """

    def __init__(self, receive: Receive, *, max_bytes: int, seconds: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._read = 0
        self._deadline: float | None = None

    def declare(self, content_length: str | None) -> None:
        """Refuse a body whose announced length is too much, before any of it is read.

        :raises Problem: 413.
        """
        if content_length is not None and content_length.isdecimal() and int(content_length) > self._max_bytes:
            raise self._too_long()

    async def __call__(self) -> Message:
        """Return the next piece of the body.

        :raises Problem: 413 when it is too long, 408 when it is too slow.
        """
        if self._deadline is None:
            self._deadline = time.monotonic() + self._seconds
        try:
            async with asyncio.timeout(max(0.0, self._deadline - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise Problem(
                408, "body-too-slow", f"The body took longer than {self._seconds:g} s.", headers={"Connection": "close"}
            ) from None
        self._read += len(message.get("body", b""))
        if self._read > self._max_bytes:
            raise self._too_long()
        return message

    def _too_long(self) -> Problem:
        # The rest of the body is on its way; closing the connection is the only way not to read it.
        return Problem(
            413, "body-too-large", f"The body is longer than {self._max_bytes} bytes.", headers={"Connection": "close"}
        )

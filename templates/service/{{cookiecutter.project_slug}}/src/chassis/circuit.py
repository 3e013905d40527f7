"""A circuit breaker for the database: while it is silent, nobody waits for it in vain.

A breaker that learns from its callers' failures lets each of them wait first. This one asks by itself, all the time and
on a connection of its own. So it opens within a second, ends even the work that was under way, and closes by itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType

from chassis.logs import logger

_PAUSE = 0.2
"""The part of the longest silence that passes between an answer and the next question."""
_SLICES = 8
_MOST_SLICES = 3 * _SLICES


class Unreachable(ConnectionError):  # noqa: N818 - says what is the matter
    """The other side does not answer; a class of its own, so that nobody else's TimeoutError is taken for it."""


class Circuit:
    """Open while the other side is silent.

    :param ask: asks something that is answered at once; an error of any kind says that nobody answers.
    :param cut: ends every connection there is; whoever waits on one gets an error.
    :param seconds: the longest silence, from the last answer until the circuit opens. Meanwhile two questions were
        asked, the second when half of the time for the first had passed, and neither they nor anybody's work were
        answered: one that is merely slow is not cut off, nor is one whose connection to us broke by itself.
    """

    def __init__(self, ask: Callable[[], Awaitable[None]], cut: Callable[[], None], *, seconds: float) -> None:
        self.is_open = False
        self._ask = ask
        self._cut = cut
        self._seconds = seconds
        self._answers = 0
        self._guards: set[asyncio.Timeout] = set()
        self._questions: list[asyncio.Future[None]] = []

    def guard(self) -> "Guard":
        """Return a context for work with the other side.

        :raises Unreachable: in it, when nobody answers.
        """
        return Guard(self._guards, is_open=self.is_open)

    def answered(self) -> None:
        """Tell that work with the other side succeeded."""
        self._answers += 1

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Ask during the block. At its end the questions under way are answered or given up, never left behind."""
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            if self._questions:
                # Not cancelled at once: a connection that is just being opened would be lost without being closed.
                await asyncio.wait(self._questions, timeout=self._seconds)
                self._give_up()

    async def _watch(self) -> None:
        while True:
            silent = not await self._is_heard()
            if silent:
                self._end_waiting()
            if silent != self.is_open:
                self.is_open = silent
                logger().warning("database silent" if silent else "database answers")
            await asyncio.sleep(self._seconds * _PAUSE)

    async def _is_heard(self) -> bool:
        silent, slice_, answers = 0, self._seconds * (1 - _PAUSE) / _SLICES, self._answers
        self._questions = [self._question()]
        # In slices, because a process that was held up itself must not take that for the other side's silence: one
        # that lasted longer than it should does not count, unless that goes on and on.
        for _ in range(_MOST_SLICES):
            before, began = self._answers, time.monotonic()
            waiting = [one for one in self._questions if not one.done()]
            await asyncio.wait(waiting, timeout=slice_, return_when=asyncio.FIRST_COMPLETED)
            if self._answers != before:
                silent = 0
            elif time.monotonic() - began < 1.5 * slice_:
                silent += 1
            if silent == _SLICES or any(map(_is_answered, self._questions)):
                break
            if len(self._questions) == 1 and (silent >= _SLICES / 2 or self._questions[0].done()):
                self._questions.append(self._question())
            elif all(one.done() for one in self._questions):
                break
        self._give_up()
        to_somebody_else = silent < _SLICES and self._answers != answers
        return to_somebody_else or any(map(_is_answered, self._questions))

    def _question(self) -> asyncio.Future[None]:
        question = asyncio.ensure_future(self._ask())
        question.add_done_callback(_forget)
        return question

    def _give_up(self) -> None:
        for question in self._questions:
            question.cancel()

    def _end_waiting(self) -> None:
        # First the connections, so that ending the work need not wait until each of them is closed in good order.
        self._cut()
        loop = asyncio.get_running_loop()
        while self._guards:  # each once: work that takes its time to end cannot be ended again
            self._guards.pop().reschedule(loop.time())


class Guard:
    """Ends the block with :class:`Unreachable` when the circuit opens, and refuses to begin while it is open."""

    __slots__ = ("_guards", "_is_open", "_timeout")

    def __init__(self, guards: set[asyncio.Timeout], *, is_open: bool) -> None:
        self._guards = guards
        self._is_open = is_open
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        if self._is_open:
            raise Unreachable("the circuit is open")
        await self._timeout.__aenter__()
        self._guards.add(self._timeout)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._guards.discard(self._timeout)
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError as opened:  # this one's; another's passes by it
            raise Unreachable("the circuit has opened") from opened


def _is_answered(question: asyncio.Future[None]) -> bool:
    return question.done() and not question.cancelled() and question.exception() is None


def _forget(question: asyncio.Future[None]) -> None:
    """Take note of how it ended, or asyncio logs that nobody did."""
    if not question.cancelled():
        question.exception()

"""Lines: whoever came first is let in first, and how long the first one has been waiting is known. And bells."""

import asyncio
import time
from types import TracebackType


class WaitedTooLong(TimeoutError):  # noqa: N818 - says what is the matter
    """Nobody left the line's places in time."""


class Line:
    """A semaphore that tells how long it lets others wait. Use it with ``async with``.

    :param places: how many may be in at once.
    :param seconds: the longest wait; after that it is :class:`WaitedTooLong`.
    """

    def __init__(self, places: int, *, seconds: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._seconds = seconds
        self._since: dict[object, float] = {}

    @property
    def waited(self) -> float:
        """How many seconds the first in line has waited until now."""
        return time.monotonic() - next(iter(self._since.values())) if self._since else 0.0

    async def __aenter__(self) -> None:
        if not self._places.locked():
            await self._places.acquire()  # at once
            return
        me = object()
        self._since[me] = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        except TimeoutError:
            raise WaitedTooLong from None
        finally:
            del self._since[me]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._places.release()


class Bell:
    """Tells any number of others that something has happened since they looked.

    Take :attr:`next` before you look, and wait for it afterwards: what happens between is not missed, and nobody takes
    it from anybody else.
    """

    def __init__(self) -> None:
        self.next = asyncio.Event()

    def ring(self) -> None:
        """Tell everybody."""
        self.next.set()
        self.next = asyncio.Event()

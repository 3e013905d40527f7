"""Keeping inverted indexes in memory true: made when a view is searched first, and caught up in every search.

No answer is older than its question: a search reads what was committed since the last one, takes it in, and only then
looks. Where that cannot be done at once, because the index is being built or too much has changed, there is none, and
the database is asked instead.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from chassis.database import Database
from chassis.logs import logger

from . import changes
from .reading import present

if TYPE_CHECKING:
    from .inverted import Document, InvertedIndex

_MOST_AT_ONCE = 500
"""How many changed publications a search takes in; more are taken in beside it."""

_TURN = 50
"""How many documents are taken in until others get their turn."""

_PATIENCE_SECONDS = 1.0
_OLDEST_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
_DORMANT_SECONDS = 600.0


class LiveIndex:
    """The index of one view: a channel in one of its languages."""

    def __init__(self, database: Database, channel: str, locale: str) -> None:
        self._database = database
        self._view = channel, locale
        self._index: InvertedIndex | None = None
        self._position = ""
        self._behind = False
        self._lock = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None
        self._made_at = 0.0
        self.used_at = 0.0

    def __len__(self) -> int:
        return 0 if self._index is None else len(self._index)

    @asynccontextmanager
    async def current(self) -> AsyncIterator["InvertedIndex | None"]:
        """Give the index, as true as the database, for as long as nothing is awaited; nothing when it is not ready."""
        self.used_at = time.monotonic()
        if self._index is None or self._behind:
            await asyncio.wait([self._working()], timeout=_PATIENCE_SECONDS)
        if self._index is None or self._behind:
            yield None
            return
        async with self._lock:
            yield await self._caught_up()

    async def stop(self) -> None:
        """End what is under way."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    async def _caught_up(self) -> "InvertedIndex | None":
        index = self._index
        if index is None:
            return None
        new = await changes.since(self._database, self._position)
        if not self._take_note(new) or self._behind:
            self._working()
            return None
        await self._take_in(index, new)
        aged = time.monotonic() - self._made_at > _OLDEST_SECONDS
        if aged or index.struck > len(index) // 4 + _MOST_AT_ONCE:
            self._working(anew=True)
        return index

    def _take_note(self, new: changes.Changes) -> bool:
        """Drop the index when it cannot be caught up any more; return whether it can."""
        self._behind = len(new.publications) > _MOST_AT_ONCE
        if new.lost:
            self._index = None
        return not new.lost

    def _working(self, *, anew: bool = False) -> asyncio.Task[None]:
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._make() if anew or self._index is None else self._catch_up())
            self._work.add_done_callback(_tell_failure)
        return self._work

    async def _make(self) -> None:
        """Build the index from everything that the view has."""
        from .documents import documents  # noqa: PLC0415 - most of it is needed by searches alone
        from .inverted import InvertedIndex  # noqa: PLC0415 - as above

        began = time.monotonic()
        position = await changes.position(self._database)
        index = InvertedIndex(present(*self._view).moment)
        async for piece in documents(self._database, *self._view):
            await _put(index, piece)
        async with self._lock:
            self._index, self._position, self._made_at = index, position, began
        seconds = round(time.monotonic() - began, 3)
        logger().info("search index built", view="/".join(self._view), documents=len(index), seconds=seconds)
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Take in changes until a search can do with the rest."""
        while (index := self._index) is not None:
            async with self._lock:
                new = await changes.since(self._database, self._position)
                if not self._take_note(new) or not self._behind:
                    return
                await self._take_in(index, new)

    async def _take_in(self, index: "InvertedIndex", new: changes.Changes) -> None:
        if new.publications:
            from .documents import documents_of  # noqa: PLC0415 - as above

            for publication in new.publications:
                index.strike(publication)
            async for piece in documents_of(self._database, *self._view, new.publications):
                await _put(index, piece)
        self._position = new.position


class LiveIndexes:
    """The indexes of one process.

    :param most: documents that are kept in all of them together; 0 keeps none.
    """

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._views: dict[tuple[str, str], LiveIndex] = {}
        self._refused: dict[tuple[str, str], float] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["LiveIndexes"]:
        """End what is under way at the end of the block."""
        try:
            yield self
        finally:
            for key in list(self._views):
                await self._drop(key)

    @asynccontextmanager
    async def current(self, channel: str, locale: str) -> AsyncIterator["InvertedIndex | None"]:
        """Give the index of a view, if there is one; see :meth:`LiveIndex.current`."""
        view = await self._admitted((channel, locale))
        if view is None:
            yield None
            return
        async with view.current() as index:
            yield index

    async def _admitted(self, key: tuple[str, str]) -> LiveIndex | None:
        found = self._views.get(key)
        if found is not None and self._kept() <= self._most:
            return found
        if self._refused.get(key, 0.0) > time.monotonic() or not self._most:
            return None
        query = "SELECT count(*) FROM entries WHERE channel = $1 AND locale = $2"
        count = (await self._database.fetch(query, *key))[0][0]
        if not await self._make_room(key, count):
            self._refused[key] = time.monotonic() + _AGAIN_SECONDS
            return None
        return self._views.setdefault(key, LiveIndex(self._database, *key))

    async def _make_room(self, wanted: tuple[str, str], count: int) -> bool:
        """Drop indexes that nobody uses, the longest unused first, until there is room for so many documents."""
        if wanted in self._views:  # all together have outgrown their place
            await self._drop(wanted)
        present = time.monotonic()
        for key, view in sorted(self._views.items(), key=lambda item: item[1].used_at):
            if self._kept() + count <= self._most or present - view.used_at < _DORMANT_SECONDS:
                break
            await self._drop(key)
        return self._kept() + count <= self._most

    def _kept(self) -> int:
        return sum(len(view) for view in self._views.values())

    async def _drop(self, key: tuple[str, str]) -> None:
        if (view := self._views.pop(key, None)) is not None:
            await view.stop()


async def _put(index: "InvertedIndex", piece: "Iterable[Document]") -> None:
    for number, document in enumerate(piece):
        index.put(document)
        if number % _TURN == _TURN - 1:
            await asyncio.sleep(0)
    index.settle()
    await asyncio.sleep(0)


def _tell_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger().warning("search index not built", reason=type(error).__name__)

"""Reading a piece's lines while the database is busy with the piece before it: two cores work instead of one."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..product_types.definitions import Definitions
from .entries import Entry, Verdict, read
from .failures import Attempt
from .files import numbered
from .models import ImportPiece, ImportRow

_AT_ONCE = 8
"""So many lines are read before requests have their turn: some milliseconds."""

Read = Sequence[Entry | Verdict]


class ReadAhead:
    """The lines of the piece that comes next, as far as they have been read.

    ``types`` are the product types as they were last seen, with which the lines are compared; whoever takes them in has
    to see whether these are still the same. ``interrupted`` is the attempt that was under way when the database went
    away.
    """

    def __init__(self) -> None:
        self.types: dict[str, Definitions] = {}
        self.interrupted: Attempt | None = None
        self._place: tuple[UUID, int] | None = None
        self._reading: asyncio.Task[Read] | None = None

    async def lines(self, session: AsyncSession, job: ImportRow) -> Read:
        """Return the lines of an import's present piece, and begin to read those of the next one."""
        reading = self._reading if self._place == (job.id, job.position) else None
        if reading is None:
            self.forget()
        found = await _data(session, job, job.position) if reading is None else b""
        following = await _data(session, job, job.position + 1)
        lines = await reading if reading is not None else await self._lines(found)
        self._place = (job.id, job.position + 1)
        self._reading = asyncio.create_task(self._lines(following))
        return lines

    def forget(self) -> None:
        """Let go of what has been read: another process works on that import, or this one ends."""
        if self._reading is not None:
            self._reading.cancel()
        self._place = self._reading = None

    async def _lines(self, piece: bytes) -> Read:
        found: list[Entry | Verdict] = []
        for number, text in numbered(piece) if piece else ():
            found.append(read(number, text, self.types))
            if len(found) % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return found


async def _data(session: AsyncSession, job: ImportRow, position: int) -> bytes:
    query = select(ImportPiece.data).where(ImportPiece.import_id == job.id, ImportPiece.position == position)
    return await session.scalar(query) or b""

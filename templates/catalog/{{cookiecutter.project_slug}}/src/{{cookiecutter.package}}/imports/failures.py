"""What becomes of an import at which the service itself fails: tried again, ever later, and given up in the end."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, now
from chassis.logs import logger

from . import events
from .files import numbered
from .models import ImportPiece, ImportRow
from .schemas import ImportState

MOST_ATTEMPTS = 5
_FIRST_PAUSE = timedelta(seconds=1)
"""Doubled each time: the last attempt is made a quarter of a minute after the first one."""


async def note(database: Database, import_id: UUID, error: Exception) -> None:
    """Note that the present piece of an import failed: it is tried again later, or the import is given up.

    Other imports have their turn meanwhile.
    """
    async with database.transaction() as session:
        job = await session.get(ImportRow, import_id, with_for_update=True)
        if job is None:
            return
        job.attempts += 1
        given_up = job.attempts >= MOST_ATTEMPTS
        logger().error("import failed", id=str(import_id), attempt=job.attempts, given_up=given_up, exc_info=error)
        if given_up:
            await _give_up(session, job)
        else:
            job.due_at = now() + _FIRST_PAUSE * 2 ** (job.attempts - 1)


async def _give_up(session: AsyncSession, job: ImportRow) -> None:
    """Drop what is left of the file. What came before it is in, and is settled as at the end of any import."""
    pieces = ImportPiece.import_id == job.id
    data = await session.scalar(select(ImportPiece.data).where(pieces, ImportPiece.position == job.position))
    if data is None:  # settling itself has failed
        job.failure = (job.failure or "given up at the end") + ", references to what is not there may be left"
        await close(session, job)
        return
    line, _ = next(numbered(data))
    job.failure = f"given up at line {line} after {job.attempts} attempts"
    await session.execute(delete(ImportPiece).where(pieces))
    job.pieces, job.attempts, job.due_at, job.state = job.position, 0, None, ImportState.RUNNING


async def close(session: AsyncSession, job: ImportRow) -> None:
    """End an import, and tell it."""
    job.state, job.finished_at = ImportState.FAILED if job.failure else ImportState.FINISHED, now()
    job.attempts, job.due_at = 0, None
    job.lines_kept_until = job.finished_at + timedelta(days=job.lines_days)
    await session.flush()
    await events.tell_finished(session, job)

"""What becomes of an import at which the service fails or dies: tried again, ever later, and given up in the end."""

from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The ``number``-th attempt, counted from 1, to work off an import's piece at a position."""

    import_id: UUID
    position: int
    number: int


async def book(session: AsyncSession, job: ImportRow, interrupted: Attempt | None) -> Attempt | None:
    """Count an attempt at the present piece of an import before it is made; or give the import up after so many.

    What kills the process cannot be counted afterwards. Until the booked attempt is over nobody else begins one: they
    wait as long as they would after a failure.

    :param job: locked.
    :param interrupted: an attempt that the database's absence has ended: the next one is the same one again.
    """
    again = Attempt(import_id=job.id, position=job.position, number=job.attempts)
    if again != interrupted:
        if job.attempts >= MOST_ATTEMPTS:
            logger().error("import failed", id=str(job.id), attempt=job.attempts, given_up=True, reason="process ended")
            await _give_up(session, job, "; the process ended during the last one")
            return None
        job.attempts += 1
    job.due_at = now() + _pause(job.attempts)
    return Attempt(import_id=job.id, position=job.position, number=job.attempts)


async def note(database: Database, attempt: Attempt, error: Exception) -> None:
    """Note that an attempt failed: the piece is tried again later, or the import is given up.

    Other imports have their turn meanwhile.
    """
    async with database.transaction() as session:
        job = await session.get(ImportRow, attempt.import_id, with_for_update=True)
        if job is None or (job.position, job.attempts) != (attempt.position, attempt.number):
            return
        given_up = job.attempts >= MOST_ATTEMPTS
        logger().error("import failed", id=str(job.id), attempt=job.attempts, given_up=given_up, exc_info=error)
        if given_up:
            await _give_up(session, job)
        else:
            job.due_at = now() + _pause(job.attempts)


def _pause(attempts: int) -> timedelta:
    pause: timedelta = _FIRST_PAUSE * 2 ** (attempts - 1)
    return pause


async def _give_up(session: AsyncSession, job: ImportRow, how: str = "") -> None:
    """Drop what is left of the file. What came before it is in, and is settled as at the end of any import."""
    pieces = ImportPiece.import_id == job.id
    data = await session.scalar(select(ImportPiece.data).where(pieces, ImportPiece.position == job.position))
    if data is None:  # settling itself has failed
        job.failure = (job.failure or "given up at the end") + ", references to what is not there may be left"
        await close(session, job)
        return
    line, _ = next(numbered(data))
    job.failure = f"given up at line {line} after {job.attempts} attempts{how}"
    await session.execute(delete(ImportPiece).where(pieces))
    job.pieces, job.attempts, job.due_at, job.state = job.position, 0, None, ImportState.RUNNING


async def close(session: AsyncSession, job: ImportRow) -> None:
    """End an import, and tell it."""
    job.state, job.finished_at = ImportState.FAILED if job.failure else ImportState.FINISHED, now()
    job.attempts, job.due_at = 0, None
    job.lines_kept_until = job.finished_at + timedelta(days=job.lines_days)
    await session.flush()
    await events.tell_finished(session, job)

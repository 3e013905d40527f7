"""What can be done with imports: receiving a file, working it off piece by piece, settling what it refers to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import JsonText, insert_rows
from chassis.database import Database, now
from chassis.problems import Problem

from . import failures
from .ahead import ReadAhead
from .batch import take_in
from .failures import Attempt
from .models import ImportLine, ImportPiece, ImportRow
from .publishing import publish
from .schemas import ImportState, Outcome
from .settling import finish, note_pending

LONGEST_UPLOAD_SECONDS = 600.0
_FORGOTTEN_AT_ONCE = 5_000
_NONE = JsonText("[]")


def listed() -> Select[ImportRow]:
    """Return the query for imports."""
    return select(ImportRow)


async def find(session: AsyncSession, import_id: UUID) -> ImportRow:
    """Return one import.

    :raises Problem: 404 when there is none.
    """
    row = await session.get(ImportRow, import_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such import.")
    return row


async def lines_of(
    session: AsyncSession, import_id: UUID, outcome: Outcome | None, after: int, limit: int
) -> list[ImportLine]:
    """Return what became of the lines after a line, at most ``limit`` of them."""
    query = select(ImportLine).where(ImportLine.import_id == import_id, ImportLine.line > after)
    if outcome is not None:
        query = query.where(ImportLine.outcome == outcome)
    return list(await session.scalars(query.order_by(ImportLine.line).limit(limit)))


async def receive(
    database: Database, pieces: AsyncIterator[bytes], *, publish: bool, lines_days: int
) -> tuple[UUID, int]:
    """Store a file as it arrives. It waits for :func:`queue`.

    Each piece is a transaction of its own: a slow sender holds none open, and one that goes away leaves a file that is
    never worked off.

    :param lines_days: for how many days after its end what became of the lines is kept.
    :returns: the import's id, and in how many pieces its file is.
    :raises Problem: what is wrong with the file; nothing of it is kept then.
    """
    async with database.transaction() as session:
        row = ImportRow(
            state=ImportState.RECEIVING,
            publish=publish,
            **dict.fromkeys(("position", "pieces", "attempts", "lines", *Outcome), 0),
            lines_days=lines_days,
        )
        session.add(row)
    count = 0
    try:
        async for piece in pieces:
            async with database.transaction() as session:
                await session.execute(insert(ImportPiece), [{"import_id": row.id, "position": count, "data": piece}])
            count += 1
    except Problem:  # of the file itself, or with the way it arrives
        async with database.transaction() as session:
            await discard(session, row.id)
        raise
    return row.id, count


async def queue(session: AsyncSession, import_id: UUID, pieces: int) -> ImportRow:
    """Let a file be worked off that has arrived as a whole."""
    row = await find(session, import_id)
    row.state, row.pieces = ImportState.QUEUED, pieces
    await session.flush()
    return row


async def discard(session: AsyncSession, import_id: UUID) -> None:
    """Forget a file that is not to be worked off."""
    await session.execute(delete(ImportRow).where(ImportRow.id == import_id))


async def work_off_next(database: Database, ahead: ReadAhead) -> bool:
    """Work off one piece of the oldest import that is due and that nobody else works on, in one transaction.

    Whatever kills the process, the piece is worked off wholly or not at all, and the next process goes on there. A
    piece that fails, or kills the process, is tried again later, so many times; then the import is given up
    (:mod:`.failures`).

    :param ahead: what the call before this one has left: what it has read already of the piece that follows.
    :returns: whether there was something to do.
    :raises Problem: 503 when the database is away: that is nobody's failure.
    """
    attempt: Attempt | None = None
    try:
        async with database.transaction() as session:
            job = await _next(session)
            if job is None:
                return False
            attempt = await failures.book(session, job, ahead.interrupted)
        if attempt is not None:
            async with database.transaction() as session:
                await _make(session, attempt, ahead)
    except Exception as error:  # whatever it is: it is noted, and so often tried again before the import is given up
        ahead.forget()
        if attempt is None:
            raise
        if isinstance(error, Problem) and error.status == 503:
            ahead.interrupted = attempt
            raise
        await failures.note(database, attempt, error)
    return True


async def _next(session: AsyncSession) -> ImportRow | None:
    waiting = ImportRow.state.in_([ImportState.QUEUED, ImportState.RUNNING])
    due = ImportRow.due_at.is_(None) | (ImportRow.due_at <= now())
    query = select(ImportRow).where(waiting, due).order_by(ImportRow.id).limit(1)
    row: ImportRow | None = await session.scalar(query.with_for_update(skip_locked=True))
    return row


async def _make(session: AsyncSession, attempt: Attempt, ahead: ReadAhead) -> None:
    """Work off a piece, or settle what is left at the end, unless somebody else has begun with it meanwhile."""
    query = select(ImportRow).where(ImportRow.id == attempt.import_id, ImportRow.position == attempt.position)
    query = query.where(ImportRow.attempts == attempt.number)
    job = await session.scalar(query.with_for_update(skip_locked=True))
    if job is None:
        return
    if job.position < job.pieces:
        await _work_off(session, job, ahead)
    else:
        await finish(session, job)
    job.attempts, job.due_at = 0, None


async def _work_off(session: AsyncSession, job: ImportRow, ahead: ReadAhead) -> None:
    verdicts = await take_in(session, await ahead.lines(session, job), ahead.types)
    if job.publish:
        await publish(session, verdicts)
    here = ImportPiece.import_id == job.id, ImportPiece.position == job.position
    await session.execute(delete(ImportPiece).where(*here))
    rows = [
        {
            "import_id": job.id,
            "line": each.line,
            "outcome": each.outcome,
            "key": each.key,
            "reasons": [one.model_dump(exclude_none=True) for one in each.reasons[:20]] if each.reasons else _NONE,
        }
        for each in verdicts
    ]
    await insert_rows(session, ImportLine, rows)
    await note_pending(session, job, verdicts)
    job.state, job.position, job.lines = ImportState.RUNNING, job.position + 1, job.lines + len(verdicts)
    outcomes = [each.outcome for each in verdicts]
    for outcome in Outcome:
        setattr(job, outcome, getattr(job, outcome) + outcomes.count(outcome))
    await session.flush()


async def clear_abandoned(database: Database, age: timedelta) -> int:
    """Delete files whose sender went away, or whose process died, before they were complete.

    :param age: for how long a file may at most be under way.
    :returns: how many there were.
    """
    async with database.transaction() as session:
        waiting = (ImportRow.state == ImportState.RECEIVING, ImportRow.created_at < now() - age)
        gone = (await session.execute(delete(ImportRow).where(*waiting).returning(ImportRow.id))).all()
        return len(gone)


async def forget_lines(database: Database) -> bool:
    """Delete some of what became of the lines of imports that ended long ago; their counts stay.

    :returns: whether there were any.
    """
    async with database.transaction() as session:
        first = select(ImportLine.import_id, ImportLine.line).join(ImportRow, ImportRow.id == ImportLine.import_id)
        first = first.where(ImportRow.lines_kept_until <= now()).order_by(ImportLine.import_id, ImportLine.line)
        found = (await session.execute(first.limit(1))).one_or_none()
        if found is not None:
            import_id, line = found
            some = ImportLine.line < line + _FORGOTTEN_AT_ONCE
            await session.execute(delete(ImportLine).where(ImportLine.import_id == import_id, some))
        return found is not None

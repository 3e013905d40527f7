"""What can be done with imports: receiving a file, working it off piece by piece, settling what it refers to."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import JsonText, insert_rows, one_of
from chassis.database import Database, now
from chassis.problems import FieldError, Problem

from ..product_types.definitions import Definitions
from ..product_types.schemas import AttributeDefinition, SetType
from ..products import service as products
from ..products.models import ProductRow
from ..products.schemas import ProductDraft
from ..publications import service as publications
from . import failures
from .ahead import ReadAhead
from .batch import take_in
from .entries import Verdict
from .failures import Attempt
from .models import ImportLine, ImportPiece, ImportRow, PendingReference
from .schemas import ImportState, Outcome

LONGEST_UPLOAD_SECONDS = 600.0
_DANGLING_AT_ONCE = 200
_PUBLISHED_AT_ONCE = 200
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
    except Exception as error:
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
        await _finish(session, job)
    job.attempts, job.due_at = 0, None


async def _work_off(session: AsyncSession, job: ImportRow, ahead: ReadAhead) -> None:
    verdicts = await take_in(session, await ahead.lines(session, job), ahead.types)
    if job.publish:
        await _publish(session, verdicts)
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
    pending = [
        {"import_id": job.id, "line": each.line, "target": target, "product": each.key}
        for each in verdicts
        for target in each.pending
    ]
    await insert_rows(session, PendingReference, pending)
    job.state, job.position, job.lines = ImportState.RUNNING, job.position + 1, job.lines + len(verdicts)
    outcomes = [each.outcome for each in verdicts]
    for outcome in Outcome:
        setattr(job, outcome, getattr(job, outcome) + outcomes.count(outcome))
    await session.flush()


async def _publish(session: AsyncSession, verdicts: list[Verdict]) -> None:
    """Publish for every channel what was written and is fit to be seen; note at the line why something is not."""
    by_id = {each.product_id: each for each in verdicts if each.product_id is not None}
    if not by_id:
        return
    try:
        targets = await publications.targets_of(session, None)
    except Problem as problem:  # there is no channel
        for verdict in by_id.values():
            verdict.reasons.append(FieldError(pointer="", detail=f"not published: {problem.detail}"))
        return
    definitions: dict[str, Definitions] = {}
    ids = sorted(by_id)
    for start in range(0, len(ids), _PUBLISHED_AT_ONCE):
        query = select(ProductRow).where(one_of(session, ProductRow.id, ids[start : start + _PUBLISHED_AT_ONCE]))
        items = []
        for row in await session.scalars(query.order_by(ProductRow.id).execution_options(populate_existing=True)):
            if row.product_type not in definitions:
                found = await products.definitions_of(session, row.product_type)
                definitions[row.product_type] = Definitions(found)
            item = publications.Item(row=row, draft=products.draft_of(row), definitions=definitions[row.product_type])
            if reasons := publications.unfit(item, targets):
                by_id[row.id].reasons += reasons
            else:
                items.append(item)
        if items:
            await publications.freeze(session, items, targets, now(), None)


async def _finish(session: AsyncSession, job: ImportRow) -> None:
    """Drop the references that no line brought, say so at their lines, and close the import; so many in one turn."""
    there = select(ProductRow.key).where(ProductRow.key == PendingReference.target).exists()
    query = select(PendingReference).where(PendingReference.import_id == job.id, ~there)
    dangling: dict[tuple[int, str], list[str]] = {}
    for each in await session.scalars(query.order_by(PendingReference.line).limit(_DANGLING_AT_ONCE)):
        dangling.setdefault((each.line, each.product), []).append(each.target)
    for (line, key), targets in dangling.items():
        row = await session.scalar(select(ProductRow).where(ProductRow.key == key).with_for_update(key_share=True))
        if row is not None:
            definitions = await products.definitions_of(session, row.product_type)
            # Nothing is claimed by leaving something out, so nothing can be in its way.
            await products.save(session, row, _without(products.draft_of(row), definitions, set(targets)), definitions)
        detail = f"left out, because they are not there: {', '.join(targets)}"
        reasons = [FieldError(pointer="", detail=detail).model_dump(exclude_none=True)]
        here = (ImportLine.import_id == job.id, ImportLine.line == line)
        await session.execute(update(ImportLine).where(*here).values(reasons=reasons))
        done = (PendingReference.import_id == job.id, PendingReference.line == line)
        await session.execute(delete(PendingReference).where(*done, PendingReference.target.in_(targets)))
    if dangling:
        return
    await session.execute(delete(PendingReference).where(PendingReference.import_id == job.id))
    await failures.close(session, job)


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


def _without(draft: ProductDraft, definitions: list[AttributeDefinition], gone: set[str]) -> ProductDraft:
    """Return a product without its references to products that are not there."""
    document = draft.model_dump(mode="json")
    document["related"] = [key for key in draft.related if key not in gone]
    for definition in definitions:
        kind = definition.type.element if isinstance(definition.type, SetType) else definition.type
        if kind.kind != "reference" or kind.target != "product":
            continue
        for variant in document["variants"]:
            value = variant["attributes"].get(definition.name)
            if isinstance(value, list):
                variant["attributes"][definition.name] = [key for key in value if key not in gone]
            elif value in gone:
                del variant["attributes"][definition.name]
    return ProductDraft.model_validate(document)

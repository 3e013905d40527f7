"""What can be done with notes. Knows the database and the rules, and nothing of HTTP.

Every query filters by tenant and owner: somebody else's note does not exist.
"""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.problems import Problem

from . import events
from .models import NoteRow
from .schemas import NoteDraft


def owned(caller: Principal, *, pinned: bool | None = None) -> Select[NoteRow]:
    """Return the query for the notes of the caller.

    :param pinned: only those that are pinned, or only those that are not; ``None`` for all.
    """
    query = select(NoteRow).where(NoteRow.tenant == caller.tenant, NoteRow.owner == caller.subject)
    return query if pinned is None else query.where(NoteRow.pinned == pinned)


async def find(session: AsyncSession, caller: Principal, note_id: UUID) -> NoteRow:
    """Return one note.

    :raises Problem: 404 when the caller has no such note.
    """
    note = await session.scalar(owned(caller).where(NoteRow.id == note_id))
    if note is None:
        raise Problem(404, "not-found", "There is no such note.")
    return note


async def create(session: AsyncSession, caller: Principal, draft: NoteDraft) -> NoteRow:
    """Store a new note."""
    note = NoteRow(tenant=caller.tenant, owner=caller.subject, **draft.model_dump())
    session.add(note)
    await session.flush()
    await events.tell(session, events.CREATED, note)
    return note


async def replace(session: AsyncSession, note: NoteRow, draft: NoteDraft) -> None:
    """Replace what the caller may write; a draft that changes nothing makes no new version."""
    before = note.version
    for name, value in draft.model_dump().items():
        setattr(note, name, value)
    await session.flush()
    if note.version != before:
        await events.tell(session, events.CHANGED, note)


async def delete(session: AsyncSession, note: NoteRow) -> None:
    """Delete a note."""
    await session.delete(note)
    await session.flush()
    await events.tell(session, events.DELETED, note)

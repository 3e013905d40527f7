"""Notes over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from . import service
from .models import NoteRow
from .schemas import Note, NoteDraft, NotePatch

router = resource_router("/v1/notes", tag="notes")

NoteId = Annotated[UUID, Path(description="the note's id")]


@router.get("", summary="List your notes")
@requires("notes:read")
async def list_notes(
    caller: Caller,
    session: Session,
    page: PageRequest,
    pinned: Annotated[bool | None, Query(description="only pinned notes, or only the others")] = None,
) -> Page[Note]:
    """List the caller's notes, oldest first."""
    rows, following = await page.fetch(session, service.owned(caller, pinned=pinned), NoteRow.id)
    return Page(items=[Note.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a note")
@idempotent(required=False)
@requires("notes:write")
async def create_note(caller: Caller, session: Session, draft: NoteDraft, response: Response) -> Note:
    """Create a note that belongs to the caller."""
    note = await service.create(session, caller, draft)
    response.headers["Location"] = f"/v1/notes/{note.id}"
    response.headers["ETag"] = etag(note)
    return Note.model_validate(note)


@router.get("/{note_id}", summary="Read a note")
@requires("notes:read")
async def read_note(caller: Caller, session: Session, note_id: NoteId, copy: IfNoneMatch) -> Note:
    """Read one of the caller's notes."""
    note = await service.find(session, caller, note_id)
    copy.check(note)
    return Note.model_validate(note)


@router.put("/{note_id}", summary="Replace a note")
@requires("notes:write")
async def replace_note(caller: Caller, session: Session, note_id: NoteId, seen: IfMatch, draft: NoteDraft) -> Note:
    """Replace everything the caller may write."""
    note = await service.find(session, caller, note_id)
    seen.check(note)
    await service.replace(session, note, draft)
    seen.changed(note)
    return Note.model_validate(note)


@router.patch("/{note_id}", summary="Change a note")
@requires("notes:write")
async def update_note(caller: Caller, session: Session, note_id: NoteId, seen: IfMatch, patch: NotePatch) -> Note:
    """Change some members and leave the others."""
    note = await service.find(session, caller, note_id)
    seen.check(note)
    await service.replace(session, note, patched(NoteDraft.model_validate(note), patch))
    seen.changed(note)
    return Note.model_validate(note)


@router.delete("/{note_id}", status_code=204, summary="Delete a note")
@requires("notes:write")
async def delete_note(caller: Caller, session: Session, note_id: NoteId, seen: IfMatch) -> None:
    """Delete a note for good."""
    note = await service.find(session, caller, note_id)
    seen.check(note)
    await service.delete(session, note)

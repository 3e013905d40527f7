"""What the rest of the company learns about notes."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import NoteRow


class NoteFact(BaseModel):
    """Which note, and in which version; who may see more reads it from the API."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the note", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="its version after the change", examples=[1])


CREATED = EventType(name="note.created", summary="A note was created.", data=NoteFact)
CHANGED = EventType(name="note.changed", summary="A note was changed.", data=NoteFact)
DELETED = EventType(name="note.deleted", summary="A note was deleted.", data=NoteFact)


async def tell(session: AsyncSession, kind: EventType, note: NoteRow) -> None:
    """Record what happened to a note, in the transaction that makes it so."""
    await record(session, kind, subject=f"notes/{note.id}", data=NoteFact.model_validate(note))

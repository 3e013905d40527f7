"""Notes as callers see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Title = Annotated[str, Field(min_length=1, max_length=200, description="what the note is about", examples=["Milk"])]
Text = Annotated[
    str | None, Field(max_length=10_000, description="the note itself", examples=["Two litres, not the fat one."])
]
Pinned = Annotated[bool, Field(strict=True, description="whether it is kept at hand", examples=[True])]


class NoteDraft(BaseModel):
    """What a caller writes: a whole note without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    title: Title
    text: Text = None
    pinned: Pinned = False


class NotePatch(BaseModel):
    """A change of a note (RFC 7396): members that are left out stay, `null` removes."""

    model_config = ConfigDict(extra="forbid")

    # Defaults that nobody sees: only what was sent counts. A member that cannot be removed does not take null.
    title: Title = Field(default_factory=str)
    text: Text = None
    pinned: Pinned = Field(default_factory=bool)


class Note(BaseModel):
    """A note."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    title: Title
    text: Text
    pinned: Pinned
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])

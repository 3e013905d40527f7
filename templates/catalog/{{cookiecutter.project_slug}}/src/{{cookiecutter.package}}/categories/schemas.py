"""Categories as callers see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Key

from ..vocabulary.localized import (
    LocalizedName,
    LocalizedNamePatch,
    LocalizedSlug,
    LocalizedSlugPatch,
    LocalizedText,
    LocalizedTextPatch,
)

Position = Annotated[int, Field(ge=0, le=1_000_000, description="order among siblings, lowest first", examples=[10])]
Parent = Annotated[Key | None, Field(description="key of the category above; null at the top", examples=["pumps"])]


class CategoryDraft(BaseModel):
    """What a caller writes: a whole category without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key | None = Field(None, description="left out, one is made; it never changes", examples=["pumps"])
    parent: Parent = None
    position: Position = 0
    name: LocalizedName
    slug: LocalizedSlug = Field(default_factory=dict)
    description: LocalizedText = Field(default_factory=dict)


class CategoryPatch(BaseModel):
    """A change of a category (RFC 7396): members that are left out stay, `null` removes. Another parent moves it."""

    model_config = ConfigDict(extra="forbid")

    parent: Parent = None
    position: Position | None = None
    name: LocalizedNamePatch | None = None
    slug: LocalizedSlugPatch | None = None
    description: LocalizedTextPatch | None = None


class Category(CategoryDraft):
    """A category."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    key: Key
    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])

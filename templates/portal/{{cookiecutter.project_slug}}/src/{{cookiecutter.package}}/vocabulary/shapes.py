"""Shapes: what all drafts, patches and resources have in common, as callers see them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis import values

Moment = Annotated[values.Moment, Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])]

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
"""One line of text that says something."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"\S")]
"""Text of any length that a person writes."""

Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="how many", examples=[4])]


class Draft(BaseModel):
    """What a caller writes: everything that is not the service's own. What is not named here is refused."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Patch(BaseModel):
    """A change (RFC 7396): members that are left out stay, `null` removes."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What every resource has: identity, version and times, all of them the service's own."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    created_at: Moment
    updated_at: Moment

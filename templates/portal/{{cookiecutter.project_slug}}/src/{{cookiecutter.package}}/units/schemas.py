"""Business units as callers see them."""

from uuid import UUID

from pydantic import ConfigDict, Field

from ..vocabulary.shapes import Draft, Line, Patch, Shown


class UnitDraft(Draft):
    """A business unit to be made below another one."""

    parent_id: UUID = Field(description="the unit that it belongs to")
    name: Line = Field(description="what people call it", examples=["Plant Cologne"])
    cost_centre: Line | None = Field(None, max_length=100, description="what it is charged to", examples=["4711"])


class UnitMove(Draft):
    """Where a business unit shall lie."""

    parent_id: UUID = Field(description="the unit that it shall belong to, of the same account")


class UnitPatch(Patch):
    """A change of a business unit (RFC 7396): members that are left out stay, `null` removes."""

    # A default that nobody sees: only what was sent counts. A name cannot be removed.
    name: Line = Field(default_factory=str)
    cost_centre: Line | None = Field(None, max_length=100)


class UnitWritable(Draft):
    """What can be changed of a business unit."""

    name: Line
    cost_centre: Line | None = Field(None, max_length=100)


class BusinessUnit(Shown):
    """A business unit."""

    model_config = ConfigDict(from_attributes=True)

    account_id: UUID = Field(description="the account it belongs to")
    parent_id: UUID | None = Field(description="the unit that it belongs to; none has the account's own")
    name: str = Field(description="what people call it", examples=["Plant Cologne"])
    cost_centre: str | None = Field(description="what it is charged to", examples=["4711"])

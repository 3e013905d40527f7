"""Publications as callers see them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.values import Key, Moment

From = Annotated[
    Moment | None, Field(description="when touchpoints begin to see it", examples=["2026-01-31T12:00:00Z"])
]
Until = Annotated[
    Moment | None, Field(description="when they cease to; null: never", examples=["2026-12-31T12:00:00Z"])
]


class PublicationDraft(BaseModel):
    """What a caller asks for: to freeze the product as it stands."""

    model_config = ConfigDict(extra="forbid")

    channels: Annotated[list[Key], Field(min_length=1, max_length=100)] | None = Field(
        None, description="keys of the channels that show it; left out: all there are"
    )
    product_version: int | None = Field(
        None, ge=1, lt=2**31, description="the version that was looked at; another one is a 409", examples=[1]
    )
    valid_from: From = None
    valid_until: Until = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self


class Publication(BaseModel):
    """A version of a product, frozen for some channels and some time."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    product_id: UUID = Field(description="the product", examples=["0190a5e0-0000-7000-8000-000000000000"])
    product_version: int = Field(description="the version that was frozen", examples=[1])
    channels: list[Key] = Field(description="keys of the channels that show it")
    valid_from: datetime = Field(description="when touchpoints begin to see it", examples=["2026-01-31T12:00:00Z"])
    valid_until: datetime | None = Field(description="when they cease to", examples=["2026-12-31T12:00:00Z"])
    withdrawn_at: datetime | None = Field(description="when it was withdrawn", examples=["2026-02-28T12:00:00Z"])
    ended: bool = Field(description="whether it is over for good: withdrawn or replaced", examples=[False])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])

"""Assortments as callers see them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.values import Key, Moment

from ..vocabulary.localized import LocalizedName, LocalizedNamePatch

Channels = Annotated[list[Key], Field(min_length=1, max_length=100, description="keys of the channels that may see it")]
Everything = Annotated[bool, Field(description="whether every product belongs to it", examples=[False])]
Categories = Annotated[list[Key], Field(max_length=500, description="products in or below these belong to it")]
Products = Annotated[list[Key], Field(max_length=5000, description="these products belong to it")]
From = Annotated[Moment | None, Field(description="not before; null: always", examples=["2026-01-31T12:00:00Z"])]
Until = Annotated[Moment | None, Field(description="before; null: for ever", examples=["2026-12-31T12:00:00Z"])]


class AssortmentDraft(BaseModel):
    """What a caller writes: a whole assortment without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    name: LocalizedName
    channels: Channels
    everything: Everything = False
    categories: Categories = Field(default_factory=list)
    products: Products = Field(default_factory=list)
    valid_from: From = None
    valid_until: Until = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for what, keys in (("channels", self.channels), ("categories", self.categories), ("products", self.products)):
            if len(set(keys)) < len(keys):
                raise ValueError(f"{what}: {next(key for key in keys if keys.count(key) > 1)} appears twice")
        return self

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValueError("valid_until must be later than valid_from")
        return self


class AssortmentPatch(BaseModel):
    """A change of an assortment (RFC 7396): members that are left out stay, `null` removes; lists are replaced."""

    model_config = ConfigDict(extra="forbid")

    name: LocalizedNamePatch | None = None
    channels: Channels | None = None
    everything: Everything | None = None
    categories: Categories | None = None
    products: Products | None = None
    valid_from: From = None
    valid_until: Until = None


class Assortment(AssortmentDraft):
    """An assortment."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])

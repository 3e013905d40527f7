"""Channels as callers see them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chassis.patterns import worded
from chassis.values import Currency, Key, Locale

from ..vocabulary.localized import LocalizedName, LocalizedNamePatch
from ..vocabulary.names import Name


class ChannelLocale(BaseModel):
    """A language of a channel, and the ones that stand in for a missing translation, the best first."""

    model_config = ConfigDict(extra="forbid")

    locale: Locale
    fallbacks: list[Locale] = Field(default_factory=list, max_length=10, description="tried in this order")

    @property
    def chain(self) -> tuple[str, ...]:
        """The language and its fallbacks."""
        return (self.locale, *self.fallbacks)


Site = Annotated[
    str | None,
    StringConstraints(
        pattern=worded(r"^https://[^\s/?#]+(/[^\s?#]*)?$", "takes an https:// address without query and fragment"),
        max_length=500,
    ),
    Field(
        description="where the touchpoint lives; the sitemap and JSON-LD build absolute URLs from it",
        examples=["https://shop.example.com/de/p"],
    ),
]
Traits = Annotated[list[Name], Field(max_length=50, description="namespaces of traits that the channel may see")]
Locales = Annotated[
    list[ChannelLocale],
    Field(
        min_length=1,
        max_length=30,
        description="the languages; the first one is the default",
        examples=[[{"locale": "de-AT", "fallbacks": ["de", "en"]}]],
    ),
]


class ChannelDraft(BaseModel):
    """What a caller writes: a whole channel without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    name: LocalizedName
    currency: Currency
    locales: Locales
    traits: Traits = Field(default_factory=list)
    site: Site = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [each.locale for each in self.locales]
        if len(set(names)) < len(names):
            raise ValueError("a language appears twice")
        return self


class ChannelPatch(BaseModel):
    """A change of a channel (RFC 7396): members that are left out stay, `null` removes."""

    model_config = ConfigDict(extra="forbid")

    name: LocalizedNamePatch | None = None
    currency: Currency | None = None
    locales: Locales | None = None
    traits: Traits | None = None
    site: Site = None


class Channel(ChannelDraft):
    """A channel."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])

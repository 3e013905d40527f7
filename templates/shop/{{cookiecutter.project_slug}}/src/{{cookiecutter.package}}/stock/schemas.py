"""Stock as callers see it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Key, Sku

from ..vocabulary.stored import Stored

MOST_PIECES = 1_000_000_000
Pieces = Annotated[int, Field(strict=True, ge=0, le=MOST_PIECES, description="how many pieces", examples=[100])]


class StockItemDraft(BaseModel):
    """What a caller writes: an article at a location."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    location: Key
    on_hand: Pieces = 0
    safety: Annotated[Pieces, Field(description="pieces that are never sold")] = 0
    low_at: Annotated[Pieces, Field(description="`stock.low` is told when so few can still be sold")] = 0


class StockItemPatch(BaseModel):
    """A change of its thresholds (RFC 7396). What lies there changes by adjustments, never by being overwritten."""

    model_config = ConfigDict(extra="forbid")

    safety: Pieces = Field(default_factory=int)
    low_at: Pieces = Field(default_factory=int)


class StockItem(Stored):
    """An article at a location."""

    sku: Sku
    location: Key
    on_hand: Pieces
    reserved: Annotated[Pieces, Field(description="of these so many are spoken for")]
    safety: Pieces
    low_at: Pieces
    available: Annotated[Pieces, Field(description="can still be sold")]


class Adjustment(BaseModel):
    """Pieces that came or went."""

    model_config = ConfigDict(extra="forbid")

    difference: Annotated[
        int, Field(strict=True, ge=-1_000_000_000, le=1_000_000_000, description="more, or fewer", examples=[25])
    ]


class ReservationDraft(BaseModel):
    """Pieces that somebody wants to be sure of for a while, such as a till during a sale."""

    model_config = ConfigDict(extra="forbid")

    lines: list["WantedPieces"] = Field(min_length=1, max_length=100, description="all of them or none")
    seconds: Annotated[int, Field(strict=True, ge=1, le=86_400, description="how long", examples=[600])] = 600
    locations: list[Key] = Field(default_factory=list, max_length=50, description="where from; empty: anywhere")


class WantedPieces(BaseModel):
    """Pieces of an article."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="how many pieces", examples=[2])]


class Reservation(BaseModel):
    """Pieces that are spoken for."""

    id: UUID = Field(description="the reservation", examples=["0190a5e0-0000-7000-8000-000000000000"])
    expires_at: datetime = Field(description="when they are free again", examples=["2026-01-31T12:10:00Z"])
    lines: list["ReservedPieces"] = Field(description="where they lie")


class ReservedPieces(WantedPieces):
    """Pieces of an article at a location."""

    location: Key

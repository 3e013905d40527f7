"""How quotes are stored: the request, each offer as it was made, and every move on record."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.columns import OfPerson, Tenanted


class QuoteRow(Resource, OfPerson, Base):
    """One request for a price. ``round`` counts the offers; ``valid_until`` is the newest one's."""

    __tablename__ = "quotes"
    __table_args__ = (Index(None, "tenant", "state", "id"), Index(None, "state", "valid_until"))

    title: Mapped[str] = mapped_column(String(200))
    comment: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    state: Mapped[str] = mapped_column(String(20))
    round: Mapped[int]
    valid_until: Mapped[datetime | None]


class OfferRow(Tenanted, Base):
    """One offer as it was made. Rows are added and never changed: the database refuses it."""

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("quote_id", "round"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quotes.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    round: Mapped[int]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    prices_include_tax: Mapped[bool] = mapped_column(server_default=false())
    valid_until: Mapped[datetime]
    offered_at: Mapped[datetime] = mapped_column(default=now)


class QuoteMoveRow(Tenanted, Base):
    """One move of a quote, with who made it; nobody when time did."""

    __tablename__ = "quote_moves"
    __table_args__ = (Index(None, "quote_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quotes.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str | None] = mapped_column(Text)
    moved_at: Mapped[datetime] = mapped_column(default=now)

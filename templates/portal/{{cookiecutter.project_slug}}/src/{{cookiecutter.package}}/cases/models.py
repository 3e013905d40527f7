"""How cases are stored: the case, and what was said, which stays said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.columns import OfPerson, Tenanted


class CaseRow(Resource, OfPerson, Base):
    """One case."""

    __tablename__ = "cases"
    __table_args__ = (Index(None, "tenant", "state", "id"),)

    title: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    order_id: Mapped[UUID | None]


class CaseMessageRow(Tenanted, Base):
    """What one person said. ``internal`` is what the house says to itself; customers never see it."""

    __tablename__ = "case_messages"
    __table_args__ = (Index(None, "case_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    by_house: Mapped[bool]
    internal: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    written_at: Mapped[datetime] = mapped_column(default=now)

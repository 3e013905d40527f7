"""How people are stored. A person's row is the only place that holds who it is; everything else names its id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.columns import Tenanted


class PersonRow(Resource, Tenanted, Base):
    """One person of one tenant. ``subject`` is what tokens call it; a person who was forgotten has another one."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("tenant", "subject"),)

    subject: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(50))
    locale: Mapped[str | None] = mapped_column(String(12))
    erased_at: Mapped[datetime | None]


class PreferencesRow(Resource, Tenanted, Base):
    """What one person prefers, as one document."""

    __tablename__ = "preferences"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), unique=True)
    document: Mapped[dict[str, Any]] = mapped_column(Document)


class ConsentRow(Tenanted, Base):
    """One answer to one question about consent. Rows are added and never changed: the database refuses it."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "person_id", "purpose", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(String(100))
    granted: Mapped[bool]
    source: Mapped[str] = mapped_column(String(100))
    text_version: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime] = mapped_column(default=now)

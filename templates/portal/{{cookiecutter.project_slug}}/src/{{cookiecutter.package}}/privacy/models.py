"""How it is remembered that somebody was forgotten."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, now
from chassis.identifiers import uuid7

from ..vocabulary.columns import Tenanted


class ErasureRow(Tenanted, Base):
    """One person that was forgotten, and the report about it. The database refuses to change it."""

    __tablename__ = "erasures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    report: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    erased_at: Mapped[datetime] = mapped_column(default=now)

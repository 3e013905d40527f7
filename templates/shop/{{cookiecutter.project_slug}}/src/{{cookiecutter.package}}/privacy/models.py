"""How it is remembered that somebody was forgotten."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, now
from chassis.identifiers import uuid7

from ..vocabulary.tenancy import OfTenant


class ErasureRow(OfTenant, Base):
    """One buyer that was forgotten: the name that stands in the place of theirs, and the report about it."""

    __tablename__ = "erasures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner: Mapped[str] = mapped_column(String(255))
    report: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    erased_at: Mapped[datetime] = mapped_column(default=now)

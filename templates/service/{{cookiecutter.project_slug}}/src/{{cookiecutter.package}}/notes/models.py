"""How notes are stored."""

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.auth import TENANT_LENGTH
from chassis.database import Base, Resource


class NoteRow(Resource, Base):
    """One note. ``tenant`` and ``owner`` are those of the token it was made with; nobody else ever sees it."""

    __tablename__ = "notes"
    # Lists are read by owner in the order of the key: one index serves the filter and the order.
    __table_args__ = (Index(None, "tenant", "owner", "id"),)

    tenant: Mapped[str] = mapped_column(String(TENANT_LENGTH))
    owner: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    pinned: Mapped[bool]

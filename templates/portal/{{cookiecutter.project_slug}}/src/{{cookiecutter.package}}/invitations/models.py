"""How invitations are stored: never the token, only its hash."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource

from ..vocabulary.columns import OfPerson


class InvitationRow(Resource, OfPerson, Base):
    """One invitation into a unit. ``person_id`` is who invited; ``token_hash`` is the token's SHA-256."""

    __tablename__ = "invitations"
    __table_args__ = (Index(None, "account_id", "created_at"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    email: Mapped[str | None] = mapped_column(String(320))
    roles: Mapped[list[str]] = mapped_column(Document)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime]
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))

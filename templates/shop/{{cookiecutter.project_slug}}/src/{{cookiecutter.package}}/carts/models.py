"""How carts are stored: one row, with the answer to whoever reads it already written down."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource

from ..vocabulary.tenancy import OfTenant


class CartRow(OfTenant, Resource, Base):
    """One cart. ``owner`` is the subject of the token it was made with; nobody else ever sees it.

    ``handle`` is the id as text, and ``body`` what a reader gets: a read is one look by the driver itself.
    ``touched_at`` is when its buyer last did something. ``approval_id`` names the approval that was last asked for, and
    ``approved_gross`` what may be spent by it, in minor units. The lines of an agreement are what was agreed.
    """

    __tablename__ = "carts"
    __table_args__ = (
        Index(None, "tenant", "owner", "id"),
        Index(None, "state", "touched_at"),
    )

    handle: Mapped[str] = mapped_column(String(32), unique=True)
    owner: Mapped[str] = mapped_column(String(255))
    account: Mapped[str | None] = mapped_column(String(255))
    business_unit: Mapped[str | None] = mapped_column(String(100))
    channel: Mapped[str] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2))
    campaign: Mapped[str | None] = mapped_column(String(100))
    codes: Mapped[list[str]] = mapped_column(Document)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    state: Mapped[str] = mapped_column(String(10))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("carts.id"))
    approval_id: Mapped[UUID | None]
    approval_state: Mapped[str | None] = mapped_column(String(10))
    approved_gross: Mapped[int | None] = mapped_column(BigInteger)
    agreement_id: Mapped[UUID | None]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    touched_at: Mapped[datetime]
    abandoned_at: Mapped[datetime | None]

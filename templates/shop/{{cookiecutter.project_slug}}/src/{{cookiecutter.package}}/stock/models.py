"""How stock is stored: counters that are moved under a lock, and reservations that say for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.tenancy import OfTenant


class StockRow(OfTenant, Resource, Base):
    """How many pieces of an article lie at a location.

    ``reserved`` of ``on_hand`` are spoken for; ``safety`` are never sold. ``low_at``: when so few can still be sold,
    somebody is told.
    """

    __tablename__ = "stock_items"
    __table_args__ = (
        UniqueConstraint("tenant", "sku", "location"),
        # The last line of defence: whatever the code does, the database sells nothing that is not there.
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved_is_there"),
    )

    sku: Mapped[str] = mapped_column(String(60))
    location: Mapped[str] = mapped_column(String(100))
    on_hand: Mapped[int]
    reserved: Mapped[int]
    safety: Mapped[int]
    low_at: Mapped[int]

    @property
    def available(self) -> int:
        """How many pieces can still be sold."""
        return max(0, self.on_hand - self.reserved - self.safety)


class ReservationRow(OfTenant, Base):
    """Pieces at one place that are spoken for: by ``holder``, for good if ``expires_at`` is ``None``.

    ``for_order``: the holder is an order, whose end alone ends the reservation.
    """

    __tablename__ = "stock_reservations"
    __table_args__ = (Index(None, "holder"), Index(None, "expires_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    holder: Mapped[UUID]
    stock_id: Mapped[UUID] = mapped_column(ForeignKey("stock_items.id"))
    sku: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[int]
    expires_at: Mapped[datetime | None]
    for_order: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)

"""How orders are stored: snapshots that never change, and beside them what became of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.tenancy import OfTenant


class OrderRow(OfTenant, Resource, Base):
    """One order. ``lines``, ``totals`` and addresses are what was agreed when it was placed.

    ``progress`` counts what of each line was shipped and returned. ``authorized``, ``captured`` and ``refunded`` are
    amounts in minor units. Until ``pay_until`` a payment that is pending may still come.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("tenant", "number"),
        # One cart becomes one order, whatever keys the requests had.
        UniqueConstraint("cart_id"),
        Index(None, "tenant", "owner", "id"),
        Index(None, "tenant", "account", "id"),
        Index(None, "order_state", "pay_until"),
    )

    number: Mapped[str] = mapped_column(String(20))
    cart_id: Mapped[UUID] = mapped_column(ForeignKey("carts.id"))
    owner: Mapped[str] = mapped_column(String(255))
    account: Mapped[str | None] = mapped_column(String(255))
    business_unit: Mapped[str | None] = mapped_column(String(100))
    agreement_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(String(100))
    campaign: Mapped[str | None] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3))
    prices_include_tax: Mapped[bool]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    totals: Mapped[dict[str, Any]] = mapped_column(Document)
    billing_address: Mapped[dict[str, Any]] = mapped_column(Document)
    shipping_address: Mapped[dict[str, Any]] = mapped_column(Document)
    email: Mapped[str | None] = mapped_column(String(254))
    purchase_order_number: Mapped[str | None] = mapped_column(String(100))
    erp_reference: Mapped[str | None] = mapped_column(String(100))
    payment_method: Mapped[str] = mapped_column(String(10))
    order_state: Mapped[str] = mapped_column(String(20))
    payment_state: Mapped[str] = mapped_column(String(20))
    shipment_state: Mapped[str] = mapped_column(String(20))
    cancelled_because: Mapped[str | None] = mapped_column(String(50))
    progress: Mapped[dict[str, dict[str, int]]] = mapped_column(Document)
    authorized: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = mapped_column(BigInteger)
    pay_until: Mapped[datetime | None]

    @property
    def gross(self) -> int:
        """What is to be paid, in minor units."""
        return int(self.totals["gross"])


class ShipmentRow(OfTenant, Base):
    """A parcel: some pieces of an order's lines. ``lines`` maps a line's id to a quantity."""

    __tablename__ = "shipments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    lines: Mapped[dict[str, int]] = mapped_column(Document)
    value: Mapped[int] = mapped_column(BigInteger)
    carrier: Mapped[str | None] = mapped_column(String(100))
    tracking_number: Mapped[str | None] = mapped_column(String(100))
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def version(self) -> int:
        """All that ever changes is that it arrives."""
        return 1 if self.delivered_at is None else 2


class ReturnRow(OfTenant, Base):
    """Pieces that came back, and what was refunded for them, in minor units."""

    __tablename__ = "returns"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    lines: Mapped[dict[str, int]] = mapped_column(Document)
    value: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(500))
    restocked_location: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def version(self) -> int:
        """It never changes."""
        return 1

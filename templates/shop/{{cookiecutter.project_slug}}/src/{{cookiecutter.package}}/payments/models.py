"""How requests to a payment provider are stored: before they are sent, so that a crash never loses or doubles one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, now
from chassis.identifiers import uuid7

from ..vocabulary.tenancy import OfTenant


class PaymentRequestRow(OfTenant, Base):
    """One request. ``id`` is the key that the provider knows it by.

    ``due_at`` is when it is to be sent, or, once it was, when the provider is asked what became of it.
    """

    __tablename__ = "payment_requests"
    __table_args__ = (Index(None, "state", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    token: Mapped[str | None] = mapped_column(String(200))
    reference: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(200))
    due_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=now)

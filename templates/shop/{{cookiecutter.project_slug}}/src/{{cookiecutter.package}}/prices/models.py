"""How prices are stored: for good. A changed price is a new row, so that what was asked at any time can be shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource
from chassis.identifiers import uuid7

from ..vocabulary.tenancy import OfTenant
from ..vocabulary.validity import TimeLimited

_OPEN = text("ended_at IS NULL")
_PRESENT = text("replaced_at IS NULL")


class PriceListRow(OfTenant, TimeLimited, Resource, Base):
    """One price list; one that was deleted has ended and stays for the history.

    ``customer``: the account whose contract it is, or the subject of a person without one.
    """

    __tablename__ = "price_lists"
    __table_args__ = (Index(None, "tenant", "key", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),)

    key: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str | None] = mapped_column(String(100))
    customer: Mapped[str | None] = mapped_column(String(255))
    customer_group: Mapped[str | None] = mapped_column(String(100))
    discountable: Mapped[bool] = mapped_column(server_default=true())
    currency: Mapped[str] = mapped_column(String(3))
    ended_at: Mapped[datetime | None]


class PriceRow(OfTenant, Base):
    """What a list asks for an article, from ``recorded_at`` until ``replaced_at``.

    ``tiers`` are pairs of a minimum quantity and an amount in minor units, in ascending order.
    """

    __tablename__ = "prices"
    __table_args__ = (
        Index("uq_prices_present", "list_id", "sku", unique=True, postgresql_where=_PRESENT, sqlite_where=_PRESENT),
        Index(None, "tenant", "sku", "replaced_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("price_lists.id"))
    sku: Mapped[str] = mapped_column(String(60))
    tiers: Mapped[list[Any]] = mapped_column(Document)
    recorded_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

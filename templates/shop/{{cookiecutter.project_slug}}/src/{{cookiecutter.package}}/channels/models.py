"""How channels are stored."""

from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource

from ..vocabulary.tenancy import OfTenant


class ChannelRow(OfTenant, Resource, Base):
    """One channel."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("tenant", "key"),)

    key: Mapped[str] = mapped_column(String(100))
    prices_include_tax: Mapped[bool]
    name: Mapped[str] = mapped_column(String(200))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2))
    tax_rounding: Mapped[str] = mapped_column(String(4))
    tax_rates: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    order_minimum: Mapped[dict[str, Any] | None] = mapped_column(Document)
    locations: Mapped[list[str]] = mapped_column(Document)

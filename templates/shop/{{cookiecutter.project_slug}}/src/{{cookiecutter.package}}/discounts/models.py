"""How discounts are stored."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource

from ..vocabulary.tenancy import OfTenant
from ..vocabulary.validity import TimeLimited

_OPEN = text("ended_at IS NULL")


class DiscountRow(OfTenant, TimeLimited, Resource, Base):
    """One discount; one that was deleted has ended and stays for the history of prices."""

    __tablename__ = "discounts"
    __table_args__ = (Index(None, "tenant", "key", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),)

    key: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(4), server_default="line")
    priority: Mapped[int]
    stacking: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str | None] = mapped_column(String(100))
    customer_group: Mapped[str | None] = mapped_column(String(100))
    currency: Mapped[str | None] = mapped_column(String(3))
    skus: Mapped[list[str] | None] = mapped_column(Document)
    minimum_quantity: Mapped[int]
    minimum_value: Mapped[int] = mapped_column(BigInteger, server_default="0")
    code: Mapped[str | None] = mapped_column(String(50))
    percent: Mapped[str | None] = mapped_column(String(7))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    budget: Mapped[int | None] = mapped_column(BigInteger)
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    ended_at: Mapped[datetime | None]

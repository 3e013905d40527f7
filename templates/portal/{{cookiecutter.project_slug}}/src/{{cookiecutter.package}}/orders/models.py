"""How orders and invoices are stored: as the newest event told it. Nothing here is written by a caller."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.auth import TENANT_LENGTH
from chassis.database import Base, Document, now

from ..vocabulary.columns import MaybeOfPerson


class _Told:
    """What others told about a thing of theirs; ``sequence`` is that of the newest event."""

    tenant: Mapped[str] = mapped_column(String(TENANT_LENGTH), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[datetime] = mapped_column(default=now)


class _ToldOfUnit(_Told, MaybeOfPerson):
    """What is told about a business unit's thing. Of one that the portal does not know nobody sees anything."""


class OrderRow(_ToldOfUnit, Base):
    """One order of the shop. ``named_unit_id`` is the unit that its buyer named, whether or not they belong to it."""

    __tablename__ = "orders"

    named_unit_id: Mapped[UUID | None]

    number: Mapped[str] = mapped_column(String(50))
    purchase_order_number: Mapped[str | None] = mapped_column(String(100))
    placed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(30))
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)


class OrderAxisRow(_Told, Base):
    """How far payment or shipment of an order is. Every kind of event has a word in it, and the newest one holds."""

    __tablename__ = "order_axes"

    axis: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(30))


class OrderPartRow(_Told, Base):
    """A shipment, payment or return of an order. It may be told before the order is."""

    __tablename__ = "order_parts"
    __table_args__ = (Index(None, "tenant", "order_id"),)

    order_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(30))
    details: Mapped[dict[str, Any]] = mapped_column(Document)


class InvoiceRow(_ToldOfUnit, Base):
    """One invoice of the ERP."""

    __tablename__ = "invoices"

    number: Mapped[str] = mapped_column(String(50))
    order_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(30))
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[int] = mapped_column(BigInteger)


class DocumentRow(_ToldOfUnit, Base):
    """One document: what it is, and where it lies in the document store, which nobody outside is told."""

    __tablename__ = "documents"

    kind: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[UUID | None]
    published_at: Mapped[datetime]
    location: Mapped[str] = mapped_column(String(500))
    withdrawn: Mapped[bool]

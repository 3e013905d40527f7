"""How agreements are stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, false
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document

from ..vocabulary.tenancy import OfTenant


class AgreementRow(OfTenant, Base):
    """One accepted quote; ``id`` is the quote's in the portal, ``order_id`` the order that follows it.

    ``buyer`` is what tokens call who accepted it, as long as that person belongs to the account; ``person`` is the
    portal's name of the same person.
    ``lines`` are pieces of an article at a unit price in minor units, before tax unless ``prices_include_tax``.
    """

    __tablename__ = "agreements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(255))
    business_unit: Mapped[str] = mapped_column(String(100))
    buyer: Mapped[str | None] = mapped_column(String(255))
    person: Mapped[UUID | None] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3))
    prices_include_tax: Mapped[bool] = mapped_column(server_default=false())
    valid_until: Mapped[datetime]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    order_id: Mapped[UUID | None] = mapped_column(index=True)


class PartingRow(OfTenant, Base):
    """A quote that who accepted it orders by no more, or a person who was forgotten, by the portal's names for them.

    It is kept because events of a quote and of a person may arrive in either order.
    """

    __tablename__ = "agreement_partings"

    id: Mapped[UUID] = mapped_column(primary_key=True)

"""Columns: whose a row is. Every table of the domain has a tenant; most have a unit, and a person who made the row."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.auth import TENANT_LENGTH


class Tenanted:
    """Something of one tenant; another tenant's caller never sees it."""

    tenant: Mapped[str] = mapped_column(String(TENANT_LENGTH))


class OfUnit(Tenanted):
    """Something of a business unit."""

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("business_units.id"), index=True)


class OfPerson(OfUnit):
    """Something that one person did for a business unit: the person's own, and the unit's."""

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)


class MaybeOfPerson(Tenanted):
    """Something that others tell of. It may be of a unit or a person that the portal does not know."""

    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_units.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)

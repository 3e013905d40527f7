"""How business units are stored: the tree by parents, and every pair of ancestor and descendant."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Resource

from ..vocabulary.columns import Tenanted


class UnitRow(Resource, Tenanted, Base):
    """One business unit. The one without a parent is the account's own."""

    __tablename__ = "business_units"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_units.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    cost_centre: Mapped[str | None] = mapped_column(String(100))


class UnitPath(Base):
    """A unit and one that it lies in; each unit lies in itself at depth 0."""

    __tablename__ = "unit_paths"

    ancestor: Mapped[UUID] = mapped_column(ForeignKey("business_units.id"), primary_key=True)
    descendant: Mapped[UUID] = mapped_column(ForeignKey("business_units.id"), primary_key=True, index=True)
    depth: Mapped[int]

"""How memberships are stored: a row for each person and unit, and one for each of its roles."""

from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.database import Base, Resource

from ..vocabulary.columns import OfPerson


class MembershipRole(Base):
    """One role of one membership."""

    __tablename__ = "membership_roles"

    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class MembershipRow(Resource, OfPerson, Base):
    """One person in one unit. ``roles`` are kept as rows of their own, because every query joins them."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("unit_id", "person_id"),)

    granted: Mapped[list[MembershipRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True, order_by=MembershipRole.role
    )

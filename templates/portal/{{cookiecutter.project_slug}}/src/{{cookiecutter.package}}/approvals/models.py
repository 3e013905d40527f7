"""How approvals are stored: the rules, the limits, the requests and every decision on record."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.columns import OfPerson, OfUnit, Tenanted


class ApprovalRuleRow(Resource, OfUnit, Base):
    """One rule of a unit and everything below it. Conditions that are left out hold always."""

    __tablename__ = "approval_rules"

    name: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool]
    currency: Mapped[str] = mapped_column(String(3))
    minimum: Mapped[int] = mapped_column(BigInteger)
    categories: Mapped[list[str]] = mapped_column(Document)
    cost_centres: Mapped[list[str]] = mapped_column(Document)
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(Document)


class SpendingLimitRow(Resource, OfUnit, Base):
    """How much each member with a role may spend in a period without asking."""

    __tablename__ = "spending_limits"
    __table_args__ = (UniqueConstraint("unit_id", "role", "currency", "period"),)

    role: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    period: Mapped[str] = mapped_column(String(10))


class ApprovalRequestRow(Resource, OfPerson, Base):
    """One request. ``tiers`` are copies of the rules' as they were; ``tier`` is the one that is being decided.

    ``released_at`` is when it stopped to count towards limits, because what it was for was not bought after all.
    """

    __tablename__ = "approval_requests"
    __table_args__ = (
        Index(None, "tenant", "kind", "reference"),
        Index(None, "person_id", "currency", "state", "created_at"),
    )

    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(100))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    categories: Mapped[list[str]] = mapped_column(Document)
    cost_centre: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    tier: Mapped[int]
    decided_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]


class ApprovalDecisionRow(Tenanted, Base):
    """What one approver said in one tier. Rows are added and never changed: the database refuses it."""

    __tablename__ = "approval_decisions"
    __table_args__ = (UniqueConstraint("request_id", "tier", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("approval_requests.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    tier: Mapped[int]
    decision: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(default=now)

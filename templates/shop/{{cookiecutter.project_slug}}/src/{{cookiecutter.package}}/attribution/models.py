"""How credit is stored: rules and assignments that may change, and a ledger that never does."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.tenancy import OfTenant


class AssignmentRow(OfTenant, Resource, Base):
    """An account that somebody looks after: beats every rule. ``splits`` add up to 10,000 basis points."""

    __tablename__ = "sales_assignments"
    __table_args__ = (UniqueConstraint("tenant", "account"),)

    account: Mapped[str] = mapped_column(String(255))
    splits: Mapped[list[dict[str, Any]]] = mapped_column(Document)


class RuleRow(OfTenant, Resource, Base):
    """A rule for sales that nobody is assigned to. What is ``None`` matches everything."""

    __tablename__ = "attribution_rules"
    __table_args__ = (UniqueConstraint("tenant", "key"),)

    key: Mapped[str] = mapped_column(String(100))
    priority: Mapped[int]
    country: Mapped[str | None] = mapped_column(String(2))
    postal_code_from: Mapped[str | None] = mapped_column(String(12))
    postal_code_to: Mapped[str | None] = mapped_column(String(12))
    product_group: Mapped[str | None] = mapped_column(String(100))
    splits: Mapped[list[dict[str, Any]]] = mapped_column(Document)


class PolicyRow(OfTenant, Base):
    """Counts the changes of a house's rules and assignments: an entry says by which version it was decided."""

    __tablename__ = "attribution_policies"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]


class AttributionRow(OfTenant, Base):
    """One entry of the ledger; it is never changed. ``amount`` is net, in minor units, and negative when it takes back.

    ``kind``: ``decided`` with the order, ``reversed`` with a return or a cancellation; a correction is what was
    ``withdrawn`` and what was ``corrected`` to. Entries that were made together have one ``decision``.
    """

    __tablename__ = "attributions"
    __table_args__ = (Index(None, "tenant", "order_id"), Index(None, "tenant", "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    line: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(10))
    decision: Mapped[UUID]
    territory: Mapped[str] = mapped_column(String(100))
    representative: Mapped[str | None] = mapped_column(String(100))
    channel: Mapped[str] = mapped_column(String(100))
    campaign: Mapped[str | None] = mapped_column(String(100))
    share: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    source: Mapped[str] = mapped_column(String(110))
    reason: Mapped[str | None] = mapped_column(String(500))
    policy_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)

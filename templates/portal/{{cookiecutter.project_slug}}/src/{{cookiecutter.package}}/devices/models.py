"""How devices are stored: the device, what it said last, and for a while what it said before."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource, now
from chassis.identifiers import uuid7

from ..vocabulary.columns import OfPerson, Tenanted
from .warranty import WarrantyState, state_on


class DeviceRow(Resource, OfPerson, Base):
    """One device. ``person_id`` is who registered it; ``credential_hash`` is the SHA-256 of its credential."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("tenant", "product", "serial_number"), Index(None, "tenant", "id"))

    product: Mapped[str] = mapped_column(String(100))
    serial_number: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    warranty_from: Mapped[date | None]
    warranty_until: Mapped[date | None]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    credential_hash: Mapped[str | None] = mapped_column(String(64), unique=True)

    @property
    def warranty_state(self) -> WarrantyState:
        """Whether the warranty holds today."""
        return state_on(now().date(), begins=self.warranty_from, ends=self.warranty_until)

    @property
    def connected(self) -> bool:
        """Whether the device has a credential."""
        return self.credential_hash is not None


class MeasurementRow(Tenanted, Base):
    """One value of one metric at one time. What arrives again is the same row."""

    __tablename__ = "measurements"
    __table_args__ = (UniqueConstraint("device_id", "metric", "time"), Index(None, "device_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    metric: Mapped[str] = mapped_column(String(100))
    time: Mapped[datetime]
    value: Mapped[float]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LatestRow(Tenanted, Base):
    """The newest value of one metric, kept beside the others so that reading it costs the same after a year."""

    __tablename__ = "latest_measurements"
    __table_args__ = (UniqueConstraint("device_id", "metric"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    device_id: Mapped[UUID] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    metric: Mapped[str] = mapped_column(String(100))
    time: Mapped[datetime]
    value: Mapped[float]

"""How addresses are stored."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Resource

from ..vocabulary.columns import OfPerson


class AddressRow(Resource, OfPerson, Base):
    """One address of a business unit. ``person_id`` is who wrote it down."""

    __tablename__ = "addresses"

    recipient: Mapped[str] = mapped_column(String(200))
    street: Mapped[str] = mapped_column(String(200))
    additional: Mapped[str | None] = mapped_column(String(200))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(200))
    region: Mapped[str | None] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2))
    shipping: Mapped[bool]
    billing: Mapped[bool]

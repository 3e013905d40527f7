"""How assortments are stored, and what follows from them.

An assortment names products and categories. What follows, the pairs of channel and publication, is worked out when one
of them changes, so that a reader finds out with one look. It goes by what was published, categories included: staged
changes show nowhere.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource


class AssortmentRow(Resource, Base):
    """One assortment."""

    __tablename__ = "assortments"

    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Document)
    channels: Mapped[list[str]] = mapped_column(Document)
    everything: Mapped[bool]
    categories: Mapped[list[str]] = mapped_column(Document)
    products: Mapped[list[str]] = mapped_column(Document)
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]


class Listing(Base):
    """A channel may see a publication for some time, because of one assortment. Times are microseconds since 1970."""

    __tablename__ = "listings"
    __table_args__ = (
        Index(None, "publication_id", "channel"),
        Index(None, "channel", "publication_id", postgresql_include=["visible_from", "visible_until"]),
    )

    assortment_id: Mapped[UUID] = mapped_column(ForeignKey("assortments.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(100), primary_key=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    visible_from: Mapped[int] = mapped_column(BigInteger)
    visible_until: Mapped[int] = mapped_column(BigInteger)

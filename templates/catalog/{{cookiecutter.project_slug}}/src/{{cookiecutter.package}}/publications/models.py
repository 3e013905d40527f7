"""How publications are stored: the frozen document, and what touchpoints read, ready to be sent.

What touchpoints read (:class:`Entry`, :class:`Term`) holds plain numbers, texts and bytes only, so that a read can go
straight to the driver, with the same statement on every database.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource
from chassis.identifiers import uuid7

Number = BigInteger().with_variant(Integer, "sqlite")


class PublicationRow(Resource, Base):
    """One version of a product, frozen for some channels.

    ``ended`` is set when it will never be seen again: withdrawn, replaced or over.
    """

    __tablename__ = "publications"
    __table_args__ = (Index(None, "product", "ended"),)

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    product: Mapped[str] = mapped_column(String(100))
    product_version: Mapped[int]
    channels: Mapped[list[str]] = mapped_column(Document)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    ended: Mapped[bool]
    document: Mapped[dict[str, Any]] = mapped_column(Document)


class PublicationCategory(Base):
    """A category that the product was in when it was frozen."""

    __tablename__ = "publication_categories"

    category: Mapped[str] = mapped_column(ForeignKey("categories.key"), primary_key=True)
    publication_id: Mapped[UUID] = mapped_column(
        ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Entry(Base):
    """A publication as one channel shows it in one language, as bytes. Times are microseconds since 1970."""

    __tablename__ = "entries"
    __table_args__ = (
        Index(None, "publication_id", "channel", "locale", unique=True),
        Index(None, "visible_until"),
        Index(None, "channel", "locale", "slug"),
        Index(None, "channel", "locale", "product_id"),
        # Search counts thousands of entries: what that takes is read from the index alone, without the wide rows.
        Index(None, "channel", "locale", "publication_id", postgresql_include=["visible_from", "visible_until", "id"]),
        Index(None, "channel", "locale", "newness", "id"),
        Index(None, "channel", "locale", "sort_name", "id"),
        Index(None, "channel", "locale", "price", "id"),
        Index(None, "channel", "locale", "price_descending", "id"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    product_id: Mapped[str] = mapped_column(String(36))
    product: Mapped[str] = mapped_column(String(100), index=True)
    channel: Mapped[str] = mapped_column(String(100))
    locale: Mapped[str] = mapped_column(String(12))
    slug: Mapped[str] = mapped_column(String(200))
    visible_from: Mapped[int] = mapped_column(BigInteger)
    visible_until: Mapped[int] = mapped_column(BigInteger)
    newness: Mapped[int] = mapped_column(BigInteger)
    sort_name: Mapped[str] = mapped_column(String(40))
    price: Mapped[int] = mapped_column(BigInteger)
    price_descending: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    linked_data: Mapped[bytes] = mapped_column(LargeBinary)
    card: Mapped[bytes] = mapped_column(LargeBinary)


class Term(Base):
    """A value of a searchable attribute, by which publications are filtered and counted."""

    __tablename__ = "terms"
    __table_args__ = (Index(None, "publication_id", postgresql_include=["name", "value"]),)

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(300), primary_key=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[float | None]


class Rebuild(Base):
    """What touchpoints read has to be written anew: a channel or a product type has changed, or a channel is gone.

    The newest one of a channel or type counts. ``position`` is the last publication that was looked at; ``written`` is
    set when none is left, and what remains is to delete what nobody asks for any more, from ``due_at`` on.
    """

    __tablename__ = "rebuilds"
    __table_args__ = (Index(None, "kind", "key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(100))
    position: Mapped[UUID | None]
    written: Mapped[bool]
    due_at: Mapped[datetime]


class PublicationReference(Base):
    """A product that a publication refers to, as ``related`` or by the attribute of that name."""

    __tablename__ = "publication_references"

    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    relation: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    product: Mapped[str] = mapped_column(String(100))

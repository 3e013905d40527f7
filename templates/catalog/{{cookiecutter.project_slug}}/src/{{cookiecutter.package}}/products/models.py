"""How products are stored.

The document is the truth: a product is read and written as a whole. Beside it stand the rows by which the database
finds products and keeps its promises: what only one product may hold (claims), what it names, and its categories.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource


class ProductRow(Resource, Base):
    """One product. ``document`` holds what callers write, as JSON."""

    __tablename__ = "products"
    __table_args__ = (Index(None, "product_type", "id"), Index(None, "state", "id"))

    key: Mapped[str] = mapped_column(String(100), unique=True)
    product_type: Mapped[str] = mapped_column(ForeignKey("product_types.key"))
    state: Mapped[str] = mapped_column(String(10))
    published_version: Mapped[int | None]
    published_at: Mapped[datetime | None]
    document: Mapped[dict[str, Any]] = mapped_column(Document)


class ProductClaim(Base):
    """A value that only one product may hold, such as ``("sku", "C40-230V")`` or ``("slug", "pumpe-c40")``.

    It holds what it says as it is being worked on, and what touchpoints see or are about to see of it.
    """

    __tablename__ = "product_claims"

    namespace: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)


class ProductReference(Base):
    """A product, as it is being worked on, names another product or, in an attribute, a category."""

    __tablename__ = "product_references"

    target: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ProductCategory(Base):
    """A product is in a category."""

    __tablename__ = "product_categories"

    category: Mapped[str] = mapped_column(ForeignKey("categories.key"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, index=True
    )

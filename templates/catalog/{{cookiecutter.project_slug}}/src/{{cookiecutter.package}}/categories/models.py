"""How the tree of categories is stored: every category knows its parent, and every pair of ancestor and descendant.

The pairs (a closure table) answer "everything below" with one join on every database.
"""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource

MAX_DEPTH, MAX_SIBLINGS = 12, 1000


class CategoryRow(Resource, Base):
    """One category. ``position`` orders it among its siblings; the key decides between equals."""

    __tablename__ = "categories"

    key: Mapped[str] = mapped_column(String(100), unique=True)
    parent: Mapped[str | None] = mapped_column(ForeignKey("categories.key"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[dict[str, str]] = mapped_column(Document)
    slug: Mapped[dict[str, str]] = mapped_column(Document)
    description: Mapped[dict[str, str]] = mapped_column(Document)


class CategorySlug(Base):
    """A slug that a category has in one language; no other category has it."""

    __tablename__ = "category_slugs"

    locale: Mapped[str] = mapped_column(String(12), primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), primary_key=True)
    category_id: Mapped[UUID] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"), index=True)


class CategoryPath(Base):
    """One category lies below another one, or is it (``depth`` 0)."""

    __tablename__ = "category_paths"
    __table_args__ = (Index(None, "descendant", "depth"),)

    ancestor: Mapped[str] = mapped_column(ForeignKey("categories.key", ondelete="CASCADE"), primary_key=True)
    descendant: Mapped[str] = mapped_column(ForeignKey("categories.key", ondelete="CASCADE"), primary_key=True)
    depth: Mapped[int] = mapped_column(Integer)

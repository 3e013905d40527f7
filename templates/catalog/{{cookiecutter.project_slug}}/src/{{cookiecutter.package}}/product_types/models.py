"""How product types are stored."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource


class ProductTypeRow(Resource, Base):
    """One product type; ``attributes`` is the list of definitions as callers write it."""

    __tablename__ = "product_types"

    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Document)
    attributes: Mapped[list[dict[str, Any]]] = mapped_column(Document)

"""How shopping lists are stored: one document of lines each."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource

from ..vocabulary.columns import Tenanted


class ShoppingListRow(Resource, Tenanted, Base):
    """One list of one person. With a unit it can be shared with the members of that unit."""

    __tablename__ = "shopping_lists"
    __table_args__ = (Index(None, "person_id", "id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("business_units.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    shared: Mapped[bool]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Document)

"""How accounts are stored."""

from sqlalchemy import Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Resource

from ..vocabulary.columns import Tenanted


class AccountRow(Resource, Tenanted, Base):
    """One customer. ``number`` and ``state`` are the company's to set, not the customer's.

    ``needs_approval`` follows from its rules and limits: whether there are any.
    """

    __tablename__ = "accounts"
    __table_args__ = (Index(None, "tenant", "id"),)

    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    vat_id: Mapped[str | None] = mapped_column(String(20))
    registration_number: Mapped[str | None] = mapped_column(String(100))
    number: Mapped[str | None] = mapped_column(String(50))
    state: Mapped[str] = mapped_column(String(20))
    needs_approval: Mapped[bool] = mapped_column(server_default=false(), default=False)

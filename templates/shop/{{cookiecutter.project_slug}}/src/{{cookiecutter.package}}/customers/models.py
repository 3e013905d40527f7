"""How customers are stored."""

from sqlalchemy import String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Resource

from ..vocabulary.tenancy import OfTenant


class CustomerRow(OfTenant, Resource, Base):
    """One customer: ``reference`` is the account that tokens name, or the subject of a person without one."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("tenant", "reference"),)

    reference: Mapped[str] = mapped_column(String(255))
    customer_group: Mapped[str | None] = mapped_column(String(100))
    needs_approval: Mapped[bool] = mapped_column(server_default=false())

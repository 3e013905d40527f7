"""How accounts are stored: as the newest event told them. Nothing here is written by a caller."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.auth import TENANT_LENGTH
from chassis.database import Base


class AccountRow(Base):
    """One account of the portal. ``reference`` is what tokens call it, ``sequence`` that of the newest event."""

    __tablename__ = "accounts"

    tenant: Mapped[str] = mapped_column(String(TENANT_LENGTH), primary_key=True)
    reference: Mapped[str] = mapped_column(String(255), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    needs_approval: Mapped[bool]
    sequence: Mapped[int] = mapped_column(BigInteger)

"""Houses: one service may sell for several, and none of them ever sees another's rows."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.auth import TENANT_LENGTH


class OfTenant:
    """The column that every query filters by: the caller's token says which house it is, "" where there is one."""

    tenant: Mapped[str] = mapped_column(String(TENANT_LENGTH))

"""How channels are stored."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Document, Resource


class ChannelRow(Resource, Base):
    """One channel; ``locales`` is the list of languages with their fallbacks, as callers write it.

    ``live_locales`` are those in which touchpoints are answered. When the languages change they follow, as soon as
    everything has been written in them.
    """

    __tablename__ = "channels"

    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Document)
    currency: Mapped[str] = mapped_column(String(3))
    locales: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    live_locales: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    traits: Mapped[list[str]] = mapped_column(Document)
    site: Mapped[str | None] = mapped_column(String(500))

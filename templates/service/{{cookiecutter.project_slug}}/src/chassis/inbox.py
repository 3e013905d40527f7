"""The inbox: events of other services take effect once, however often they are delivered."""

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, String, delete
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, now


class InboxRow(Base):
    """One event that a consumer has dealt with. CloudEvents' ``source`` and ``id`` name an event together."""

    __tablename__ = "inbox"

    consumer: Mapped[str] = mapped_column(String(63), primary_key=True)
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)


async def first_delivery(session: AsyncSession, *, consumer: str, source: str, event_id: str) -> bool:
    """Tell whether this event is new to this consumer, and remember it from now on.

    Ask in the transaction of the event's effect: both are committed together or not at all. Of two that deliver the
    same event at once the second one waits here for the first one's end.

    :param consumer: whose effect it is; each consumer of one service deals with every event.
    """
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    row = insert(InboxRow).values(consumer=consumer, source=source, event_id=event_id, received_at=now())
    result = await session.execute(row.on_conflict_do_nothing())
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an INSERT gives
    return result.rowcount == 1


async def forget(session: AsyncSession, *, age: timedelta) -> int:
    """Remove what is older than any redelivery can be, and return how many rows that were.

    :param age: longer than the longest time that a publisher retries; :mod:`chassis.relay` gives up after
        ``RELAY_GIVE_UP_HOURS``.
    """
    result = await session.execute(delete(InboxRow).where(InboxRow.received_at < now() - age))
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what a DELETE gives
    return result.rowcount

"""The inbox: what is delivered twice takes effect once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chassis.database import Database
from chassis.inbox import InboxRow, first_delivery, forget
from tests.events import connected
from tests.fixtures import SettingsFor


@pytest.fixture
async def database(database_url: str, settings_for: SettingsFor) -> AsyncIterator[Database]:
    """Give the connections of one process."""
    async with connected(settings_for(database_url)) as found:
        yield found


async def _receive(database: Database, consumer: str = "orders", event_id: str = "e-1") -> bool:
    async with database.transaction() as session:
        return await first_delivery(session, consumer=consumer, source="/shop", event_id=event_id)


async def test_repeated_event_is_recognised(database: Database) -> None:
    """Only the first delivery counts, for each consumer on its own."""
    assert [await _receive(database) for _ in range(3)] == [True, False, False]
    assert await _receive(database, consumer="invoices")
    assert await _receive(database, event_id="e-2")


async def test_failed_handler_gets_the_event_again(database: Database) -> None:
    """The id is remembered in the transaction of the effect: what was rolled back was never received."""

    async def fail() -> None:
        async with database.transaction() as session:
            assert await first_delivery(session, consumer="orders", source="/shop", event_id="e-1")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await _receive(database)


async def test_of_deliveries_at_the_same_time_one_counts(database: Database) -> None:
    """Two that arrive together wait for each other."""
    found = await asyncio.gather(*(_receive(database) for _ in range(10)))

    assert sorted(found) == [False] * 9 + [True]


async def test_old_ids_are_forgotten(database: Database) -> None:
    """The table does not grow for ever."""
    await _receive(database)
    async with database.transaction() as session:
        assert await forget(session, age=timedelta(days=1)) == 0
        assert await forget(session, age=timedelta(days=-1)) == 1
        assert await session.scalar(select(func.count()).select_from(InboxRow)) == 0

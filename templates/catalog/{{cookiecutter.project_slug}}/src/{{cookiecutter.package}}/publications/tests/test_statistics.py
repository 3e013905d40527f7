"""PostgreSQL learns at once of tables that grow in leaps, and not when autovacuum happens to come by."""

import asyncio
import time

import pytest
from sqlalchemy import text

from chassis.database import Database
from tests.events import connected
from tests.fixtures import SettingsFor

from .. import statistics


async def test_table_that_grows_in_a_leap_is_looked_at_once(
    database_url: str, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few rows are none of its business; when there are many it looks, and not again before they have doubled."""
    monkeypatch.setattr(statistics, "_TABLES", ("leaps",))  # one that nobody else's late counts are about
    async with connected(settings_for(database_url)) as database:
        if database.is_sqlite:
            assert await statistics.refresh(database) == []
            return
        await _run(database, "CREATE TABLE leaps (word text) WITH (autovacuum_enabled = off)")
        seen = []
        for first, last in ((1, 100), (101, 1_000), (1_001, 1_500), (1_501, 3_000)):
            numbers = f"generate_series({first}, {last}) n"
            await _run(database, f"INSERT INTO leaps SELECT 'w' || n FROM {numbers}")  # noqa: S608 - our own
            await _told(database, last)
            seen.append(await statistics.refresh(database))
        await _run(database, "DROP TABLE leaps")

    assert seen == [[], ["leaps"], [], ["leaps"]]


async def _run(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def _told(database: Database, rows: int) -> None:
    """Wait until PostgreSQL counts so many rows: its processes tell of what they did now and then."""
    deadline = time.monotonic() + 30
    count = text("SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'leaps'")
    while True:
        async with database.reading() as session:
            found = await session.scalar(count)
        if found == rows:
            return
        assert time.monotonic() < deadline, f"PostgreSQL counts {found} rows, not {rows}"
        await asyncio.sleep(0.05)

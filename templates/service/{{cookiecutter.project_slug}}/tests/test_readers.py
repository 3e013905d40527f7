"""Reads straight from the driver: PostgreSQL's connections beside SQLAlchemy's pool."""

import asyncio

import pytest

from chassis.database import Database
from chassis.problems import Problem
from tests.fixtures import SettingsFor

SLEEP = "SELECT 1 FROM pg_sleep(5)"


@pytest.fixture
def url(postgres_server: str | None) -> str:
    """Give a PostgreSQL server."""
    if postgres_server is None:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install its programs")
    return postgres_server


async def test_connections_are_kept_and_bounded(url: str, settings_for: SettingsFor) -> None:
    """Ten at once take two connections in turn; afterwards both wait for more."""
    database = Database(settings_for(url, database_pool_size=2))
    try:
        found = await asyncio.gather(*(database.fetch("SELECT $1::text, pg_backend_pid()", str(n)) for n in range(10)))

        assert [str(n) for n in range(10)] == [rows[0][0] for rows in found]
        assert len({rows[0][1] for rows in found}) == 2
        assert database.readers is not None
        assert (database.readers.in_use, database.readers.idle) == (0, 2)
    finally:
        await database.close()


async def test_wrong_statement_costs_no_connection(url: str, settings_for: SettingsFor) -> None:
    """The database said no, which is an answer: the connection goes on."""
    database = Database(settings_for(url))
    try:
        with pytest.raises(Exception, match="division by zero"):
            await database.fetch("SELECT 1 / 0")

        assert [tuple(row) for row in await database.fetch("SELECT 1")] == [(1,)]
        assert database.readers is not None
        assert database.readers.idle == 1
    finally:
        await database.close()


async def test_interrupted_connection_is_not_used_again(url: str, settings_for: SettingsFor) -> None:
    """Whoever gives up waiting takes the connection along: it may still be at the old question."""
    database = Database(settings_for(url))
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await database.fetch(SLEEP)

        assert database.readers is not None
        assert (database.readers.in_use, database.readers.idle) == (0, 0)
    finally:
        await database.close()


async def test_ended_connection_is_replaced(url: str, settings_for: SettingsFor) -> None:
    """A connection that the server ended while it was idle is nobody's problem; one that it ends at work is a 503."""
    database = Database(settings_for(url))
    try:
        (((pid,),)) = await database.fetch("SELECT pg_backend_pid()")
        working = asyncio.create_task(database.fetch(SLEEP))
        await asyncio.sleep(0.1)
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query = $1"
        await database.fetch(end, SLEEP)

        with pytest.raises(Problem, match="503 database-unavailable"):
            await working
        assert [tuple(row) for row in await database.fetch("SELECT 1")] == [(1,)]
        assert pid
    finally:
        await database.close()


async def test_full_pool_is_waited_for_and_then_refused(url: str, settings_for: SettingsFor) -> None:
    """With every connection at work the next read waits as long as the settings say."""
    database = Database(settings_for(url, database_pool_size=1, database_timeout_seconds=0.3))
    try:
        slow = asyncio.create_task(database.fetch("SELECT 1 FROM pg_sleep(10)"))
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="503 database-unavailable"):
            await database.fetch("SELECT 1")
        with pytest.raises(Problem, match="503 database-unavailable"):
            await slow
    finally:
        await database.close()

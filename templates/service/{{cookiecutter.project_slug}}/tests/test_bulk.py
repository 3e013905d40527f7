"""Many rows at once: what is broken is told as the mapper tells it, whatever way the rows take."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from chassis.bulk import insert_rows, one_of
from chassis.database import Database
from chassis.outbox import StreamRow
from chassis.problems import Problem
from tests.events import connected
from tests.fixtures import SettingsFor


@pytest.fixture
async def database(database_url: str, settings_for: SettingsFor) -> AsyncIterator[Database]:
    """Give the connections of one process."""
    async with connected(settings_for(database_url)) as found:
        yield found


def _streams(*subjects: str) -> list[dict[str, object]]:
    return [{"subject": subject, "last_sequence": number} for number, subject in enumerate(subjects, start=1)]


async def test_rows_are_found_among_values(database: Database) -> None:
    """Those that are asked for, and none for no value."""
    async with database.transaction() as session:
        await insert_rows(session, StreamRow, _streams("a", "b", "c"))
    found = []
    async with database.reading() as session:
        for wanted in (["a", "c", "z"], []):
            query = select(StreamRow.subject).where(one_of(session, StreamRow.subject, wanted))
            found.append(sorted(await session.scalars(query)))

    assert found == [["a", "c"], []]


async def test_broken_constraint_is_an_integrity_error(database: Database) -> None:
    """Within a savepoint the rest of the transaction goes on."""
    async with database.transaction() as session:
        with pytest.raises(IntegrityError):
            async with session.begin_nested():
                await insert_rows(session, StreamRow, _streams("a", "a"))
        await insert_rows(session, StreamRow, _streams("b"))
    async with database.reading() as session:
        assert list(await session.scalars(select(StreamRow.subject))) == ["b"]


async def test_connection_that_is_lost_meanwhile_is_a_lost_database(database: Database) -> None:
    """The caller hears 503, and may try again."""
    if database.is_sqlite:
        pytest.skip("SQLite has no connection to lose")

    async def lose() -> None:
        async with database.transaction() as session:
            process = await session.scalar(text("SELECT pg_backend_pid()"))
            async with database.reading() as other:
                await other.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
            await insert_rows(session, StreamRow, _streams("a"))

    with pytest.raises(Problem) as caught:
        await lose()

    assert caught.value.status == 503

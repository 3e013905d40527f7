"""Many rows at once: what is broken is told as the mapper tells it, whatever way the rows take."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from chassis.bulk import find_rows, insert_rows, one_of
from chassis.database import Database, now
from chassis.identifiers import uuid7
from chassis.outbox import OutboxRow, StreamRow
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


def _owed(subject: str, sequences: range) -> list[dict[str, object]]:
    shared = {"destination": "log", "subject": subject, "type": "tank.filled", "document": "{}", "attempts": 0}
    moment = now()
    return [
        shared | {"sequence": number, "event_id": uuid7(), "recorded_at": moment, "due_at": moment}
        for number in sequences
    ]


PLACE = (OutboxRow.subject, OutboxRow.destination, OutboxRow.sequence)


async def test_rows_are_found_by_several_columns(database: Database) -> None:
    """Each combination is one row; one that is not there is not found, and none for no combination."""
    async with database.transaction() as session:
        await insert_rows(session, OutboxRow, [*_owed("a", range(1, 2_001)), *_owed("b", range(2, 4))])
        wanted = [("a", "log", 1), ("b", "log", 3), ("b", "log", 1), ("a", "mail", 2), *_many("a", range(3, 1_500))]
        found = await find_rows(session, (OutboxRow.subject, OutboxRow.sequence), PLACE, wanted)
        nothing = await find_rows(session, (OutboxRow.subject,), PLACE, [])

    assert sorted(map(tuple, found)) == [("a", 1), *(("a", number) for number in range(3, 1_500)), ("b", 3)]
    assert list(nothing) == []


def _many(subject: str, sequences: range) -> list[tuple[str, str, int]]:
    return [(subject, "log", number) for number in sequences]


async def test_rows_are_found_one_by_one_in_a_table_that_was_empty(database: Database) -> None:
    """PostgreSQL keeps the plan of a statement: one that was good for nothing must be good for thousands too."""
    if database.is_sqlite:
        pytest.skip("SQLite keeps no statistics of what was read")
    read = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'")
    async with database.transaction() as session:
        await session.execute(delete(OutboxRow))
        for _ in range(10):
            await find_rows(session, (OutboxRow.sequence,), PLACE, _many("a", range(1, 100)))
        await insert_rows(session, OutboxRow, _owed("a", range(1, 2_001)))
        before = await session.scalar(read)
        found = await find_rows(session, (OutboxRow.sequence,), PLACE, _many("a", range(1_901, 2_101)))
        after = await session.scalar(read)

    assert len(found) == 100
    assert after - before == 100


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

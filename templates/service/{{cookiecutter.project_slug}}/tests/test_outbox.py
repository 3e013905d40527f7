"""The outbox: an event exists exactly if what it tells about was committed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import event, select

from chassis import correlation
from chassis.database import Database
from chassis.events import EventType, record, record_many
from chassis.outbox import OutboxRow
from chassis.project import project
from tests.events import FILLED, Level, connected, fill, owed, roll_back
from tests.fixtures import SettingsFor


@pytest.fixture
async def database(database_url: str, settings_for: SettingsFor) -> AsyncIterator[Database]:
    """Give the connections of one process."""
    async with connected(settings_for(database_url)) as found:
        yield found


async def _documents(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as session:
        return [json.loads(text) for text in await session.scalars(select(OutboxRow.document))]


async def test_committed_event_is_a_cloud_event(database: Database) -> None:
    """What is stored is what will be published: CloudEvents 1.0 in its JSON format."""
    correlation.traceparent.set("")  # nobody asked for it, whatever ran before
    async with database.transaction() as session:
        event_id = await record(session, FILLED, subject="tanks/north", data=Level(litres=7))
    (document,) = await _documents(database)

    assert document.pop("time").endswith("Z")
    assert document.pop("source") == f"/services/{project().name}"
    assert document == {
        "specversion": "1.0",
        "id": str(event_id),
        "type": "tank.filled",
        "subject": "tanks/north",
        "datacontenttype": "application/json",
        "sequence": "0000000001",
        "data": {"litres": 7},
    }


async def test_events_that_are_recorded_together_keep_their_order(database: Database) -> None:
    """Among each other, and after and before the ones that are recorded one by one."""
    async with database.transaction() as session:
        await record(session, FILLED, subject="tanks/north", data=Level(litres=1))
        together = [("tanks/north", 2), ("tanks/south", 1), ("tanks/north", 3)]
        await record_many(session, FILLED, [(subject, Level(litres=litres)) for subject, litres in together])
        await record(session, FILLED, subject="tanks/north", data=Level(litres=4))
    documents = await _documents(database)

    assert sorted((each["subject"], int(each["sequence"]), each["data"]["litres"]) for each in documents) == [
        ("tanks/north", 1, 1), ("tanks/north", 2, 2), ("tanks/north", 3, 3), ("tanks/north", 4, 4),
        ("tanks/south", 1, 1),
    ]  # fmt: skip
    assert len({each["id"] for each in documents}) == 5


async def test_trace_of_the_request_is_in_every_event(database: Database) -> None:
    """Recorded one by one or together; there is no ``tracestate`` where the caller sent none."""
    parent, state = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "congo=1,rojo=2"
    for given in (state, ""):
        correlation.traceparent.set(parent)
        correlation.tracestate.set(given)
        async with database.transaction() as session:
            await record(session, FILLED, subject="tanks/north", data=Level(litres=1))
            await record_many(session, FILLED, [("tanks/north", Level(litres=2))])
    documents = sorted(await _documents(database), key=lambda one: str(one["sequence"]))
    found = [(one.get("traceparent"), one.get("tracestate")) for one in documents]

    assert found == [(parent, state)] * 2 + [(parent, None)] * 2


async def test_rolled_back_event_never_was(database: Database) -> None:
    """Neither the event nor its number remains."""
    with pytest.raises(LookupError):
        async with database.transaction() as session:
            await roll_back(session, "north", 1)
    await fill(database, "north", 2)

    assert [document["data"] for document in await _documents(database)] == [{"litres": 2}]
    assert await owed(database) == [("tanks/north", 1)]


async def test_event_of_a_savepoint_goes_with_it(database: Database) -> None:
    """A part of a transaction that is taken back takes its events along; the others stay numbered without a gap."""
    async with database.transaction() as session:
        await record(session, FILLED, subject="tanks/north", data=Level(litres=1))
        with pytest.raises(LookupError):
            async with session.begin_nested():
                await roll_back(session, "north", 2)
        await record(session, FILLED, subject="tanks/north", data=Level(litres=3))

    found = sorted((document["sequence"], document["data"]["litres"]) for document in await _documents(database))
    assert found == [("0000000001", 1), ("0000000002", 3)]


async def test_numbers_follow_the_order_of_commits(database: Database) -> None:
    """However many transactions write to one subject at once, its numbers have neither gap nor repetition."""
    await asyncio.gather(*(fill(database, "north", 1, 2) for _ in range(10)))

    assert await owed(database) == [("tanks/north", n) for n in range(1, 21)]


async def test_transactions_that_touch_the_same_subjects_do_not_deadlock(database: Database) -> None:
    """Counters are locked in one order, in whatever order events were recorded."""

    async def fill_all(tanks: list[str]) -> None:
        async with database.transaction() as session:
            for tank in tanks:
                await record(session, FILLED, subject=f"tanks/{tank}", data=Level(litres=1))

    tanks = [f"{n:02d}" for n in range(20)]
    await asyncio.gather(*(fill_all(tanks[::direction]) for direction in (1, -1) * 5))

    assert len(await owed(database)) == 200


async def test_many_events_cost_few_statements(database: Database) -> None:
    """An import records thousands; the database is not asked once for each."""
    statements: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    async with database.transaction() as session:
        for n in range(1000):
            await record(session, FILLED, subject=f"tanks/{n}", data=Level(litres=n))

    assert len(await owed(database)) == 1000
    assert len([one for one in statements if one.startswith("INSERT")]) <= 12


async def test_every_destination_is_owed_the_same_event(database_url: str, settings_for: SettingsFor) -> None:
    """Each subscriber has a queue of its own; the event is the same one in all of them."""
    subscribers = {"erp": "http://erp.test", "shop": "http://shop.test"}
    async with connected(
        settings_for(database_url, events_publisher="http", events_subscribers=subscribers)
    ) as database:
        await fill(database, "north", 1)
        first, second = await _documents(database)

        assert first == second
        assert await owed(database) == [("tanks/north", 1), ("tanks/north", 1)]


async def test_wrong_payload_is_a_defect(database: Database) -> None:
    """An event carries what its contract says."""

    class Other(BaseModel):
        pass

    with pytest.raises(TypeError, match=r"tank\.filled carries Level, not Other"):
        async with database.transaction() as session:
            await record(session, FILLED, subject="tanks/north", data=Other())


@pytest.mark.parametrize("name", ["created", "Note.created", "note.created.v1", "note created", ""])
def test_type_of_event_has_a_proper_name(name: str) -> None:
    """It says what kind of thing, and what happened to it."""
    with pytest.raises(ValueError, match="is not the name of a type of event"):
        EventType(name=name, summary="", data=Level)

"""The relay: everything arrives, in order, however often something fails on the way."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select, text, update

from chassis import deliveries
from chassis.database import Database, now
from chassis.deliveries import Delivery, backlogs, sole_relay
from chassis.events import record_many
from chassis.outbox import OutboxRow
from chassis.publishers import Refused, Undelivered
from chassis.relay import Relay
from chassis.settings import Settings
from tests.events import FILLED, Level, Recorder, connected, fill, owed, until
from tests.fixtures import SettingsFor

QUICK = {"relay_poll_seconds": 0.01, "relay_longest_wait_seconds": 0.02}


_TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE state = 'idle in transaction' AND datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
def settings(database_url: str, settings_for: SettingsFor) -> Settings:
    """Give settings with short pauses."""
    return settings_for(database_url, **QUICK)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Give the connections of one process."""
    async with connected(settings) as found:
        yield found


@asynccontextmanager
async def relaying(database: Database, settings: Settings, publisher: Recorder) -> AsyncIterator[Relay]:
    """Run a relay during the block, and wait for its end."""
    relay = Relay(database, publisher, settings)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        try:
            yield relay
        finally:
            relay.stop()


async def drained(database: Database, seconds: float = 20) -> None:
    """Wait until nothing is owed to anybody."""
    async with asyncio.timeout(seconds):
        while True:
            async with database.reading() as session:
                if not any(one.waiting for one in await backlogs(session)):
                    return
            await asyncio.sleep(0.02)


async def test_events_arrive_in_order_and_leave_the_outbox(database: Database, settings: Settings) -> None:
    """Each subject's events come in the order of their commits."""
    publisher = Recorder()
    for n in range(3):
        await fill(database, "north", n)
        await fill(database, "south", n)
    async with relaying(database, settings, publisher):
        await drained(database)

    assert publisher.sequences == {"tanks/north": [1, 2, 3], "tanks/south": [1, 2, 3]}
    assert await owed(database) == []


async def test_failing_event_is_tried_again_and_nothing_overtakes_it(database: Database, settings: Settings) -> None:
    """What follows in the same subject waits; other subjects do not."""
    failures = iter([Undelivered("busy")] * 3)

    async def busy(delivery: Delivery) -> None:
        if delivery.subject == "tanks/north" and delivery.sequence == 2 and (failure := next(failures, None)):
            raise failure

    publisher = Recorder(busy)
    await fill(database, "north", 1, 2, 3)
    await fill(database, "south", 1, 2, 3)
    async with relaying(database, settings, publisher):
        await drained(database)

    assert publisher.sequences == {"tanks/north": [1, 2, 3], "tanks/south": [1, 2, 3]}
    assert [one.sequence for one in publisher.asked if one.subject == "tanks/north"] == [1, 2, 2, 2, 2, 3]
    assert len({one.event_id for one in publisher.asked}) == 6


async def test_whole_queue_of_a_subject_waits_with_its_first_event(database: Database, settings: Settings) -> None:
    """A long queue behind a failure is not looked at again and again."""

    async def fail(_delivery: Delivery) -> None:
        raise Undelivered("busy", after=timedelta(hours=1))

    await fill(database, "north", *range(100))
    publisher = Recorder(fail)
    async with relaying(database, settings, publisher):
        await until(lambda: bool(publisher.asked))
    async with database.reading() as session:
        due = list(await session.scalars(select(OutboxRow.due_at)))

    assert len(publisher.asked) == 1
    assert len(due) == 100
    assert min(due) > now() + timedelta(minutes=50)


@pytest.mark.parametrize(
    ("waiting", "subjects"),
    [
        (700, deliveries.SUBJECTS_A_BATCH),
        (2_000, deliveries.SUBJECTS_A_BATCH),
        (4_000, deliveries.MOST_SUBJECTS_A_BATCH),
    ],
)
async def test_backlog_is_not_read_for_each_subject(database: Database, waiting: int, subjects: int) -> None:
    """PostgreSQL plans without having counted what waits; its plans must be good for hundreds and for thousands."""
    if database.is_sqlite:
        pytest.skip("SQLite keeps no statistics of what was read")

    async def deliver(streams: Sequence[Sequence[Delivery]]) -> list[deliveries.Outcome]:
        return [deliveries.Outcome(delivered=list(each)) for each in streams]

    async def record(count: int) -> None:
        async with database.transaction() as session:
            await record_many(session, FILLED, [(f"tanks/{number}", Level(litres=1)) for number in range(count)])

    for _ in range(10):
        await record(subjects)
        await deliveries.deliver_due(database, "log", deliver, subjects=subjects)
    await record(waiting)
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_stat_force_next_flush()"))  # the connection counts from here
    read: list[int] = []

    @event.listens_for(database.engine.sync_engine, "commit")
    def count(connection: Connection) -> None:
        query = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'"
        read.extend(connection.exec_driver_sql(query).scalars())

    found = await deliveries.deliver_due(database, "log", deliver, subjects=subjects)

    assert len(found) == subjects
    assert len(found) <= read[0] < 10 * len(found)


async def test_events_of_many_subjects_are_taken_a_few_of_each(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in memory at once is bounded; every subject gets on, in its order."""
    monkeypatch.setattr(deliveries, "EVENTS_A_BATCH", 7)
    taken: list[list[tuple[str, int]]] = []

    async def deliver(streams: Sequence[Sequence[Delivery]]) -> list[deliveries.Outcome]:
        taken.append(sorted((one.subject, one.sequence) for each in streams for one in each))
        return [deliveries.Outcome(delivered=list(each)) for each in streams]

    for tank in ("east", "north", "south"):
        await fill(database, tank, 1, 2, 3)
    while await deliveries.deliver_due(database, "log", deliver):
        pass

    tanks = ("tanks/east", "tanks/north", "tanks/south")
    assert taken == [[(tank, n) for tank in tanks for n in (1, 2)], [(tank, 3) for tank in tanks]]


async def test_delivery_has_a_deadline(database_url: str, settings_for: SettingsFor) -> None:
    """A destination that never answers costs a deadline and not the relay."""
    settings = settings_for(database_url, relay_deadline_seconds=0.05, **QUICK)
    hanging = True

    async def hang(_delivery: Delivery) -> None:
        nonlocal hanging
        if hanging:
            hanging = False
            await asyncio.sleep(3600)

    publisher = Recorder(hang)
    async with connected(settings) as database:
        await fill(database, "north", 1)
        async with relaying(database, settings, publisher):
            await drained(database)

    assert (len(publisher.asked), len(publisher.taken)) == (2, 1)


async def test_refused_event_becomes_a_dead_letter(database: Database, settings: Settings) -> None:
    """What nobody will ever take steps aside; it is kept with its reason, and can be delivered after all."""
    refusing = True

    async def refuse(delivery: Delivery) -> None:
        if refusing and delivery.sequence == 2:
            raise Refused("HTTP 422")

    publisher = Recorder(refuse)
    await fill(database, "north", 1, 2, 3)
    async with relaying(database, settings, publisher):
        await drained(database)
    async with database.reading() as session:
        (backlog,) = await backlogs(session)
        (reason,) = await session.scalars(text("SELECT error FROM outbox"))

    assert publisher.sequences == {"tanks/north": [1, 3]}
    assert (backlog.waiting, backlog.dead, backlog.oldest_seconds, reason) == (0, 1, 0.0, "HTTP 422")

    refusing = False
    async with database.transaction() as session:
        await deliveries.retry_dead(session, "log")
    async with relaying(database, settings, publisher):
        await drained(database)
    assert publisher.sequences == {"tanks/north": [1, 3, 2]}


async def test_failing_for_too_long_is_given_up(database: Database, settings: Settings) -> None:
    """After RELAY_GIVE_UP_HOURS the next failure is the last one."""

    async def fail(_delivery: Delivery) -> None:
        raise Undelivered("HTTP 500")

    await fill(database, "north", 1)
    async with database.transaction() as session:
        await session.execute(update(OutboxRow).values(recorded_at=now() - timedelta(hours=73)))
    async with relaying(database, settings, Recorder(fail)):
        await drained(database)
    async with database.reading() as session:
        (backlog,) = await backlogs(session)

    assert (backlog.waiting, backlog.dead) == (0, 1)


async def test_destination_that_is_down_holds_up_no_other(database_url: str, settings_for: SettingsFor) -> None:
    """Each destination has its own queue and its own pauses."""
    subscribers = {"down": "http://down.test", "up": "http://up.test"}
    settings = settings_for(database_url, events_publisher="http", events_subscribers=subscribers, **QUICK)

    async def refuse_connections(delivery: Delivery) -> None:
        if delivery.destination == "down":
            raise Undelivered("ConnectError")

    publisher = Recorder(refuse_connections)
    async with connected(settings) as database:
        await fill(database, "north", *range(20))
        async with relaying(database, settings, publisher):
            await until(lambda: len(publisher.taken) == 20)
        async with database.reading() as session:
            found = {one.destination: one.waiting for one in await backlogs(session)}

    assert publisher.sequences == {"tanks/north": list(range(1, 21))}
    assert found == {"down": 20}


async def test_one_destination_takes_no_news_from_another(
    database_url: str, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looks in vain while an event is committed looks again at once, although another one was told of it first."""
    subscribers = {"first": "http://first.test", "second": "http://second.test"}
    settings = settings_for(
        database_url, events_publisher="http", events_subscribers=subscribers, relay_poll_seconds=60
    )
    looked = dict.fromkeys(subscribers, 0)

    async def look(database: Database, destination: str, *_arguments: object, **_options: object) -> list[object]:
        looked[destination] += 1
        if destination == "second" and looked[destination] == 1:
            database.recorded.ring()
            await until(lambda: looked["first"] > 1)
        return []

    monkeypatch.setattr("chassis.relay.deliver_due", look)
    async with connected(settings) as database, relaying(database, settings, Recorder()):
        await until(lambda: looked["second"] > 1)


async def test_defect_in_a_publisher_does_not_end_the_relay(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody expected is logged, and tried again."""
    defects = iter([ZeroDivisionError("defect")])

    async def fail(_delivery: Delivery) -> None:
        if error := next(defects, None):
            raise error

    publisher = Recorder(fail)
    await fill(database, "north", 1, 2)
    async with relaying(database, settings, publisher):
        await drained(database)

    assert publisher.sequences == {"tanks/north": [1, 2]}
    assert "relay failed" in capsys.readouterr().out


async def test_stop_finishes_what_has_begun(database: Database, settings: Settings) -> None:
    """What was handed over is also crossed off; what was not, stays."""
    begun = asyncio.Event()

    async def take_a_while(_delivery: Delivery) -> None:
        begun.set()
        await asyncio.sleep(0.2)

    publisher = Recorder(take_a_while)
    await fill(database, "north", 1, 2, 3)
    async with relaying(database, settings, publisher):
        await until(begun.is_set)

    assert publisher.sequences == {"tanks/north": [1]}
    assert await owed(database) == [("tanks/north", 2), ("tanks/north", 3)]


async def test_recording_never_waits_for_a_delivery(database: Database, settings: Settings) -> None:
    """While an subject's event is on its way, requests go on changing that subject."""
    begun, end = asyncio.Event(), asyncio.Event()

    async def take_long(_delivery: Delivery) -> None:
        begun.set()
        await end.wait()

    publisher = Recorder(take_long)
    await fill(database, "north", 1)
    async with relaying(database, settings, publisher):
        await until(begun.is_set)
        async with asyncio.timeout(2):
            await fill(database, "north", 2)
        end.set()
        await drained(database)

    assert publisher.sequences == {"tanks/north": [1, 2]}


async def test_many_relays_share_the_work_and_keep_the_order(database_url: str, settings_for: SettingsFor) -> None:
    """Four relays, each with its own connections, failures in between: nothing twice, nothing out of order."""
    settings = settings_for(database_url, **QUICK)
    dice = random.Random(3)  # noqa: S311 - makes trouble, guards nothing

    async def stumble(_delivery: Delivery) -> None:
        await asyncio.sleep(dice.uniform(0, 0.004))
        if dice.random() < 0.1:
            raise Undelivered("stumbled")

    publisher = Recorder(stumble)
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(connected(settings))
        for _ in range(4):
            database = await stack.enter_async_context(connected(settings))
            await stack.enter_async_context(relaying(database, settings, publisher))
        for n in range(10):
            await asyncio.gather(*(fill(writer, str(tank), n) for tank in range(20)))
        await drained(writer)

    assert publisher.sequences == {f"tanks/{tank}": list(range(1, 11)) for tank in range(20)}


async def test_relay_that_loses_its_connection_loses_its_claim(database_url: str, settings_for: SettingsFor) -> None:
    """PostgreSQL frees what a vanished relay had claimed; another one delivers it again, under the same id."""
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has no connection to lose")
    settings = settings_for(database_url, **QUICK)
    begun, end = asyncio.Event(), asyncio.Event()

    async def hang(_delivery: Delivery) -> None:
        begun.set()
        await end.wait()

    vanishing, heir = Recorder(hang), Recorder()
    async with connected(settings) as first, connected(settings) as second:
        await fill(second, "north", 1)
        async with relaying(first, settings, vanishing):
            await until(begun.is_set)
            async with relaying(second, settings, heir):
                await asyncio.sleep(0.2)
                assert heir.taken == []  # not while the other one is at it
                async with second.transaction() as session:
                    await session.execute(text(_TERMINATE))
                await drained(second)
            end.set()

    assert [one.event_id for one in heir.taken] == [one.event_id for one in vanishing.taken]


async def test_one_process_relays_from_an_sqlite_file(database: Database) -> None:
    """The second one gets its turn when the first one is gone; on PostgreSQL all may work."""
    with sole_relay(database) as first, sole_relay(database) as second:
        assert (first, second) == (True, not database.is_sqlite)
    with sole_relay(database) as again:
        assert again


def test_pauses_double_up_to_the_limit_and_differ(settings_for: SettingsFor) -> None:
    """Exponential back-off with jitter: at least half of the step, never more than the limit."""
    settings = settings_for("", relay_longest_wait_seconds=60)
    relay = Relay(Database(settings), Recorder(), settings)
    pauses = {failures: [relay._backoff(failures) for _ in range(50)] for failures in (1, 2, 5, 10, 10_000)}

    for failures, step in ((1, 1.0), (2, 2.0), (5, 16.0), (10, 60.0), (10_000, 60.0)):
        assert step / 2 <= min(pauses[failures]) < max(pauses[failures]) <= step

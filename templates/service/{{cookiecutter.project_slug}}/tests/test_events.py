"""Events: what is committed is published, what is rolled back is not, in order, at least once, whoever dies."""

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import yaml
from pydantic import BaseModel
from sqlalchemy import select, update

from chassis.database import Database
from chassis.domain import load_domain
from chassis.event_contract import build
from chassis.events import EventType, OutboxRow, first_delivery, record
from chassis.metrics import Metrics
from chassis.project import ROOT, project
from chassis.publishers import HttpPublisher, NatsPublisher, PublishError
from chassis.relay import Relay
from tests import example
from tests.fixtures import SettingsFor
from tests.postgres import free_port
from tests.processes import ServerFactory, servers


class Fact(BaseModel):
    """A payload."""

    number: int


HAPPENED = EventType(name="thing.happened", summary="Something happened.", data=Fact)


class Receiver:
    """A publisher that remembers, and fails where it is told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.refuse: set[str] = set()

    async def publish(self, *, event_id: UUID, kind: str, subject: str, document: bytes) -> None:
        """Take the event, unless its subject is refused."""
        if subject in self.refuse:
            raise PublishError("refused")
        event = json.loads(document)
        assert (event["id"], event["type"]) == (str(event_id), kind)
        self.got.append(event)

    async def close(self) -> None:
        """Nothing is open."""

    def numbers(self, subject: str) -> list[int]:
        """Return what arrived of one subject, in order."""
        return [event["data"]["number"] for event in self.got if event["subject"] == subject]


@pytest.fixture
async def database(database_url: str, settings_for: SettingsFor) -> AsyncIterator[Database]:
    """Give a migrated database."""
    found = Database(settings_for(database_url))
    yield found
    await found.close()


@pytest.fixture
def receiver() -> Receiver:
    """Give somebody to publish to."""
    return Receiver()


@pytest.fixture
def relay(database: Database, database_url: str, receiver: Receiver, settings_for: SettingsFor) -> Relay:
    """Give a relay that gives up after three attempts."""
    return Relay(database, receiver, settings_for(database_url, relay_attempts=3), Metrics())


async def _happen(database: Database, *numbers: int, subject: str = "things/1") -> None:
    async with database.transaction() as session:
        for number in numbers:
            await record(session, HAPPENED, subject=subject, data=Fact(number=number))


async def _make_due(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(update(OutboxRow).values(available_at=OutboxRow.recorded_at))


async def _waiting(database: Database) -> list[OutboxRow]:
    async with database.reading() as session:
        return list(await session.scalars(select(OutboxRow).order_by(OutboxRow.sequence)))


async def test_committed_event_is_published_once_as_a_cloud_event(
    database: Database, relay: Relay, receiver: Receiver
) -> None:
    """The document has every attribute that CloudEvents 1.0 requires."""
    await _happen(database, 7)
    published = [await relay.publish_due(), await relay.publish_due()]

    assert published == [1, 0]
    (event,) = receiver.got
    assert UUID(event.pop("id")).version == 7
    assert event.pop("time").endswith("Z")
    assert event == {
        "specversion": "1.0",
        "source": f"/services/{project().name}",
        "type": "thing.happened",
        "subject": "things/1",
        "datacontenttype": "application/json",
        "data": {"number": 7},
    }


async def test_rolled_back_event_never_existed(database: Database, relay: Relay, receiver: Receiver) -> None:
    """Event and change share their fate."""

    async def change_mind() -> None:
        async with database.transaction() as session:
            await record(session, HAPPENED, subject="things/1", data=Fact(number=1))
            raise LookupError

    with pytest.raises(LookupError):
        await change_mind()

    assert await relay.publish_due() == 0
    assert receiver.got == []


async def test_wrong_payload_is_a_defect(database: Database) -> None:
    """An event carries what its contract says."""

    class Other(BaseModel):
        pass

    with pytest.raises(TypeError, match=r"thing\.happened carries Fact, not Other"):
        async with database.transaction() as session:
            await record(session, HAPPENED, subject="things/1", data=Other())


async def test_order_is_kept_past_a_failure(database: Database, relay: Relay, receiver: Receiver) -> None:
    """A later event never overtakes an earlier one of its subject; other subjects go on."""
    receiver.refuse = {"things/1"}
    await _happen(database, 1, 2, 3)
    await _happen(database, 4, subject="things/2")
    await relay.publish_due()
    assert receiver.numbers("things/2") == [4]
    receiver.refuse = set()
    assert await relay.publish_due() == 0  # its pause is not over, and the later ones wait behind it
    await _make_due(database)
    await relay.publish_due()

    assert receiver.numbers("things/1") == [1, 2, 3]


async def test_event_that_nobody_takes_becomes_a_dead_letter(
    database: Database, relay: Relay, receiver: Receiver
) -> None:
    """After the last attempt it is put aside with its reason, and the ones behind it go on."""
    receiver.refuse = {"things/1"}
    await _happen(database, 1)
    for _ in range(3):
        await relay.publish_due()
        await _make_due(database)
    receiver.refuse = set()
    await _happen(database, 2)
    await relay.publish_due()
    (dead,) = await _waiting(database)

    assert (dead.attempts, dead.last_error, dead.dead_at is not None) == (3, "refused", True)
    assert receiver.numbers("things/1") == [2]


async def test_two_relays_do_the_work_of_one(
    database_url: str, database: Database, receiver: Receiver, settings_for: SettingsFor
) -> None:
    """However many run, one works at a time, and another takes over when it stops."""
    settings = settings_for(database_url, relay_poll_seconds=0.02)
    relays = [Relay(Database(settings), receiver, settings, Metrics()) for _ in range(2)]
    running = [asyncio.create_task(relay.run()) for relay in relays]
    await _happen(database, *range(50))
    await _until(lambda: len(receiver.got) == 50)
    relays[0].stop()
    await running[0]
    await _happen(database, 50)
    await _until(lambda: len(receiver.got) == 51)
    relays[1].stop()
    await running[1]
    for relay in relays:
        await relay._database.close()

    assert receiver.numbers("things/1") == list(range(51))


async def _until(done: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - what is waited for happens in a database or in another process
            await asyncio.sleep(0.01)


async def test_event_is_taken_in_once(database: Database) -> None:
    """A consumer tells a repeated delivery by source and id."""
    outcomes = []
    for source in ("/services/a", "/services/a", "/services/b"):
        async with database.transaction() as session:
            outcomes.append(await first_delivery(session, source=source, event_id="1"))

    assert outcomes == [True, False, True]


class Subscriber:
    """An HTTP server that takes events."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the sender was killed in the middle
                subscriber.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(subscriber.status)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/events"

    @contextmanager
    def listening(self) -> Iterator["Subscriber"]:
        """Answer until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """Give a subscriber that listens."""
    with Subscriber().listening() as listening:
        yield listening


async def test_http_delivery_is_signed(subscriber: Subscriber) -> None:
    """A subscriber can check who sent it (Standard Webhooks 1.0)."""
    publisher = HttpPublisher([subscriber.url], "hush", httpx.AsyncClient())
    await publisher.publish(event_id=UUID(int=7), kind="a.b", subject="a/1", document=b'{"id": 7}')
    await publisher.close()
    ((headers, body),) = subscriber.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"hush", signed, hashlib.sha256)).decode()

    assert headers["content-type"] == "application/cloudevents+json; charset=UTF-8"
    assert headers["webhook-id"] == str(UUID(int=7))
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize("status", [302, 400, 500])
async def test_http_refusal_is_a_failure(subscriber: Subscriber, status: int) -> None:
    """Only 2xx means that the subscriber has it."""
    subscriber.status = status
    publisher = HttpPublisher([subscriber.url], "", httpx.AsyncClient())
    with pytest.raises(PublishError, match=str(status)):
        await publisher.publish(event_id=UUID(int=7), kind="a.b", subject="a/1", document=b"{}")
    await publisher.close()


async def test_nats_gets_every_event_once(tmp_path: Path) -> None:
    """JetStream acknowledges, and drops a repeated id."""
    import nats  # noqa: PLC0415 - only this test needs it

    program = shutil.which("nats-server", path=Path(sys.executable).parent) or shutil.which("nats-server")
    assert program, "nats-server comes with the development dependencies"
    port = free_port()
    command = [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(tmp_path), "-l", str(tmp_path / "log")]
    with subprocess.Popen(command) as server:  # noqa: S603, ASYNC220 - our own words, and nothing else runs yet
        try:
            publisher = NatsPublisher(f"nats://127.0.0.1:{port}", "events")
            await _connect_when_up(publisher)
            client = await nats.connect(f"nats://127.0.0.1:{port}")
            await client.jetstream().add_stream(name="EVENTS", subjects=["events.>"])
            for _ in range(2):
                await publisher.publish(event_id=UUID(int=7), kind="a.b", subject="a/1", document=b"{}")
            subscription = await client.jetstream().subscribe("events.>", ordered_consumer=True)
            message = await subscription.next_msg(timeout=5)
            state = (await client.jetstream().stream_info("EVENTS")).state
            await client.close()
            await publisher.close()
        finally:
            server.terminate()

    assert (message.subject, message.data, state.messages) == ("events.a.b", b"{}", 1)


async def _connect_when_up(publisher: NatsPublisher) -> None:
    """Wait for the server; without a stream it refuses, and that is a failure to try again."""
    for _ in range(100):
        try:
            await publisher.publish(event_id=UUID(int=1), kind="a.b", subject="a/1", document=b"{}")
        except PublishError as error:
            if "NoStreamResponse" in str(error):
                return
            await asyncio.sleep(0.05)
    raise AssertionError("nats-server did not start")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


def test_killed_process_loses_nothing(start: ServerFactory, subscriber: Subscriber) -> None:
    """Killed again and again while it works, every accepted change is told, in order, and nothing else is."""
    accepted: list[str] = []
    for _ in range(3):
        server = start(EVENTS_PUBLISHER="http", EVENTS_HTTP_URLS=subscriber.url, RELAY_POLL_SECONDS="0.05")
        server.wait_until_ready()
        headers = {"Authorization": f"Bearer {server.token('ann')}"}
        killer = threading.Timer(0.3, server.process.kill)
        killer.start()
        with httpx.Client(base_url=server.url, headers=headers) as client:
            try:
                while True:
                    created = client.post(example.COLLECTION, json=example.draft())
                    assert created.status_code == 201
                    accepted.append(created.json()["id"])
            except httpx.TransportError:
                pass  # killed
        killer.join()
        server.process.wait()
    last = start(EVENTS_PUBLISHER="http", EVENTS_HTTP_URLS=subscriber.url, RELAY_POLL_SECONDS="0.05", DRAIN_SECONDS="0")
    last.wait_until_ready()
    with httpx.Client(base_url=last.url, headers={"Authorization": f"Bearer {last.token('ann')}"}) as client:
        stored, path = [], f"{example.COLLECTION}?limit=100"
        while path:
            page = client.get(path).json()
            stored += [one["id"] for one in page["items"]]
            path = f"{example.COLLECTION}?limit=100&cursor={page['next']}" if "next" in page else ""
        asyncio.run(_until(lambda: 'outbox_events{state="pending"} 0.0' in client.get("/metrics").text))
    last.terminate()
    assert last.process.wait(10) == 0
    told = [json.loads(body) for _, body in subscriber.requests]
    distinct = {event["id"]: event["data"]["id"] for event in told}

    assert len(accepted) > 10
    assert set(accepted) <= set(stored)
    assert sorted(distinct.values()) == sorted(stored)


def test_committed_contract_is_what_is_published() -> None:
    """``contract/asyncapi.yaml`` describes each event that the domain declares: run ``make contract``."""
    committed = yaml.safe_load((ROOT / "contract" / "asyncapi.yaml").read_text(encoding="utf-8"))

    assert build(project(), load_domain()) == committed

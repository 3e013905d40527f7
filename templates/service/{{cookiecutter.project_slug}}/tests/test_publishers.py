"""The ways out of the service: what arrives, and what counts as arrived."""

import asyncio
import base64
import hashlib
import hmac
import io
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from select import PIPE_BUF
from typing import Any
from uuid import UUID

import nats
import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from chassis.database import now
from chassis.deliveries import Delivery
from chassis.publishers import BulkPublisher, Refused, Undelivered, open_publisher
from chassis.relay import Relay
from chassis.settings import Settings
from tests.events import connected, fill, until
from tests.fixtures import SettingsFor
from tests.postgres import free_port
from tests.subscribers import Subscriber, listening, nats_program, nats_server


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """Give a subscriber that listens."""
    with listening() as found:
        yield found


def _delivery(destination: str = "erp", number: int = 7, document: str = '{"litres": 7}') -> Delivery:
    return Delivery(
        destination=destination,
        subject="tanks/north",
        sequence=number,
        event_id=UUID(int=number),
        type="tank.filled",
        document=document,
        recorded_at=now(),
        attempts=0,
    )


def _http(settings_for: SettingsFor, url: str, **changes: object) -> Settings:
    return settings_for(
        "",
        events_publisher="http",
        events_subscribers={"erp": url},
        events_secrets={"erp": "hush"},
        **changes,
    )


async def test_http_delivery_is_a_signed_cloud_event(subscriber: Subscriber, settings_for: SettingsFor) -> None:
    """A subscriber can check who sent it (Standard Webhooks 1.0); the body is the event (structured mode)."""
    async with open_publisher(_http(settings_for, subscriber.url)) as publisher:
        await publisher.publish(_delivery())
    ((headers, body),) = subscriber.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"hush", signed, hashlib.sha256)).decode()

    assert body == b'{"litres": 7}'
    assert headers["content-type"] == "application/cloudevents+json; charset=UTF-8"
    assert headers["webhook-id"] == str(UUID(int=7))
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 10
    assert {"traceparent", "tracestate"}.isdisjoint(headers)


async def test_secret_is_read_as_standard_webhooks_writes_it(subscriber: Subscriber, settings_for: SettingsFor) -> None:
    """A subscriber's library decodes what follows ``whsec_``, so the key is that and not its letters."""
    key = bytes(range(24))
    secret = SecretStr(f"whsec_{base64.b64encode(key).decode()}")
    settings = _http(settings_for, subscriber.url).model_copy(update={"events_secrets": {"erp": secret}})
    async with open_publisher(settings) as publisher:
        await publisher.publish(_delivery())
    ((headers, body),) = subscriber.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body

    assert headers["webhook-signature"] == f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
    with pytest.raises(ValidationError, match="the secret of 'erp': what follows whsec_ is no Base64"):
        settings_for("", events_senders={"erp": "whsec_not base64"})


async def test_http_delivery_belongs_to_the_trace_of_its_event(
    subscriber: Subscriber, settings_for: SettingsFor
) -> None:
    """So a subscriber that knows only W3C Trace Context, and not our events, continues it."""
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "congo=1"}
    async with open_publisher(_http(settings_for, subscriber.url)) as publisher:
        await publisher.publish(_delivery(document=json.dumps(trace)))
    ((headers, _),) = subscriber.requests

    assert {name: headers[name] for name in trace} == trace


@pytest.mark.parametrize("mood", [302, 401, 403, 404, 409, 429, 500, 503, "drop"])
async def test_http_failure_that_may_pass_is_tried_again(
    subscriber: Subscriber, settings_for: SettingsFor, mood: int | str
) -> None:
    """Only a 2xx means that the subscriber has the event; a deployment or a proxy is no reason to give up."""
    subscriber.moods = [mood]
    async with open_publisher(_http(settings_for, subscriber.url)) as publisher:
        with pytest.raises(Undelivered) as caught:
            await publisher.publish(_delivery())

    # The subscriber asks for a pause (RFC 6585, section 4).
    assert caught.value.after == (timedelta(seconds=7) if mood == 429 else None)


@pytest.mark.parametrize("status", [400, 410, 413, 415, 422])
async def test_http_refusal_is_final(subscriber: Subscriber, settings_for: SettingsFor, status: int) -> None:
    """What the subscriber says about the event itself does not pass."""
    subscriber.moods = [status]
    async with open_publisher(_http(settings_for, subscriber.url)) as publisher:
        with pytest.raises(Refused, match=f"HTTP {status}"):
            await publisher.publish(_delivery())


async def test_http_deliveries_share_a_connection(
    subscriber: Subscriber, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused too: to connect, and to agree on keys, takes longer than an event."""
    connections: list[object] = []

    def connected(_request: object, address: object) -> bool:
        connections.append(address)
        return True

    monkeypatch.setattr(subscriber.server, "verify_request", connected)
    subscriber.moods = [204, 422, 204]
    async with open_publisher(_http(settings_for, subscriber.url)) as publisher:
        await publisher.publish(_delivery(number=1))
        with pytest.raises(Refused):
            await publisher.publish(_delivery(number=2))
        await publisher.publish(_delivery(number=3))

    assert len(subscriber.events) == 2
    assert len(connections) == 1


@pytest.mark.parametrize("pause", [0, 0.05])
async def test_http_answer_without_an_end_is_not_heard_out(settings_for: SettingsFor, pause: float) -> None:
    """However much it says, or slowly: the subscriber has the event, and it is not sent again."""
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * (1 if pause else 65_536))
                await writer.drain()
                await asyncio.sleep(pause)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with open_publisher(_http(settings_for, f"http://127.0.0.1:{port}")) as publisher, asyncio.timeout(5):
            await publisher.publish(_delivery())
            await left.wait()


async def test_http_subscriber_that_is_away_is_tried_again(settings_for: SettingsFor) -> None:
    """Nobody listens: the reason is kept, without the address."""
    async with open_publisher(_http(settings_for, f"http://127.0.0.1:{free_port()}/")) as publisher:
        with pytest.raises(Undelivered, match=r"^ConnectError$"):
            await publisher.publish(_delivery())


async def test_moody_subscriber_gets_everything_in_order(
    subscriber: Subscriber, database_url: str, settings_for: SettingsFor
) -> None:
    """Failing, delaying, dropping: with the relay in front nothing is lost, and repetitions have the same id."""
    subscriber.moods = [500, "drop", 0.4, 204, "drop", 503, "drop", 0.3]
    settings = settings_for(
        database_url,
        events_publisher="http",
        events_subscribers={"erp": subscriber.url},
        relay_deadline_seconds=0.2,
        relay_poll_seconds=0.02,
        relay_longest_wait_seconds=0.05,
    )
    async with connected(settings) as database, open_publisher(settings) as publisher:
        for tank in ("north", "south"):
            await fill(database, tank, *range(5))
        relay = Relay(database, publisher, settings)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(relay.run())
            await until(lambda: sum(map(len, subscriber.by_subject.values())) == 10)
            relay.stop()

    for tank in ("north", "south"):
        assert [event["data"]["litres"] for event in subscriber.by_subject[f"tanks/{tank}"]] == list(range(5))
    assert len(subscriber.events) > 10  # some were dropped after they had been taken


async def test_log_tells_that_it_happened_and_not_what(settings_for: SettingsFor) -> None:
    """The content of an event may be personal."""
    with capture_logs() as lines:
        async with open_publisher(settings_for("")) as publisher:
            await publisher.publish(_delivery("log", document='{"data": "canary"}'))

    assert lines == [
        {
            "event": "published",
            "log_level": "info",
            "type": "tank.filled",
            "id": str(UUID(int=7)),
            "subject": "tanks/north",
            "sequence": 7,
        }
    ]


class _Pipe(io.BytesIO):
    """Where standard output ends: what it was given with each call."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def write(self, data: Any) -> int:
        self.given.append(bytes(data).decode())
        return super().write(data)


async def test_many_log_lines_are_written_at_once_and_none_in_two(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes may share a pipe, which keeps together what it is given with one call and is not too long."""
    pipe = _Pipe()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe))
    async with open_publisher(settings_for("")) as publisher:
        assert isinstance(publisher, BulkPublisher)
        await publisher.publish_all([_delivery("log", number) for number in range(100)])

    assert [int(one) for one in re.findall(r"sequence\S*?[=:]\D*(\d+)", "".join(pipe.given))] == list(range(100))
    assert all(each.endswith("\n") and len(each) <= PIPE_BUF for each in pipe.given)
    assert len(pipe.given) < 20


@pytest.fixture
def nats_url(tmp_path: Path) -> Iterator[str]:
    """Give a NATS server."""
    if (program := nats_program()) is None:
        pytest.skip("no nats-server on this machine")
    with nats_server(program, tmp_path) as url:
        yield url


async def test_nats_keeps_every_event_once(nats_url: str, settings_for: SettingsFor) -> None:
    """JetStream acknowledges what it has stored, and drops a repeated id; in dev the stream is made."""
    settings = settings_for("", events_publisher="nats", events_nats_url=nats_url)
    async with open_publisher(settings) as publisher:
        for number in (1, 2, 2, 1, 3):
            await publisher.publish(_delivery("nats", number, json.dumps({"tracestate": f"congo={number}"})))
    client = await nats.connect(nats_url)
    subscription = await client.jetstream().subscribe("events.>", ordered_consumer=True)
    messages = [await subscription.next_msg(timeout=5) for _ in range(3)]
    state = (await client.jetstream().stream_info("events")).state
    await client.close()

    assert {message.subject for message in messages} == {"events.tank.filled"}
    assert [json.loads(message.data) for message in messages] == [{"tracestate": f"congo={n}"} for n in (1, 2, 3)]
    assert (messages[0].headers or {})["Content-Type"] == "application/cloudevents+json"
    assert (messages[0].headers or {})["tracestate"] == "congo=1"
    assert state.messages == 3


async def test_nats_without_a_stream_is_tried_again(nats_url: str, settings_for: SettingsFor) -> None:
    """Outside dev the platform owns the stream; until it is there, nothing counts as delivered."""
    settings = settings_for("", events_publisher="nats", events_nats_url=nats_url)
    outside = settings.model_copy(update={"environment": "prod"})
    async with open_publisher(outside) as publisher:
        with pytest.raises(Undelivered, match="NoStreamResponseError"):
            await publisher.publish(_delivery("nats"))


async def test_nats_that_comes_back_gets_what_it_missed(tmp_path: Path, settings_for: SettingsFor) -> None:
    """The server dies and returns; the relay connects again by itself."""
    if (program := nats_program()) is None:
        pytest.skip("no nats-server on this machine")
    port = free_port()
    settings = settings_for("", events_publisher="nats", events_nats_url=f"nats://127.0.0.1:{port}")
    async with open_publisher(settings) as publisher:
        with pytest.raises(Undelivered):
            await publisher.publish(_delivery("nats", 1))
        with nats_server(program, tmp_path, port):
            await publisher.publish(_delivery("nats", 1))
        with pytest.raises(Undelivered):
            await publisher.publish(_delivery("nats", 2))
        with nats_server(program, tmp_path, port):
            await publisher.publish(_delivery("nats", 2))

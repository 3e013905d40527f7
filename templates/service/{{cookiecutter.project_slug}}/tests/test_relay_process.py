"""Relay and outbox as an operator meets them: processes, commands, metrics, settings."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import select, update

from chassis.__main__ import main
from chassis.database import now
from chassis.outbox import OutboxRow
from chassis.settings import Settings
from tests import example
from tests.events import connected, fill, until
from tests.fixtures import Service, SettingsFor
from tests.processes import ServerFactory, servers
from tests.subscribers import Subscriber, listening


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts processes."""
    with servers(tmp_path) as factory:
        yield factory


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """Give a subscriber that listens."""
    with listening() as found:
        yield found


async def test_relay_process_delivers_and_stops_on_sigterm(
    database_url: str, settings_for: SettingsFor, start: ServerFactory, subscriber: Subscriber
) -> None:
    """``python -m chassis relay`` needs no server beside it, finishes its delivery, and exits with 0."""
    subscriber.moods = [0.3]
    destination = {"events_publisher": "http", "events_subscribers": {"erp": subscriber.url}}
    async with connected(settings_for(database_url, **destination)) as database:
        await fill(database, "north", 1, 2, 3)
    environment = {
        "command": "relay",
        "DATABASE_URL": database_url,
        "EVENTS_PUBLISHER": "http",
        "EVENTS_SUBSCRIBERS": f"erp={subscriber.url}",
    }
    relay = start(**environment)
    await until(lambda: not subscriber.moods, seconds=20)
    relay.terminate()

    assert relay.process.wait(10) == 0, relay.log.read_text()
    # What was on its way was finished, and crossed off: another relay goes on behind it, and repeats nothing.
    assert subscriber.events
    again = start(**environment)
    await until(lambda: len(subscriber.events) == 3, seconds=20)
    again.terminate()
    assert again.process.wait(10) == 0
    assert [one["sequence"] for one in subscriber.events] == ["0000000001", "0000000002", "0000000003"]


async def test_every_event_is_one_line_of_the_log(
    database_url: str, settings_for: SettingsFor, start: ServerFactory
) -> None:
    """However many are written at once, each is a line of its own, and each subject's are in their order."""
    async with connected(settings_for(database_url)) as database:
        for tank in ("north", "south"):
            await fill(database, tank, *range(60))
    relay = start(command="relay", DATABASE_URL=database_url)
    await until(lambda: relay.log.exists() and relay.log.read_text().count('"published"') == 120, seconds=20)
    relay.terminate()
    assert relay.process.wait(10) == 0
    lines = [json.loads(line) for line in relay.log.read_text().splitlines()]
    found = {
        subject: [line["sequence"] for line in lines if line.get("subject") == subject]
        for subject in ("tanks/north", "tanks/south")
    }

    assert found == {"tanks/north": list(range(1, 61)), "tanks/south": list(range(1, 61))}
    assert all(line.keys() >= {"event", "level", "timestamp", "service"} for line in lines)


async def test_metrics_show_what_is_owed(service: Service, ann: httpx.AsyncClient) -> None:
    """Every process shows the lag, whoever relays: it is asked of the database."""
    before = (await service.anonymous.get("/metrics")).text
    await ann.post(example.COLLECTION, json=example.draft())
    after = (await service.anonymous.get("/metrics")).text

    assert 'outbox_events{destination="log",state="pending"} 0.0' in before
    assert 'outbox_lag_seconds{destination="log"} 0.0' in before
    assert 'outbox_events{destination="log",state="pending"} 1.0' in after
    assert 'outbox_events{destination="log",state="dead"} 0.0' in after
    assert 'outbox_lag_seconds{destination="log"} 0.' in after


async def test_trace_goes_with_the_event(service: Service, ann: httpx.AsyncClient) -> None:
    """A consumer continues the trace of the request that caused the event, with what tracing systems say of it."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"traceparent": trace, "tracestate": "congo=t61rcWkgMzE"}
    await ann.post(example.COLLECTION, json=example.draft(), headers=headers)
    async with service.app.state.database.reading() as session:
        (document,) = await session.scalars(select(OutboxRow.document))

    assert json.loads(document)["traceparent"].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert json.loads(document)["tracestate"] == "congo=t61rcWkgMzE"


def test_operator_sees_retries_and_drops(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """``python -m chassis outbox`` says what waits and what was given up, for each destination."""
    monkeypatch.setenv("DATABASE_URL", fresh_url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    assert main(["migrate"]) == 0
    asyncio.run(_owe_and_give_up(Settings()))
    capsys.readouterr()

    for arguments, told in (
        ([], "log: 1 wait, … s; 1 given up\n"),
        (["--retry", "log"], "log: 2 wait, … s; 0 given up\n"),
        (["--drop", "log"], "Nothing is owed to anybody.\n"),
    ):
        assert main(["outbox", *arguments]) == 0
        assert re.sub(r"\d+ s;", "… s;", capsys.readouterr().out) == told
    assert main(["outbox", "--retry", "lgo"]) == 1
    assert capsys.readouterr().err == "outbox: nothing is owed to lgo, but to: nobody\n"


@pytest.mark.parametrize("command", [["outbox"], ["migrate"], ["migrate", "--check"]], ids=" ".join)
def test_database_that_is_away_is_one_line(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an operator reads, or the log of a migration job, says what cannot be reached and why."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:secret@127.0.0.1:1/app")

    assert main(command) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{command[0]}: the database of DATABASE_URL cannot be used: ")
    assert (told.count("\n"), "refused" in told or "failed" in told, "secret" in told) == (1, True, False)


async def _owe_and_give_up(settings: Settings) -> None:
    async with connected(settings) as database:
        await fill(database, "north", 1, 2)
        async with database.transaction() as session:
            await session.execute(update(OutboxRow).where(OutboxRow.sequence == 1).values(dead_at=now()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events_publisher": "http"}, "EVENTS_PUBLISHER=http needs EVENTS_SUBSCRIBERS"),
        ({"events_subscribers": "erp"}, "not of the form name=value,name=value"),
        ({"events_subscribers": "ERP=https://erp.test"}, "not of the form name=value,name=value"),
        ({"events_subscribers": "erp=ftp://erp.test"}, "the address of 'erp' is not an http"),
        ({"events_secrets": "erp=hush"}, "EVENTS_SECRETS names erp, which EVENTS_SUBSCRIBERS does not"),
        (
            {
                "environment": "prod",
                "database_url": "postgresql://svc:9f8a7b6c@db/svc",
                "secret_key": "0123456789abcdef0123456789abcdef",
                "auth_issuer": "https://issuer.test",
                "auth_audience": "api",
                "events_publisher": "http",
                "events_subscribers": "erp=https://erp.test,shop=https://shop.test",
                "events_secrets": "erp=hush",
            },
            "ENVIRONMENT=prod needs EVENTS_SECRETS for shop",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_destination_stops_the_start(changes: dict[str, str], message: str) -> None:
    """What could never be delivered is said at the start."""
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate(changes)


def test_subscribers_are_read_from_one_line() -> None:
    """Names make the queues, addresses may change."""
    settings = Settings.model_validate(
        {"events_publisher": "http", "events_subscribers": "erp=https://erp.test/a?b=c, shop=http://shop.test"}
    )

    assert settings.events_subscribers == {"erp": "https://erp.test/a?b=c", "shop": "http://shop.test"}
    assert settings.event_destinations == ("erp", "shop")

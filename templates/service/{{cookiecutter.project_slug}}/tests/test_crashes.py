"""Killed at any moment, service and relay lose no event, publish none that was rolled back, and keep the order."""

import asyncio
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import nats
import nats.errors
import nats.js.errors
import pytest
from pydantic import SecretStr

from chassis.deliveries import backlogs
from chassis.settings import Settings
from tests import example
from tests.events import connected
from tests.processes import ServerFactory, ServerProcess, servers
from tests.scale import SOAK, scale
from tests.subscribers import listening, nats_program, nats_server

ROUNDS = scale(2, 50)
WRITERS = 4
MOST_THINGS = 300
"""After so many, two for each writer: a service may take a thousand of a kind and no more, however quick it is."""
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


class Writer(threading.Thread):
    """Somebody who creates and changes things all the time, and remembers what was acknowledged."""

    def __init__(self, server: ServerProcess, seed: int, acknowledged: dict[str, int]) -> None:
        super().__init__()
        self._client = httpx.Client(base_url=server.url, headers=_authorization(server), timeout=10)
        self._dice = random.Random(seed)  # noqa: S311 - makes trouble, guards nothing
        self._own: dict[str, str] = {}
        self._acknowledged = acknowledged

    def run(self) -> None:
        """Write until the server is gone."""
        with self._client:
            try:
                while True:
                    self._create() if self._wants_more() else self._change()
            except httpx.TransportError:
                return  # it was killed

    def _wants_more(self) -> bool:
        return len(self._own) < 2 or (len(self._acknowledged) < MOST_THINGS and self._dice.random() < 0.3)

    def _create(self) -> None:
        response = self._client.post(example.COLLECTION, json=example.draft(self._words()))
        assert response.status_code == 201, response.text
        self._remember(response)

    def _change(self) -> None:
        path, tag = self._dice.choice(list(self._own.items()))
        response = self._client.patch(path, json=example.change(self._words()), headers=MERGE | {"If-Match": tag})
        assert response.status_code == 200, response.text
        self._remember(response)

    def _words(self) -> str:
        return f"milk-{self._dice.randrange(10**9)}"

    def _remember(self, response: httpx.Response) -> None:
        thing = response.json()
        self._own[f"{example.COLLECTION}/{thing['id']}"] = response.headers["etag"]
        self._acknowledged[thing["id"]] = thing["version"]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where events go: the settings for it, what arrived (repetitions too, in order), and whether anything did."""

    environment: dict[str, str]
    arrived: Callable[[], Sequence[bytes]]
    is_reached: Callable[[], bool]


@contextmanager
def moody_subscriber(_directory: Path) -> Iterator[Destination]:
    """Take events by HTTP; now and then fail, delay, or take an event and hang up."""
    with listening() as subscriber:
        dice = random.Random(ROUNDS)  # noqa: S311 - makes trouble, guards nothing
        subscriber.moods = dice.choices([204, "drop", 500, 0.05], weights=[85, 5, 5, 5], k=20_000)
        yield Destination(
            environment={"EVENTS_PUBLISHER": "http", "EVENTS_SUBSCRIBERS": f"erp={subscriber.url}"},
            arrived=lambda: [body for _, body in list(subscriber.requests)],
            is_reached=lambda: bool(subscriber.requests),
        )


@contextmanager
def jetstream(directory: Path) -> Iterator[Destination]:
    """Keep events in a stream of a real NATS server."""
    if (program := nats_program()) is None:
        pytest.skip("no nats-server on this machine")
    with nats_server(program, directory) as url:
        yield Destination(
            environment={"EVENTS_PUBLISHER": "nats", "EVENTS_NATS_URL": url},
            arrived=lambda: asyncio.run(_streamed(url)),
            is_reached=lambda: bool(asyncio.run(_streamed(url, most=1))),
        )


async def _streamed(url: str, most: int = 1_000_000) -> list[bytes]:
    client = await nats.connect(url)
    found: list[bytes] = []
    try:
        subscription = await client.jetstream().subscribe("events.>", ordered_consumer=True)
        while len(found) < most:
            found.append((await subscription.next_msg(timeout=0.5)).data)
    except (nats.errors.TimeoutError, nats.js.errors.NotFoundError):
        pass  # there are no more, or no stream yet
    finally:
        await client.close()
    return found


def _sequences(arrived: Sequence[bytes]) -> dict[str, list[str]]:
    """Return what a consumer sees that deals with each id once: the numbers of its events, by thing."""
    found: dict[str, list[str]] = defaultdict(list)
    seen: dict[str, bytes] = {}
    for body in arrived:
        event = json.loads(body)
        if event["id"] not in seen:
            found[event["subject"].rpartition("/")[2]].append(event["sequence"])
        assert seen.setdefault(event["id"], body) == body  # a repetition is the same to the byte
    return found


@pytest.mark.parametrize("place", [moody_subscriber, jetstream])
def test_kill_loses_no_event_and_invents_none(
    fresh_url: str,
    start: ServerFactory,
    tmp_path: Path,
    place: Callable[[Path], AbstractContextManager[Destination]],
) -> None:
    """In each round the service (which relays too) and a relay are killed, each at its own moment.

    In the end every version of every stored thing was told once, in order, and nothing else was.
    """
    if not SOAK and (place is jetstream) != fresh_url.startswith("postgresql"):
        pytest.skip("`make soak` takes every database with every destination")
    dice = random.Random(ROUNDS)  # noqa: S311 - makes trouble, guards nothing
    acknowledged: dict[str, int] = {}
    with place(tmp_path) as destination:
        environment = destination.environment | {
            "DATABASE_URL": fresh_url,
            "RELAY_POLL_SECONDS": "0.05",
            "RELAY_LONGEST_WAIT_SECONDS": "0.2",
            "RATE_LIMIT_REQUESTS": "0",
            "DRAIN_SECONDS": "0",
        }
        for number in range(ROUNDS):
            server, relay = start(**environment), start("relay", **environment)
            server.wait_until_ready()
            writers = [Writer(server, number * WRITERS + n, acknowledged) for n in range(WRITERS)]
            for writer in writers:
                writer.start()
            _wait_until(partial(_is_longer, acknowledged, len(acknowledged) + 1))
            _wait_until(destination.is_reached)
            _kill_at({dice.uniform(0.1, 0.5): server, dice.uniform(0.1, 0.5) + 1e-9: relay})
            for writer in writers:
                writer.join(60)
                assert not writer.is_alive(), "a writer goes on though the server is gone"
        told_meanwhile = len(destination.arrived())
        stored = _finish(start(**environment), fresh_url)
        told = _sequences(destination.arrived())

    assert told_meanwhile > 0
    assert len(acknowledged) > ROUNDS
    assert [name for name, version in acknowledged.items() if stored.get(name, 0) < version] == []
    assert told == {name: [f"{number:010d}" for number in range(1, version + 1)] for name, version in stored.items()}


def _is_longer(acknowledged: Sized, length: int) -> bool:
    return len(acknowledged) > length


def _wait_until(something_happened: Callable[[], bool]) -> None:
    """Let the processes get to work before they are killed, however slow the machine is."""
    deadline = time.monotonic() + 20
    while not something_happened() and time.monotonic() < deadline:
        time.sleep(0.02)


def _kill_at(moments: dict[float, ServerProcess]) -> None:
    """Kill each process so many seconds from now."""
    began = time.monotonic()
    for moment, process in sorted(moments.items()):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        process.stop()


def _finish(server: ServerProcess, database_url: str) -> dict[str, int]:
    """Let everything be delivered, stop the server, and return the version of each thing that is stored."""
    server.wait_until_ready()
    stored: dict[str, int] = {}
    with httpx.Client(base_url=server.url, headers=_authorization(server), timeout=10) as client:
        path = f"{example.COLLECTION}?limit=100"
        while path:
            page = client.get(path).json()
            stored |= {thing["id"]: thing["version"] for thing in page["items"]}
            path = f"{example.COLLECTION}?limit=100&cursor={page['next']}" if "next" in page else ""
    asyncio.run(_delivered(Settings(database_url=SecretStr(database_url))))
    server.terminate()
    assert server.process.wait(15) == 0, server.log.read_text()
    return stored


async def _delivered(settings: Settings) -> None:
    async with asyncio.timeout(60), connected(settings) as database:
        while True:
            async with database.reading() as session:
                found = await backlogs(session)
            if not any(one.waiting for one in found):
                break
            await asyncio.sleep(0.05)
    assert [one.dead for one in found if one.dead] == []


def _authorization(server: ServerProcess) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token('ann')}"}

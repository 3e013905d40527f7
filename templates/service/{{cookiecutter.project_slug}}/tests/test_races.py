"""Everybody at once, replies that get lost, and processes that are killed: one effect per key, no update lost."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests import example
from tests.processes import ServerFactory, ServerProcess, servers
from tests.scale import scale
from tests.wire import Reply, call

KEYS, DUPLICATES = scale(10, 100), scale(10, 50)
KILLS = scale(2, 100)
WRITERS, UPDATES, THINGS = scale(8, 50), scale(5, 100), scale(2, 10)
PATIENCE = scale(60, 600)
"""Seconds: SQLite lets some of many writers wait for long."""
DROPPED = 0.2
"""The part of the requests whose connection is closed before the answer is read."""
_MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


class Caller:
    """Somebody who repeats a request until there is an answer, as HTTP clients with retries do."""

    def __init__(self, server: ServerProcess, ports: list[int], seed: int) -> None:
        self.headers = {"Authorization": f"Bearer {server.token('ann')}"}
        self.ports = ports
        self.dice = random.Random(seed)  # noqa: S311 - makes trouble, guards nothing

    async def create(self, key: str) -> Reply:
        """Create the one thing that belongs to a key; for at most a minute in which there is a process that answers."""
        headers = self.headers | {"Idempotency-Key": key}
        answering = 0.0
        while answering < 60:
            began = time.monotonic()
            drop_after = self.dice.uniform(0, 0.05) if self.dice.random() < DROPPED else None
            alive = True
            try:
                reply = await call(
                    self.dice.choice(self.ports),
                    "POST",
                    example.COLLECTION,
                    headers,
                    example.draft(key),
                    drop_after=drop_after,
                )
            except (OSError, EOFError) as error:
                reply = None
                alive = isinstance(error, TimeoutError)  # or it was killed, or is not there yet
            if reply is not None and reply.status == 201:
                return reply
            assert reply is None or reply.status in (409, 503), reply
            await asyncio.sleep(self.dice.uniform(0.01, 0.2))
            answering += time.monotonic() - began if alive else 0
        raise AssertionError(f"the key {key} is stuck")


def _stored(server: ServerProcess) -> list[str]:
    """Return the text of everything that is stored."""
    found: list[str] = []
    headers = {"Authorization": f"Bearer {server.token('ann')}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=10) as client:
        path = f"{example.COLLECTION}?limit=100"
        while path:
            page = client.get(path).json()
            found += [str(thing[example.TEXT]) for thing in page["items"]]
            path = f"{example.COLLECTION}?limit=100&cursor={page['next']}" if "next" in page else ""
    return found


def test_concurrent_duplicates_have_one_effect(fresh_url: str, start: ServerFactory) -> None:
    """Many send the same key at once, to two processes where the database allows it, and every fifth hangs up.

    All of them get the same bytes in the end, and there is one thing for each key.
    """
    environment = {"DATABASE_URL": fresh_url, "RATE_LIMIT_REQUESTS": "0", "DRAIN_SECONDS": "0"}
    running = [start(**environment)]
    running[0].wait_until_ready()
    if fresh_url.startswith("postgresql"):
        running.append(start(**environment))
        running[1].wait_until_ready()
    caller = Caller(running[0], [server.port for server in running], seed=1)
    keys = [f"k-{uuid4()}" for _ in range(KEYS)]

    async def race(key: str) -> set[object]:
        replies = await asyncio.gather(*(caller.create(key) for _ in range(DUPLICATES)))
        return {reply.lasting for reply in replies}

    async def race_all() -> list[set[object]]:
        turns = asyncio.Semaphore(4)

        async def in_turn(key: str) -> set[object]:
            async with turns:
                return await race(key)

        return await asyncio.gather(*(in_turn(key) for key in keys))

    different = asyncio.run(race_all())

    assert [len(replies) for replies in different] == [1] * KEYS
    assert sorted(_stored(running[0])) == sorted(keys)


def test_kill_leaves_no_key_without_its_effect_nor_stuck(fresh_url: str, start: ServerFactory) -> None:
    """The process is killed and replaced again and again, at any moment, while duplicates come in."""
    environment = {"DATABASE_URL": fresh_url, "RATE_LIMIT_REQUESTS": "0", "DRAIN_SECONDS": "0"}
    server = start(**environment)
    server.wait_until_ready()
    caller = Caller(server, [server.port], seed=2)
    replies: dict[str, set[object]] = {}
    killed = asyncio.Event()

    async def keep_calling() -> None:
        while not killed.is_set():
            key = f"k-{uuid4()}"
            found = await asyncio.gather(*(caller.create(key) for _ in range(5)))
            replies[key] = {reply.lasting for reply in found}

    async def kill_and_replace(running: ServerProcess) -> ServerProcess:
        for _ in range(KILLS):
            await asyncio.sleep(caller.dice.uniform(0.1, 0.6))
            running.stop()
            running = start(**environment, PORT=str(caller.ports[0]))
            await asyncio.to_thread(running.wait_until_ready)
        killed.set()
        return running

    async def run() -> ServerProcess:
        callers = [asyncio.create_task(keep_calling()) for _ in range(4)]
        last = await kill_and_replace(server)
        await asyncio.gather(*callers)
        return last

    last = asyncio.run(run())

    assert len(replies) > KILLS
    assert {key for key, found in replies.items() if len(found) != 1} == set()
    assert sorted(_stored(last)) == sorted(replies)


def test_no_update_is_lost(fresh_url: str, start: ServerFactory) -> None:
    """Many change a few things at once, each on the version it has seen; every version was made by exactly one."""
    server = start(DATABASE_URL=fresh_url, RATE_LIMIT_REQUESTS="0", DRAIN_SECONDS="0")
    server.wait_until_ready()
    headers = {"Authorization": f"Bearer {server.token('ann')}"}
    made: dict[str, list[str]] = {}

    async def ask(method: str, path: str, more: dict[str, str], body: object = None) -> Reply:
        async with asyncio.timeout(PATIENCE):
            while True:
                reply = await call(server.port, method, path, headers | more, body)
                assert reply is not None
                if reply.status != 503:
                    return reply
                await asyncio.sleep(0.05)

    async def write(name: int) -> None:
        dice = random.Random(name)  # noqa: S311 - makes trouble, guards nothing
        for number in range(UPDATES):
            path = dice.choice(sorted(made))
            while True:
                seen = (await ask("GET", path, {})).headers["etag"]
                change = example.change(f"writer {name}, update {number}")
                reply = await ask("PATCH", path, _MERGE | {"If-Match": seen}, change)
                if reply.status == 200:
                    made[path].append(reply.headers["etag"])
                    break
                assert reply.status == 412

    async def run() -> dict[str, str]:
        for number in range(THINGS):
            created = await ask("POST", example.COLLECTION, {}, example.draft(f"thing-{number}"))
            made[created.headers["location"]] = [created.headers["etag"]]
        await asyncio.gather(*(write(name) for name in range(WRITERS)))
        return {path: (await ask("GET", path, {})).headers["etag"] for path in made}

    last = asyncio.run(run())
    versions = {path: sorted(int(tag.strip('"')) for tag in tags) for path, tags in made.items()}

    assert sum(map(len, versions.values())) == THINGS + WRITERS * UPDATES
    assert versions == {path: list(range(1, int(tag.strip('"')) + 1)) for path, tag in last.items()}

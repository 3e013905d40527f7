"""A new version is rolled out under load: nobody notices."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import load
from tests.balancer import Balancer
from tests.processes import ServerFactory, ServerProcess, servers
from tests.scale import SOAK, scale

pytestmark = pytest.mark.alone

RESTARTS = scale(1, 10)
LATE = scale(0.5, 2.0)
PROCESSES = 2
CHUNK = scale(1.5, 3.0)
RATE = 100.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


def test_rolling_restart_fails_no_request(fresh_url: str, start: ServerFactory) -> None:
    """Process after process gets SIGTERM and is replaced, and the load balancer learns of it late.

    Every request is answered, because a process that is about to go serves for ``DRAIN_SECONDS`` more.
    """
    if not SOAK and fresh_url.startswith("sqlite"):
        pytest.skip("`make soak` takes both databases")
    environment = {
        "DATABASE_URL": fresh_url,
        "RATE_LIMIT_REQUESTS": "0",
        "DRAIN_SECONDS": str(LATE + 1),
        "QUEUE_SECONDS": "10",  # a machine that does other things is not overloaded by these few requests
    }
    running = [start(**environment) for _ in range(PROCESSES)]
    for server in running:
        server.wait_until_ready()
    requests = load.plausible_mix(running[0])
    statuses, exits, lost = Counter[int](), list[int](), 0

    async def send(port: int, done: asyncio.Event, seed: int) -> None:
        nonlocal lost
        await asyncio.sleep(CHUNK / 2 * seed)  # one of the two is always at it
        while not done.is_set():
            plan = load.Plan(port=port, requests=requests, connections=10, seconds=CHUNK, rate=RATE / 2, seed=seed)
            result = await asyncio.to_thread(load.run, plan)
            statuses.update({status: len(found) for status, found in result.latencies.items()})
            lost += result.lost

    async def replace(server: ServerProcess) -> ServerProcess:
        server.terminate()
        exits.append(await asyncio.to_thread(server.process.wait, 60))
        new = start(**environment, PORT=str(server.port))
        await asyncio.to_thread(new.wait_until_ready)
        await asyncio.sleep(LATE + 0.5)
        return new

    async def run() -> list[str]:
        balancer = Balancer([server.port for server in running], late=LATE)
        done = asyncio.Event()
        async with balancer.listening() as port, asyncio.TaskGroup() as tasks:
            for seed in range(2):
                tasks.create_task(send(port, done, seed))
            for number in range(RESTARTS):
                running[number % PROCESSES] = await replace(running[number % PROCESSES])
            done.set()
        return balancer.failures

    failures = asyncio.run(run())

    assert failures == []
    assert (exits, lost) == ([0] * RESTARTS, 0)
    assert set(statuses) <= {200, 201}
    assert statuses.total() > 50 * RESTARTS

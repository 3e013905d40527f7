"""The server inside this process: what its life looks like from within."""

import asyncio
import signal
import socket
from pathlib import Path

import httpx
import uvloop

from chassis.keys import DevelopmentKeys
from chassis.server import build
from tests import example
from tests.events import until
from tests.fixtures import SettingsFor
from tests.postgres import free_port
from tests.wire import call


async def test_server_serves_drains_and_ends(database_url: str, settings_for: SettingsFor, tmp_path: Path) -> None:
    """After SIGTERM it is not ready and still answers; when the time is over it ends by itself."""
    port = free_port()
    server = build(settings_for(database_url, port=port, drain_seconds=0.5, queue_seconds=10.0))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, seconds=20)
    token = DevelopmentKeys(tmp_path).mint(subject="ann", scopes=frozenset({example.READ, example.WRITE}), seconds=60)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        created = await client.post(example.COLLECTION, json=example.draft())
        server.handle_exit(signal.SIGTERM, None)
        await asyncio.sleep(0)
        ready, listed = await client.get("/readyz"), await client.get(example.COLLECTION)
    await asyncio.wait_for(serving, 20)

    assert created.status_code == 201
    assert (ready.status_code, ready.headers["connection"]) == (503, "close")
    assert listed.status_code == 200


async def test_refusals_on_the_wire_are_counted(database_url: str, settings_for: SettingsFor) -> None:
    """A process without a free place says so to every request but the probes, and while it drains ends connections."""
    port = free_port()
    server = build(settings_for(database_url, port=port, drain_seconds=0.5))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, seconds=20)
    server.app.state.places.limit = -1000
    calls: list[tuple[str, object]] = [("GET", None), ("POST", {})]
    refused = [await call(port, method, example.COLLECTION, {}, body) for method, body in calls]
    server.handle_exit(signal.SIGTERM, None)
    await until(lambda: server._protocol.overloaded.closes)
    refused += [await call(port, method, example.COLLECTION, {}, body) for method, body in calls]
    metrics = await call(port, "GET", "/metrics", {})
    await asyncio.wait_for(serving, 20)

    assert [(one.status, one.headers.get("connection")) for one in refused if one] == [
        (503, None), (503, None), (503, "close"), (503, "close"),
    ]  # fmt: skip
    assert metrics is not None
    assert b"http_requests_shed_total 4.0" in metrics.body


def test_crowd_is_let_in_within_a_few_turns(settings_for: SettingsFor, tmp_path: Path) -> None:
    """Turns of a busy event loop are long: hundreds who connect at once must not be let in one in each."""
    port = free_port()
    server = build(settings_for(f"sqlite:///{tmp_path / 'a.db'}", port=port))

    async def turns_to_let_in(many: int) -> int:
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started, seconds=20)
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(many)]
        turns = 0
        async with asyncio.timeout(20):
            while len(server.server_state.connections) < many:
                await asyncio.sleep(0)
                turns += 1
        for one in crowd:
            one.close()
        server.should_exit = True
        await asyncio.wait_for(serving, 20)
        return turns

    turns = uvloop.run(turns_to_let_in(64))

    assert turns <= 12

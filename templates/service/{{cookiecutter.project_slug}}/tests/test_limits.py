"""Limits: what is too long, too deep, too slow or too much is refused, cheaply and in the common form."""

import asyncio
import collections
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.app import create_app
from chassis.limits import LoadShedding, Places
from chassis.metrics import Metrics
from tests import example
from tests.fixtures import SettingsFor
from tests.processes import ServerFactory, ServerProcess, servers

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"title": "a", "title": "b"}', "a name appears twice in one object"),
        (b'{"title": NaN}', "NaN is not a JSON number"),
        (b'{"title": 1e999}', "a number is too big"),
        (b'{"title": "\\ud800"}', "a string holds half of a surrogate pair"),
        (b'{"title": "a\\u0000b"}', "a string holds the character U+0000"),
        (b'{"title": "\xff"}', "it is not UTF-8"),
        (b'{"title": ' + b"1" * 5000 + b"}", "a number has too many digits"),
        (b"[" * 100_000, "it nests deeper than 32 levels"),
        (b"[" * 33 + b"]" * 33, "it nests deeper than 32 levels"),
        (b'{"title": "' + b"x" * 100_001 + b'"}', "a string is longer than 100000 characters"),
        (b"[" + b"0," * 10_000 + b"0]", "an array or object has more than 10000 items"),
    ],
    ids=lambda value: value[:45] if isinstance(value, str) else "",
)
async def test_json_that_parsers_disagree_about_is_refused(ann: httpx.AsyncClient, body: bytes, reason: str) -> None:
    """RFC 7493: what another parser would read differently, or choke on, is not read at all."""
    response = await ann.post(example.COLLECTION, content=body, headers=JSON)

    assert response.status_code == 400
    assert response.json()["detail"] == f"The body is not acceptable JSON: {reason}."


async def test_too_long_body_is_refused_by_its_announcement(ann: httpx.AsyncClient) -> None:
    """Nothing of a body that announces too much is read."""
    response = await ann.post(example.COLLECTION, content=b"", headers=JSON | {"Content-Length": "1048577"})

    assert (response.status_code, response.json()["type"]) == (413, "urn:problem-type:body-too-large")
    assert response.headers["connection"] == "close"


async def test_too_long_body_is_refused_when_it_gets_too_long(ann: httpx.AsyncClient) -> None:
    """A body that announces nothing is counted."""
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        while True:
            pieces += 1
            yield b"x" * 65536

    response = await ann.post(example.COLLECTION, content=endless(), headers=JSON)

    assert response.status_code == 413
    assert pieces <= 18


async def test_compressed_body_is_refused(ann: httpx.AsyncClient) -> None:
    """A bomb is not unpacked."""
    response = await ann.post(example.COLLECTION, content=b"\x1f\x8b", headers=JSON | {"Content-Encoding": "gzip"})

    assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity")


async def test_slow_request_is_ended(
    settings_for: SettingsFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that takes too long is a 504, and the service goes on."""
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'a.db'}", request_seconds=0.5))

    async def sleep() -> None:
        await asyncio.sleep(30)

    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        token = app.state.authenticator.keys.mint(subject="ann", scopes=frozenset({example.READ}), seconds=60)
        headers = {"Authorization": f"Bearer {token}"}
        with monkeypatch.context() as patch:
            patch.setattr("chassis.paging.Paging.fetch", lambda *_: sleep())
            slow = await client.get(example.COLLECTION, headers=headers)
        for _ in range(20):  # half a second is not much on a machine that is busy
            fast = await client.get(example.COLLECTION, headers=headers)
            if fast.status_code == 200:
                break

    assert (slow.status_code, slow.json()["type"]) == (504, "urn:problem-type:request-timeout")
    assert fast.status_code == 200


@pytest.mark.parametrize(("seconds", "expected"), [(0.3, 204), (3.0, 504)], ids=["steady", "stuck"])
async def test_long_upload_has_time_for_each_piece(seconds: float, expected: int) -> None:
    """What is done with the pieces of a file may take longer in all than a request may; no piece may."""

    async def work() -> None:
        await asyncio.sleep(seconds)

    async def take_in(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            more = (await receive())["more_body"]
            await work()
        await Response(status_code=204)(scope, receive, send)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x"

    bounded = LoadShedding(take_in, places=Places(10, patience=1), seconds=1.0, metrics=Metrics())

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        await bounded({**scope, "state": {"request_id": "one"}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=identified), base_url="http://s") as client:
        answer = await client.put("/file", content=pieces())

    assert answer.status_code == expected


async def test_more_than_can_run_is_refused_at_once(
    settings_for: SettingsFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third of two possible requests is a 503 with Retry-After; probes pass; afterwards all is well."""
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'a.db'}", concurrent_requests=2))
    running, release = asyncio.Semaphore(0), asyncio.Event()

    async def wait(*_arguments: object) -> tuple[list[object], None]:
        running.release()
        await release.wait()
        return [], None

    monkeypatch.setattr("chassis.paging.Paging.fetch", wait)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        token = app.state.authenticator.keys.mint(subject="ann", scopes=frozenset({example.READ}), seconds=60)
        headers = {"Authorization": f"Bearer {token}"}
        held = [asyncio.create_task(client.get(example.COLLECTION, headers=headers)) for _ in range(2)]
        async with asyncio.timeout(60):
            for _ in held:
                await running.acquire()
        refused = await client.get(example.COLLECTION, headers=headers)
        probe = await client.get("/livez")
        release.set()
        answers = await asyncio.gather(*held)
        metrics = (await client.get("/metrics")).text

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["type"] == "urn:problem-type:overloaded"
    assert probe.status_code == 200
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "http_requests_shed_total 1.0" in metrics


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start one server with short limits for all tests about the wire."""
    start: ServerFactory
    with servers(tmp_path_factory.mktemp("server")) as start:
        running = start(MAX_HEAD_SECONDS="1", MAX_BODY_SECONDS="1", MAX_HEAD_BYTES="4096")
        running.wait_until_ready()
        yield running


def _exchange(server: ServerProcess, sent: bytes, seconds: float = 8) -> tuple[int, dict[str, object], float]:
    """Send bytes, and nothing more; return the status, the problem and how long it took until the end."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body), time.monotonic() - began


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        (b"", 408, "head-too-slow"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", 408, "head-too-slow"),
        (b"GET /livez HTTP/1.1\r\n" + b"X-A: b\r\n" * 200 + b"\r\n", 431, "head-too-large"),
        (b"GET /livez HTTP/1.1\r\nX-A: " + b"b" * 5000 + b"\r\n\r\n", 431, "head-too-large"),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 431, "head-too-large"),
        (b"nonsense\r\n\r\n", 400, "malformed-request"),
        (b"GET /livez HTTP/1.1\r\n\r\n", 400, "malformed-request"),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed-request"),
        (b"POST /v1/x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400, "malformed-request"),
    ],
    ids=["silent", "trickled", "10,000 fields", "field", "target", "not HTTP", "no host", "two hosts", "body"],
)
def test_head_is_bounded(server: ServerProcess, sent: bytes, status: int, kind: str) -> None:
    """A head that is too long or too slow ends the connection with a reason."""
    found, problem, seconds = _exchange(server, sent)

    assert (found, problem["type"]) == (status, f"urn:problem-type:{kind}")
    assert seconds < 5


def test_overload_is_refused_on_the_wire(tmp_path: Path) -> None:
    """With all places taken the next request is a problem at once, its connection stays, and afterwards all is well."""
    with servers(tmp_path) as start:
        server = start(CONCURRENT_REQUESTS="1")
        server.wait_until_ready()
        headers = {"Authorization": f"Bearer {server.token('ann')}"}
        answers: list[httpx.Response] = []

        def keep_asking() -> None:
            with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
                answers.extend(client.post(example.COLLECTION, json=example.draft()) for _ in range(100))

        threads = [threading.Thread(target=keep_asking) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            stored, path = 0, f"{example.COLLECTION}?limit=100"
            while path:
                page = client.get(path).json()
                stored += len(page["items"])
                path = f"{example.COLLECTION}?limit=100&cursor={page['next']}" if "next" in page else ""

    statuses = collections.Counter(answer.status_code for answer in answers)
    refused = [answer for answer in answers if answer.status_code == 503]

    assert set(statuses) == {201, 503}
    assert (statuses.total(), stored) == (400, statuses[201])
    assert {one.json()["type"] for one in refused} == {"urn:problem-type:overloaded"}
    assert {one.headers["retry-after"] for one in refused} == {"1"}


def test_trickled_body_is_ended(server: ServerProcess) -> None:
    """A body that does not come ends the request; meanwhile others are served, though more trickle than may work."""
    token = server.token("ann")
    head = (
        f"POST {example.COLLECTION} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
        f"Authorization: Bearer {token}\r\n\r\n{{"
    )
    usual = _seconds_of_a_post(server, token)
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=8) for _ in range(150)]
    for number, connection in enumerate(connections):
        connection.sendall(head.encode())
        if number % 15 == 14:  # not all in one instant: that alone would be too much
            server.get("/livez")
    waited = _seconds_of_a_post(server, token)
    statuses = {connection.recv(65536).split()[1] for connection in connections}
    for connection in connections:
        connection.close()

    assert waited < max(1, 10 * usual)
    assert statuses == {b"408"}


def _seconds_of_a_post(server: ServerProcess, token: str) -> float:
    began = time.monotonic()
    served = httpx.post(
        server.url + example.COLLECTION, json=example.draft(), headers={"Authorization": f"Bearer {token}"}
    )
    assert served.status_code == 201
    return time.monotonic() - began

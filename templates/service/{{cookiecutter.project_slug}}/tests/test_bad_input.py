"""Callers who mean harm, beside callers who do not: the ones are refused, and the others notice nothing."""

import asyncio
import gzip
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import example, load
from tests.processes import ServerProcess, servers
from tests.scale import report, scale

pytestmark = pytest.mark.alone

ATTACKERS = scale(100, 1000)
"""How many connections trickle a head, and how many a body."""
BODY_BYTES = scale(64, 1024) * 1024 * 1024
HEAD_SECONDS = BODY_SECONDS = scale(1.0, 10.0)
LONGEST_ENDING = scale(20.0, 15.0)
"""In seconds; a little of it all runs on machines that others slow down."""
MOST_GROWTH = 50 * 1024
"""In KiB."""
LONGEST_NORMAL = scale(5.0, 0.5)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an attack ended: the status, 0 for none, and after how many seconds."""

    status: int
    seconds: float


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Start a server that may have as many connections as the attack opens."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with servers(tmp_path_factory.mktemp("server")) as start:
        running = start(MAX_HEAD_SECONDS=str(HEAD_SECONDS), MAX_BODY_SECONDS=str(BODY_SECONDS), RATE_LIMIT_REQUESTS="0")
        running.wait_until_ready()
        yield running


def _head(server: ServerProcess, *fields: str, token: str = "") -> bytes:
    lines = [
        f"POST {example.COLLECTION} HTTP/1.1",
        "Host: service",
        "Content-Type: application/json",
        f"Authorization: Bearer {token or server.token('mallory')}",
        *fields,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What is sent first, and then again and again after each pause of so many seconds, up to so many bytes."""

    sent: bytes
    then: bytes
    pause: float = 0.0
    most: int = 2**40
    delay: float = 0.0


async def _perform(server: ServerProcess, attack: Attack) -> Ending:
    """Send until there is an answer or the connection is closed."""
    await asyncio.sleep(attack.delay)
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    answer = asyncio.create_task(reader.read(12))
    try:
        writer.write(attack.sent)
        written = 0
        while not answer.done() and time.monotonic() - began < LONGEST_ENDING + 5 and written <= attack.most:
            writer.write(attack.then)
            written += len(attack.then)
            await writer.drain()
            await asyncio.wait([answer], timeout=attack.pause)
        received = await answer
    except ConnectionError:
        answer.cancel()
        received = b""
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return Ending(status=int(received[9:12] or 0), seconds=time.monotonic() - began)


def _memory(server: ServerProcess) -> int:
    """Return the process's resident memory in KiB."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc on this machine")
    return int(status.read_text().partition("VmRSS:")[2].split()[0])


async def _watched(server: ServerProcess, attacks: list[asyncio.Task[Ending]]) -> tuple[list[Ending], int]:
    """Return how the attacks ended, and by how much the process had grown at worst, in KiB."""
    before = highest = _memory(server)
    while not all(task.done() for task in attacks):
        highest = max(highest, _memory(server))
        await asyncio.sleep(0.05)
    return [task.result() for task in attacks], highest - before


def _beside_normal_callers(server: ServerProcess, attacks: list[Attack]) -> tuple[list[Ending], int, load.Result]:
    plan = load.Plan(
        port=server.port,
        requests=load.plausible_mix(server),
        connections=10,
        seconds=HEAD_SECONDS + 1.5,
        rate=50,
    )
    load.run(load.Plan(port=server.port, requests=plan.requests, connections=10, seconds=0.5, rate=50))  # warm

    async def run() -> tuple[list[Ending], int, load.Result]:
        normal = asyncio.create_task(asyncio.to_thread(load.run, plan))
        await asyncio.sleep(0.5)
        tasks = [asyncio.create_task(_perform(server, one)) for one in attacks]
        return *await _watched(server, tasks), await normal

    return asyncio.run(run())


def _summary(endings: list[Ending], growth: int, normal: load.Result) -> str:
    longest, p99 = max(one.seconds for one in endings), normal.quantile(200, 0.99)
    return (
        f"{len(endings)} attacks, the longest {longest:.1f} s; memory +{growth / 1024:.1f} MiB; p99 {1000 * p99:.0f} ms"
    )


def test_trickled_requests_are_ended(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    """Many connections send a byte now and then: heads, bodies with a token, and bodies after a refusal."""
    token = server.token("mallory")
    head = b"GET / HTTP/1.1\r\nHost: service\r\nX-Slow: "
    body = _head(server, "Content-Length: 1000000", token=token) + b"\r\n{"
    refused = _head(server, "Content-Length: 1000000", token="nonsense") + b"\r\n{"
    dice = random.Random(1)  # noqa: S311 - makes trouble, guards nothing
    attacks = [
        Attack(sent=sent, then=b" ", pause=dice.uniform(0.3, 1.0), delay=dice.uniform(0, 2))
        for sent in [head] * (ATTACKERS // 2) + [body] * (ATTACKERS // 2) + [refused] * 10
    ]
    endings, growth, normal = _beside_normal_callers(server, attacks)
    report(capsys, _summary(endings, growth, normal))

    assert {one.status for one in endings[: ATTACKERS // 2]} <= {408, 0}
    assert {one.status for one in endings[ATTACKERS // 2 : -10]} <= {408, 503, 0}
    assert {one.status for one in endings[-10:]} == {401}
    assert max(one.seconds for one in endings) <= LONGEST_ENDING
    assert growth < MOST_GROWTH
    assert (set(normal.latencies), normal.lost) == ({200, 201}, 0)
    assert max(normal.quantile(200, 0.99), normal.quantile(201, 0.99)) < LONGEST_NORMAL


def test_huge_requests_are_refused(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    """Bodies of a gigabyte, announced or not; bombs; heads without end; JSON that no parser should see."""
    bomb = gzip.compress(b"0" * 50_000_000)
    piece = b"x" * 65536
    chunked = b"10000\r\n" + piece + b"\r\n"
    deep, wide = b"[" * 100_000, b'{"a":1' + b',"a":1' * 1000 + b"}"
    announced = [f"Content-Length: {BODY_BYTES}"]
    attacks = {
        "announced": (
            413,
            Attack(sent=_head(server, f"Content-Length: {BODY_BYTES}\r\n"), then=piece, most=BODY_BYTES),
        ),
        "endless": (413, Attack(sent=_head(server, "Transfer-Encoding: chunked", ""), then=chunked, most=BODY_BYTES)),
        "unauthorised": (
            401,
            Attack(sent=_head(server, *announced, "", token="x"), then=piece, most=BODY_BYTES),
        ),
        "bomb": (415, Attack(sent=_sized(server, bomb, "Content-Encoding: gzip"), then=b"", pause=1)),
        "fields": (431, Attack(sent=_head(server, *["X-A: b"] * 10_000, ""), then=b"", pause=1)),
        "field": (431, Attack(sent=_head(server, "X-A: " + "b" * 1_000_000, ""), then=b"", pause=1)),
        "target": (431, Attack(sent=b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n\r\n", then=b"", pause=1)),
        "deep": (400, Attack(sent=_sized(server, deep), then=b"", pause=1)),
        "repeated": (400, Attack(sent=_sized(server, wide), then=b"", pause=1)),
        "no number": (400, Attack(sent=_sized(server, b'{"a": NaN}'), then=b"", pause=1)),
        "no character": (400, Attack(sent=_sized(server, b'{"a": "\\ud800"}'), then=b"", pause=1)),
    }
    times = scale(2, 5)
    endings, growth, normal = _beside_normal_callers(server, [attack for _, attack in attacks.values()] * times)
    report(capsys, _summary(endings, growth, normal))
    expected = [status for status, _ in attacks.values()] * times

    # Who sends on although the connection is closed may lose the answer with it.
    assert [one.status or wanted for one, wanted in zip(endings, expected, strict=True)] == expected
    assert sum(one.status == 0 for one in endings) <= 5 * times
    assert max(one.seconds for one in endings) <= LONGEST_ENDING
    assert growth < MOST_GROWTH
    assert (set(normal.latencies), normal.lost) == ({200, 201}, 0)
    assert max(normal.quantile(200, 0.99), normal.quantile(201, 0.99)) < LONGEST_NORMAL


def _sized(server: ServerProcess, body: bytes, *fields: str) -> bytes:
    return _head(server, *fields, f"Content-Length: {len(body)}") + b"\r\n" + body

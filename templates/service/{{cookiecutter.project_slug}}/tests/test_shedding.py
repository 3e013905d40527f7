"""Refusing on the wire: every request gets one answer, in order, however its bytes come in."""

import asyncio
import hashlib
import inspect
import random
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http import httptools_impl
from uvicorn.server import ServerState

from chassis.http_protocol import BoundedHttpProtocol
from chassis.limits import Places
from chassis.metrics import Metrics
from chassis.shedding import Overloaded, Recognition

HEAD = b"GET /v1/notes HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (HEAD + b"\r\n", True),
        (HEAD + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\nab", True),
        (HEAD, False),
        (HEAD + b"Content-Length: 2\r\n\r\na", False),
        (HEAD + b"Content-Length: 2\r\n\r\nabc", False),
        (HEAD + b"Content-Length: 2\r\ncontent-length: 2\r\n\r\nab", False),
        (HEAD + b"Content-Length : 2\r\n\r\nab", False),
        (HEAD + b"Content-Length: +2\r\n\r\nab", False),
        (HEAD + b"Content-Length: 2, 2\r\n\r\nab", False),
        (HEAD + b"Content-Length:\t2\r\n\r\nab", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", False),
        (HEAD + b"TRANSFER-ENCODING : chunked\r\n\r\n", False),
        (HEAD + b"Connection: close\r\n\r\n", False),
        (HEAD + b"Connection: keep-alive\r\nConnection: close\r\n\r\n", False),
        (HEAD + b"Expect: 100-continue\r\n\r\n", False),
        (HEAD + b"Upgrade: websocket\r\n\r\n", False),
        (HEAD + b"X: a\r\n Content-Length: 2\r\n\r\n", False),
        (HEAD + b"X: a\nContent-Length: 2\r\n\r\n", False),
        (HEAD + b"X: a\n\nGET / HTTP/1.1\r\n\r\n", False),
        (HEAD + b"\r\n" + HEAD + b"\r\n", False),
        (b"GET /livez HTTP/1.1\r\n\r\n", False),
        (b"HEAD /v1/notes HTTP/1.1\r\n\r\n", False),
        (b"GET /v1/notes HTTP/1.0\r\n\r\n", False),
        (b"GET http://a/v1/notes HTTP/1.1\r\n\r\n", False),
        (b"\r\n\r\n", False),
        (b"", False),
    ],
)
def test_only_what_is_certainly_one_request_is_refused_unparsed(data: bytes, whole: bool) -> None:
    """Whatever could end elsewhere, for any parser on the way, is left to ours."""
    recognition = Recognition()

    assert [recognition.is_one_request(data) for _ in range(2)] == [whole, whole]


def test_what_is_kept_of_one_request_decides_only_about_the_same_bytes() -> None:
    """Another target with the same fields is recognised at once; a byte more, or another first line, is looked at."""
    recognition, fields = Recognition(), b"Host: a\r\nContent-Length: 2\r\n\r\n"
    told = [
        recognition.is_one_request(data)
        for data in (
            b"POST /v1/notes HTTP/1.1\r\n" + fields + b"ab",
            b"POST /v1/other HTTP/1.1\r\n" + fields + b"ab",
            b"POST /livez HTTP/1.1\r\n" + fields + b"ab",
            b"POST /v1/notes HTTP/1.0\r\n" + fields + b"ab",
            b"POST /v1/notes HTTP/1.1\r\n" + fields + b"abc",
            b"POST /v1/notes HTTP/1.1\r\n" + fields,
            b"POST /v1/notes HTTP/1.1",
        )
    ]

    assert told == [True, True, False, False, False, False, False]


def test_refusal_is_a_problem_with_an_id_of_its_own() -> None:
    """Prepared bytes are a response like any other."""
    first, second = (_response(answer) for answer in (Overloaded().answer(), Overloaded().answer()))

    assert first.status_code == 503
    assert first.json() == {
        "type": "urn:problem-type:overloaded",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Too many requests are running; try again.",
        "instance": "",
        "request_id": first.headers["x-request-id"],
    }
    assert first.headers["retry-after"] == "1"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def _response(data: bytes) -> httpx.Response:
    """Read a response, which must be one to the last byte."""
    ((status, headers, body),) = _responses(data, heads=())
    return httpx.Response(status, headers=headers, content=body)


def _responses(data: bytes, *, heads: tuple[int, ...]) -> list[tuple[int, dict[str, str], bytes]]:
    """Split a stream into responses. Those at the places in ``heads`` answer HEAD and have no body."""
    found: list[tuple[int, dict[str, str], bytes]] = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        headers = dict(field.lower().split(": ", 1) for field in fields)
        length = 0 if len(found) in heads else int(headers["content-length"])
        found.append((int(line.split()[1]), headers, data[:length]))
        data = data[length:]
    return found


def _nothing() -> None:
    """Let it be."""


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False
        self.wrote: Callable[[], None] = _nothing

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.written += data
        self.wrote()

    def abort(self) -> None:
        """Close it, whatever is still to be written."""
        self.closed = True

    def is_closing(self) -> bool:
        """Tell whether it was closed."""
        return self.closed

    def close(self) -> None:
        """Close it."""
        self.closed = True

    def get_extra_info(self, _name: str) -> None:
        """Know nothing about the other side."""

    def pause_reading(self) -> None:
        """Go on."""

    def resume_reading(self) -> None:
        """Go on."""


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    body = scope["path"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def _protocol(limit: int) -> tuple[BoundedHttpProtocol, Wire]:
    class Protocol(BoundedHttpProtocol):
        places = Places(100, patience=1.0)
        metrics = Metrics()
        overloaded = Overloaded()
        recognition = Recognition()

    Protocol.places.limit = limit
    protocol, wire = Protocol(Config(cast(Any, _app), access_log=False), ServerState(), {}), Wire()
    protocol.connection_made(wire)
    return protocol, wire


REQUESTS = [
    (HEAD + b"\r\n", 503),
    (b"POST /v1/notes HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET /livez HTTP/1.1\r\n\r\nabcd", 503),
    (b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    (b"HEAD /v1/notes HTTP/1.1\r\nHost: a\r\n\r\n", 503),
    (b"POST /v1/notes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 503),
    (HEAD + b"Connection: keep-alive\r\n\r\n", 503),
]


@pytest.mark.parametrize("seed", range(20))
async def test_every_request_gets_one_answer_however_its_bytes_come_in(seed: int) -> None:
    """A body is never taken for a request, nor a request for a body: wherever the stream is cut, now full, now not."""
    dice = random.Random(seed)  # noqa: S311 - chooses where to cut, guards nothing
    order = dice.choices(range(len(REQUESTS)), k=12)
    stream = b"".join(REQUESTS[number][0] for number in order)
    ends = [sum(len(REQUESTS[n][0]) for n in order[: i + 1]) for i in range(len(order))]
    cuts = sorted({*dice.sample(range(1, len(stream)), dice.choice([0, 3, 40])), *dice.sample(ends, 6), len(stream)})
    protocol, wire = _protocol(limit=0)
    begin = 0
    for cut in cuts:
        protocol.data_received(stream[begin:cut])
        begin = cut
        for _ in range(dice.choice([0, 20])):
            await asyncio.sleep(0)
    for _ in range(200):
        await asyncio.sleep(0)
    heads = tuple(place for place, number in enumerate(order) if REQUESTS[number][0].startswith(b"HEAD"))

    assert [status for status, _, _ in _responses(wire.written, heads=heads)] == [REQUESTS[n][1] for n in order]
    assert not wire.closed


async def test_connection_whose_requests_were_refused_stays_as_long_as_any() -> None:
    """The time of an idle connection begins with its last refusal, and then it ends."""
    protocol, wire = _protocol(limit=0)
    protocol.timeout_keep_alive = cast(int, 0.1)
    for _ in range(4):
        protocol.data_received(HEAD + b"\r\n")
        await asyncio.sleep(0.05)
    stayed = not wire.closed
    await asyncio.sleep(0.3)

    assert stayed
    assert wire.closed
    assert len(_responses(wire.written, heads=())) == 4


async def test_who_does_not_read_its_refusals_gets_no_more_of_them() -> None:
    """A caller that sends on, and leaves the answers where they are, costs no memory for each of them."""
    protocol, wire = _protocol(limit=0)
    protocol.data_received(HEAD + b"\r\n")
    wire.wrote = protocol.pause_writing
    protocol.data_received(HEAD + b"\r\n")
    stays = not wire.closed
    protocol.data_received(HEAD + b"\r\n" + HEAD + b"\r\n")

    assert stays
    assert wire.closed
    assert len(_responses(wire.written, heads=())) == 2


async def test_who_reads_its_refusals_late_is_refused_on() -> None:
    """What was written slowly is no reason to close."""
    protocol, wire = _protocol(limit=0)
    wire.wrote = protocol.pause_writing
    protocol.data_received(HEAD + b"\r\n")
    wire.wrote = _nothing
    protocol.resume_writing()
    for _ in range(2):
        protocol.data_received(HEAD + b"\r\n")

    assert not wire.closed
    assert len(_responses(wire.written, heads=())) == 3


async def test_body_that_goes_on_after_the_answer_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was refused and sends on, however slowly, loses the connection."""
    monkeypatch.setattr("chassis.http_protocol._REST_SECONDS", 0.05)
    protocol, wire = _protocol(limit=0)
    protocol.data_received(b"POST /v1/notes HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(10):
        protocol.data_received(b"x" * 10)
        await asyncio.sleep(0.01)

    assert [status for status, _, _ in _responses(wire.written, heads=())] == [503]
    assert wire.closed


@pytest.mark.parametrize(
    "second", [b"no HTTP\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: a\r\n" % number for number in range(200))]
)
async def test_what_is_no_request_does_not_spoil_the_answer_to_the_one_before_it(second: bytes) -> None:
    """The answer under way is finished, and then the connection ends."""
    protocol, wire = _protocol(limit=100)
    protocol.data_received(HEAD + b"\r\n" + second)
    for _ in range(20):
        await asyncio.sleep(0)

    assert [status for status, _, _ in _responses(wire.written, heads=())] == [200]
    assert wire.closed


async def test_who_waits_for_permission_to_send_a_body_is_sent_away() -> None:
    """After ``Expect: 100-continue`` and a refusal nobody knows whether the body comes (RFC 9110, section 10.1.1)."""
    protocol, wire = _protocol(limit=0)
    protocol.data_received(b"POST /v1/notes HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")

    assert wire.written.startswith(b"HTTP/1.1 503 ")
    assert wire.closed


def test_limit_follows_what_can_be_served() -> None:
    """Waiting that lasts lowers it, the more the longer, and not below a few; without waiting it grows, one by one."""
    places = Places(100, patience=0.02)

    assert _learnt(places, 0.5, 0.0) == 100  # a moment
    assert _learnt(places, *[0.0] * 5, 0.5) == 100
    assert _learnt(places, 0.5) == 50
    assert _learnt(places, 0.0) == 51
    assert _learnt(places, *[0.021] * 3) == 47
    assert _learnt(places, *[0.0] * 200) == 100
    assert _learnt(places, *[0.021] * 3) == 90
    assert _learnt(places, *[0.03] * 100) == 20


def test_waiting_is_better_than_a_refusal_and_worse_than_a_second_one() -> None:
    """While nobody is refused a wait is borne that lowers the limit as soon as, and as long as, somebody is."""
    places = Places(100, patience=0.02)

    assert _learnt(places, *[0.0054] * 10) == 100
    assert _learnt(places, *[0.0054] * 2, refusing=True) == 81
    assert _learnt(places, *[0.0054] * 4) == 85
    assert _learnt(places, *[0.004] * 5, refusing=True) == 90


def _learnt(places: Places, *waits: float, refusing: bool = False) -> int:
    for waited in waits:
        places.refused_lately = refusing
        places.adjust(waited)
    return places.limit


@pytest.mark.parametrize("parsed", [False, True])
async def test_limit_learns_of_refusals_on_the_wire(parsed: bool) -> None:
    """Both ways of refusing there count, that of a whole request and that of one whose head was read."""
    protocol, _ = _protocol(limit=0)
    protocol.data_received(HEAD + (b"Connection: close\r\n" if parsed else b"") + b"\r\n")

    assert protocol.places.refused_lately


def test_uvicorn_is_the_one_that_was_read() -> None:
    """The protocol overrides methods that uvicorn promises to nobody.

    When this fails: read what has changed in the file, run ``make soak``, and write the new digest here.
    """
    digest = hashlib.sha256(inspect.getsource(httptools_impl).encode()).hexdigest()

    assert digest == "1d4e1c579df4168433a61a01f10c628b31c1790e72dd9769d2b8633b22214033"

"""HEAD is GET without the body (RFC 9110, section 9.3.2), wherever there is a GET."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from chassis.app import create_app
from chassis.keys import DevelopmentKeys
from chassis.operation import public, resource_router
from chassis.server import build
from tests import example
from tests.events import until
from tests.fixtures import Service, SettingsFor
from tests.postgres import free_port

_CHANGING = ("x-request-id", "ratelimit", "date")


def _told(response: httpx.Response) -> tuple[int, dict[str, str]]:
    return response.status_code, {name: text for name, text in response.headers.items() if name not in _CHANGING}


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json", example.COLLECTION, "{item}", example.ABSENT])
async def test_head_tells_what_get_does(path: str, service: Service, ann: httpx.AsyncClient) -> None:
    """Status and headers are the same, ETag and length included, and so is who may ask."""
    created = await ann.post(example.COLLECTION, json=example.draft())
    path = path.format(item=created.headers["location"])
    for client in (ann, service.anonymous):
        got, head = await client.get(path), await client.head(path)

        assert _told(head) == _told(got)
        assert head.content == b""


async def test_head_of_what_the_caller_has_is_not_modified(ann: httpx.AsyncClient) -> None:
    """Conditions hold as for GET."""
    created = await ann.post(example.COLLECTION, json=example.draft())
    head = await ann.head(created.headers["location"], headers={"If-None-Match": created.headers["etag"]})

    assert (head.status_code, head.headers["etag"]) == (304, created.headers["etag"])


async def test_metrics_have_a_head(service: Service) -> None:
    """A scraper may ask whether they are there; it is counted like all else, by route."""
    head = await service.anonymous.head("/metrics")
    text = (await service.anonymous.get("/metrics")).text

    assert (head.status_code, head.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert 'http_requests_total{method="HEAD",route="/metrics",status="200"} 1.0' in text


async def test_without_get_there_is_no_head(settings_for: SettingsFor) -> None:
    """What can only be written is not asked for its headers."""
    router = resource_router("/v1/echo", tag="echo")

    @router.post("")
    @public
    async def echo() -> None:
        raise NotImplementedError

    app = create_app(settings_for(""))
    app.router.routes.extend(router.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as client:
        head = await client.head("/v1/echo")

    assert (head.status_code, head.headers["allow"]) == (405, "POST")


async def test_connection_goes_on_after_a_head(settings_for: SettingsFor, tmp_path: Path) -> None:
    """On the wire the length is told and no body follows: the next request on the connection is understood."""
    port = free_port()
    server = build(settings_for("", port=port, drain_seconds=0.0, queue_seconds=10.0))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, seconds=20)
    token = DevelopmentKeys(tmp_path).mint(subject="ann", scopes=frozenset({example.READ}), seconds=60)
    sent = f"{example.COLLECTION} HTTP/1.1\r\nHost: service\r\nAuthorization: Bearer {token}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"HEAD {sent}\r\nGET {sent}Connection: close\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    got = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    server.handle_exit(signal.SIGTERM, None)
    await asyncio.wait_for(serving, 20)

    length = b"content-length: %d\r\n" % len(got.partition(b"\r\n\r\n")[2])
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert length in head
    assert length in got

"""Prepared operations answer as all others do; only faster."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, StringConstraints

from chassis.app import create_app
from chassis.operation import operations, public, requires, resource_router
from chassis.paging import PageRequest
from chassis.preconditions import IfNoneMatch
from chassis.prepared import prepared_router
from tests import example
from tests.fixtures import SettingsFor

Colours = Annotated[list[Annotated[str, StringConstraints(max_length=4)]], Query(alias="colour", max_length=2)]


async def echo(
    request: Request,
    page: PageRequest,
    name: Annotated[str, Path(max_length=5)],
    size: Annotated[int, Query(ge=1)],
    colours: Colours = [],  # noqa: B006 - never changed; FastAPI shows it in the contract
    copy: Annotated[str | None, Header(alias="If-None-Match")] = None,
    accept: Annotated[str, Header()] = "nothing",
) -> Response:
    """Tell what was asked for."""
    return Response(repr((request.url.path, page.limit, name, size, colours, copy, accept)), headers={"ETag": '"1"'})


def _client(router: APIRouter, settings_for: SettingsFor) -> httpx.AsyncClient:
    app = create_app(settings_for(""))
    app.router.routes.extend(router.routes)
    app.state.signing_key = b"x" * 32
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/echo/a?size=3", {}),
        ("GET", "/v1/echo/a?size=3&size=4&colour=red&colour=blue&unknown=1", {"If-None-Match": '"2"'}),
        ("GET", "/v1/echo/%C3%A4%20?size=3&limit=7", {"Accept": "text/plain"}),
        ("GET", "/v1/echo/toolong?size=0&limit=101&colour=purple&colour=red&colour=blue", {}),
        ("GET", "/v1/echo/a", {}),
        ("GET", "/v1/echo/a?size=", {}),
        ("GET", "/v1/echo/a?size=1&cursor=forged", {}),
        ("GET", "/v1/echo/a?size=1", {"Content-Length": "99999999"}),
        ("HEAD", "/v1/echo/a?size=1", {}),
        ("POST", "/v1/echo/a?size=1", {}),
    ],
)
async def test_answers_are_the_same(
    method: str, path: str, headers: dict[str, str], settings_for: SettingsFor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status, headers, body and the log are those of an ordinary operation, whatever is asked."""
    told = []
    for make in (resource_router, prepared_router):
        router = make("/v1/echo", tag="echo")
        router.get("/{name}")(public(echo))
        async with _client(router, settings_for) as client:
            response = await client.request(method, path, headers={"X-Request-ID": "one", **headers})
        line = capsys.readouterr().out.partition('"timestamp"')[0]
        told.append((response.status_code, dict(response.headers), response.content, line.partition("milliseconds")[0]))

    assert told[0] == told[1]


async def test_policy_holds(settings_for: SettingsFor) -> None:
    """Without a token nobody gets to a prepared operation that needs a scope."""
    router = prepared_router("/v1/echo", tag="echo")
    router.get("/{name}")(requires(example.READ)(echo))
    app = create_app(settings_for(""))
    app.router.routes.extend(router.routes)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as client,
    ):
        response = await client.get("/v1/echo/a?size=1")

    assert (response.status_code, response.json()["type"]) == (401, "urn:problem-type:unauthenticated")


def test_contract_is_the_same(settings_for: SettingsFor) -> None:
    """Nobody can tell from the contract how an operation is served."""
    described = []
    for make in (resource_router, prepared_router):
        router = make("/v1/echo", tag="echo")
        router.get("/{name}")(public(echo))
        app = create_app(settings_for(""))
        app.router.routes.extend(router.routes)
        described.append(app.openapi()["paths"]["/v1/echo/{name}"])

    assert described[0] == described[1]


async def _asks_for_body(body: Annotated[BaseModel, "a body"]) -> Response:
    raise NotImplementedError


async def _asks_for_headers_of_the_response(copy: IfNoneMatch) -> Response:
    raise NotImplementedError


def _is_no_coroutine() -> Response:
    raise NotImplementedError


@pytest.mark.parametrize("endpoint", [_asks_for_body, _asks_for_headers_of_the_response, _is_no_coroutine])
def test_what_takes_more_is_refused(endpoint: object) -> None:
    """An endpoint that cannot be served this way is found when its route is settled, whoever asks for that."""
    router = prepared_router("/v1/echo", tag="echo")
    router.get("/{name}")(public(endpoint))  # type: ignore[type-var] # that is the point
    (route,) = operations(router)

    for _ in range(2):
        with pytest.raises(TypeError, match="prepared"):
            route.settle()

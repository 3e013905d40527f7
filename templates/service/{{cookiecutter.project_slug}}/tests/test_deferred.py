"""What is left for later at the start, and that nobody notices."""

import asyncio
import signal

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from chassis import deferred
from chassis.app import create_app
from chassis.operation import Operation, operations, public, resource_router
from tests.fixtures import SettingsFor


class _Told(BaseModel):
    size: int


class _Strange:
    """Nothing that a request could hold."""


def _router() -> APIRouter:
    router = resource_router("/v1/echo", tag="echo")

    @router.get("/{size}")
    @public
    async def echo(size: int) -> _Told:
        return _Told(size=size)

    @router.delete("/all")
    @public
    async def forget() -> None:
        """Do nothing."""

    return router


def _is_settled(route: Operation) -> bool:
    return "dependant" in vars(route)


async def test_a_request_settles_its_own_route(settings_for: SettingsFor) -> None:
    """The first answer waits for what it needs itself; routes that are only passed by stay as they are."""
    app, router = create_app(settings_for("")), _router()
    app.router.routes.extend(router.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as client:
        answers = [await client.get(path) for path in ("/v1/nothing", "/v1/echo/3", "/v1/echo/many")]

    told = [(answer.status_code, answer.json().get("size")) for answer in answers]

    assert told == [(404, None), (200, 3), (422, None)]
    assert [_is_settled(route) for route in operations(router)] == [True, False]


async def test_the_rest_is_settled_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some time after the start everything is there, so that only early callers may have to wait."""
    monkeypatch.setattr(deferred, "_UNDISTURBED_SECONDS", 0.01)
    routes = operations(_router())
    await asyncio.wait_for(deferred.settle(routes, asyncio.Event()), 10)

    assert all(map(_is_settled, routes))


async def test_an_end_stops_the_settling() -> None:
    """A process that is told to stop at once does not go on with its start."""
    routes, stopping = operations(_router()), asyncio.Event()
    stopping.set()
    await asyncio.wait_for(deferred.settle(routes, stopping), 10)

    assert not any(map(_is_settled, routes))


async def test_a_defect_ends_the_process(settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature that cannot be served is noticed without a request for it, and the orchestrator told."""
    monkeypatch.setattr(deferred, "_UNDISTURBED_SECONDS", 0.01)
    router = resource_router("/v1/echo", tag="echo")

    @router.get("")
    @public
    async def echo(size: _Strange) -> None:
        """Ask for it."""

    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    app = create_app(settings_for(""))
    app.router.routes[:] = router.routes
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(ended.wait(), 10)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)

"""The shop at work: what runs for as long as the app serves, beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from chassis.logs import logger
from chassis.problems import Problem
from chassis.workers import Worker, running

from .carts.worker import note_abandoned
from .ports import plugged
from .settings import ShopSettings

_TROUBLE_SECONDS = 5.0

Step = Callable[[Database], Awaitable[bool]]
"""Does some of the work there is, and tells whether there may be more."""


@asynccontextmanager
async def open_for_business(app: FastAPI) -> AsyncIterator[None]:
    """Open the ports and let the workers run, until the app stops serving."""
    settings: ShopSettings = app.state.settings
    database: Database = app.state.database
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(plugged(app))
        for name, step, seconds in (
            ("abandoned carts", lambda database: note_abandoned(database, settings.cart_abandoned_hours), 30.0),
        ):
            await stack.enter_async_context(running(repeating(name, step, idle_seconds=seconds), database))
        yield


def repeating(name: str, step: Step, *, idle_seconds: float) -> Worker:
    """Return a worker that repeats a step until it is told to stop; a lost database is waited for."""

    async def work(database: Database, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                pause = 0.0 if await step(database) else idle_seconds
            except (SQLAlchemyError, Problem, OSError) as error:
                logger().warning("work interrupted", work=name, reason=type(error).__name__)
                pause = _TROUBLE_SECONDS
            try:
                await asyncio.wait_for(stopping.wait(), pause) if pause else await asyncio.sleep(0)
            except TimeoutError:
                continue

    return work

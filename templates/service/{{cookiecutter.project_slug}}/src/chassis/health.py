"""Probes: whether the process lives, and whether it should get requests."""

import asyncio
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from chassis import revisions
from chassis.database import Database, unavailable_as_problem
from chassis.deliveries import Backlog, backlogs
from chassis.metrics import MEDIA_TYPE
from chassis.operation import Operation, public
from chassis.problems import Problem

_PING_SECONDS = 2.0
router = APIRouter(route_class=Operation, include_in_schema=False)


@dataclass
class Health:
    """What the probes report."""

    database: Database
    draining: bool = False
    _migrated: bool = field(default=False, init=False)

    async def check(self) -> None:
        """Find out whether the service can do its work.

        :raises Problem: 503 naming the reason: draining, the database, or its migrations.
        """
        if self.draining:
            raise Problem(503, "draining", "The process is about to stop.")
        await self.database.ping(_PING_SECONDS)
        if not self._migrated:  # they can only get further, so once is enough
            with unavailable_as_problem():
                found = await revisions.state(self.database.engine)
            if found.missing:
                raise Problem(503, "not-migrated", "The database is not at the newest migration: run `make migrate`.")
            self._migrated = True


async def _measure_outbox(app: FastAPI) -> None:
    """Ask the database what is owed to whom; a number that cannot be had is left out, for an old one would lie."""
    owed = {name: Backlog(destination=name) for name in app.state.settings.event_destinations}
    try:
        async with asyncio.timeout(_PING_SECONDS), app.state.database.reading() as session:
            owed |= {one.destination: one for one in await backlogs(session)}
    except (Problem, TimeoutError, SQLAlchemyError):  # away, slow, or not migrated: /readyz says which
        owed = {}
    app.state.metrics.show_outbox(owed.values())


@router.get("/livez")
@public
async def livez() -> Response:
    """Tell that the process runs; nothing else is asked, so that a lost database never restarts it."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
@public
async def readyz(request: Request) -> Response:
    """Tell whether requests should be sent here."""
    await request.app.state.health.check()
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
@public
async def metrics(request: Request) -> Response:
    """Report metrics in Prometheus' text format."""
    await _measure_outbox(request.app)
    return Response(request.app.state.metrics.render(), media_type=MEDIA_TYPE)

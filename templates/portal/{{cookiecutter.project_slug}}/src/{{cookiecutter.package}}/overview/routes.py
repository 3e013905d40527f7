"""The overview over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Caller, Principal
from chassis.database import Database
from chassis.logs import logger
from chassis.operation import requires, resource_router
from chassis.problems import Problem

from . import service
from .schemas import (
    ApprovalsSection,
    CasesSection,
    OrdersSection,
    Overview,
    PersonSection,
    PlacesSection,
    QuotesSection,
    Section,
)

router = resource_router("/v1/me", tag="me")

SECTION_SECONDS = 1.0
_Section = TypeVar("_Section", bound=Section)
_Fill = Callable[[AsyncSession, Principal], Awaitable[_Section]]


@router.get("", summary="Read everything about you at once")
@requires("portal:read")
async def read_overview(request: Request, caller: Caller) -> Overview:
    """Read what a touchpoint needs for the signed-in person. A section that fails says so, and the rest is served."""
    database: Database = request.app.state.database

    async def fill(section: type[_Section], read: _Fill[_Section]) -> _Section:
        try:
            async with asyncio.timeout(SECTION_SECONDS), database.reading() as session:
                return await read(session, caller)
        except (SQLAlchemyError, Problem, TimeoutError, OSError) as error:
            logger().warning("section left out", section=section.__name__, reason=type(error).__name__)
            return section(status="unavailable")

    person = asyncio.create_task(fill(PersonSection, service.person))
    places = asyncio.create_task(fill(PlacesSection, service.places))
    orders = asyncio.create_task(fill(OrdersSection, service.recent_orders))
    quotes = asyncio.create_task(fill(QuotesSection, service.open_quotes))
    approvals = asyncio.create_task(fill(ApprovalsSection, service.waiting_approvals))
    cases = asyncio.create_task(fill(CasesSection, service.open_cases))
    # Each ends by itself within its time, so that none is left behind with a connection when another one has a defect.
    await asyncio.wait((person, places, orders, quotes, approvals, cases))
    return Overview(
        person=person.result(),
        places=places.result(),
        orders=orders.result(),
        quotes=quotes.result(),
        approvals=approvals.result(),
        cases=cases.result(),
    )

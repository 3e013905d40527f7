"""The worker: writes down which offers have expired, so that the rest of the company learns it."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from chassis.logs import logger
from chassis.problems import Problem

from .service import expire_overdue

_IDLE_SECONDS = 5.0


async def work(database: Database, stopping: asyncio.Event) -> None:
    """Work until told to stop. A lost database is waited for."""
    while not stopping.is_set():
        try:
            more = await expire_overdue(database) > 0
        except (SQLAlchemyError, Problem, OSError) as error:
            logger().warning("expiry interrupted", reason=type(error).__name__)
            more = False
        try:
            await asyncio.wait_for(stopping.wait(), 0.01 if more else _IDLE_SECONDS)
        except TimeoutError:
            continue

"""The worker: forgets measurements when their time is over."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from chassis.logs import logger
from chassis.problems import Problem

from .telemetry import forget_old

_IDLE_SECONDS = 60.0


async def work(database: Database, stopping: asyncio.Event) -> None:
    """Work until told to stop. A lost database is waited for."""
    while not stopping.is_set():
        try:
            more = await forget_old(database) > 0
        except (SQLAlchemyError, Problem, OSError) as error:
            logger().warning("housekeeping interrupted", reason=type(error).__name__)
            more = False
        try:
            await asyncio.wait_for(stopping.wait(), 0.01 if more else _IDLE_SECONDS)
        except TimeoutError:
            continue

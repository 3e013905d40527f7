"""The worker: works off imports beside the requests, one piece at a time, in every process of the service."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from chassis.logs import logger
from chassis.problems import Problem

from .service import work_off_next

_IDLE_SECONDS = 0.5
_TROUBLE_SECONDS = 5.0


async def work(database: Database, stopping: asyncio.Event) -> None:
    """Work until told to stop; what has been begun is finished. A lost database is waited for."""
    while not stopping.is_set():
        try:
            pause = 0.0 if await work_off_next(database) else _IDLE_SECONDS
        except (SQLAlchemyError, Problem, OSError) as error:
            logger().warning("import interrupted", reason=type(error).__name__)
            pause = _TROUBLE_SECONDS
        # Even without a pause others get their turn between two pieces.
        try:
            await asyncio.wait_for(stopping.wait(), pause) if pause else await asyncio.sleep(0)
        except TimeoutError:
            continue

"""The worker: works off imports beside the requests, one piece at a time, in every process of the service."""

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from chassis.logs import logger
from chassis.problems import Problem

from .ahead import ReadAhead
from .service import LONGEST_UPLOAD_SECONDS, clear_abandoned, forget_lines, work_off_next

_IDLE_SECONDS = 0.5
_TROUBLE_SECONDS = 5.0
_CLEAR_SECONDS = 60.0
_ABANDONED = timedelta(seconds=2 * LONGEST_UPLOAD_SECONDS)


async def work(database: Database, stopping: asyncio.Event) -> None:
    """Work until told to stop; what has been begun is finished. A lost database is waited for."""
    clock = asyncio.get_running_loop().time
    cleared_at = float("-inf")
    ahead = ReadAhead()
    while not stopping.is_set():
        try:
            if clock() - cleared_at >= _CLEAR_SECONDS:
                await _clear(database, stopping)
                cleared_at = clock()
            pause = 0.0 if await work_off_next(database, ahead) else _IDLE_SECONDS
        except (SQLAlchemyError, Problem, OSError) as error:
            logger().warning("import interrupted", reason=type(error).__name__)
            pause = _TROUBLE_SECONDS
        # Even without a pause others get their turn between two pieces.
        try:
            await asyncio.wait_for(stopping.wait(), pause) if pause else await asyncio.sleep(0)
        except TimeoutError:
            continue
    ahead.forget()


async def _clear(database: Database, stopping: asyncio.Event) -> None:
    """Delete files that never became complete, and what is older than it has to be."""
    if count := await clear_abandoned(database, _ABANDONED):
        logger().warning("abandoned imports deleted", count=count)
    while await forget_lines(database):
        if stopping.is_set():
            break

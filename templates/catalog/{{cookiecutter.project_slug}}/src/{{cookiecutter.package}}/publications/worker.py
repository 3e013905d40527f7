"""The worker: writes anew what has to be, and closes what is over, beside the requests in every process."""

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database, now
from chassis.logs import logger
from chassis.problems import Problem

from ..search.index import index_for
from ..storefront import changes
from . import rebuild, statistics, timeline

_IDLE_SECONDS = 0.5
_LAPSE_SECONDS = 5.0
_REFRESH_SECONDS = 1.0
_TROUBLE_SECONDS = 5.0
_SWEEP_SECONDS = 3600.0
_PRUNE_SECONDS = 60.0
_CHANGES_KEPT = timedelta(minutes=10)
"""How long an index in memory may go unused until it has to be built anew."""

_AT_ONCE = 100


async def work(database: Database, stopping: asyncio.Event) -> None:
    """Work until told to stop; what has been begun is finished. A lost database is waited for."""
    clock = asyncio.get_running_loop().time
    lapsed_at, pruned_at, swept_at, word = float("-inf"), clock(), clock(), ""
    refreshed_at = lapsed_at
    while not stopping.is_set():
        try:
            busy = await rebuild.work_off_next(database)
            if clock() - lapsed_at >= _LAPSE_SECONDS:
                async with database.transaction() as session:
                    busy = await timeline.lapse(session, _AT_ONCE) or busy
                lapsed_at = clock()
            if clock() - refreshed_at >= _REFRESH_SECONDS:
                await statistics.refresh(database)
                refreshed_at = clock()
            if clock() - pruned_at >= _PRUNE_SECONDS:
                async with database.transaction() as session:
                    await changes.prune(session, now() - _CHANGES_KEPT)
                pruned_at = clock()
            if not busy and clock() - swept_at >= _SWEEP_SECONDS:  # once an hour, so many words at a time
                async with database.transaction() as session:
                    word = await index_for(session).sweep(session, word)
                swept_at = swept_at if word else clock()
            pause = 0.0 if busy else _IDLE_SECONDS
        except (SQLAlchemyError, Problem, OSError) as error:
            logger().warning("publications interrupted", reason=type(error).__name__)
            pause = _TROUBLE_SECONDS
        # Even without a pause others get their turn between two pieces.
        try:
            await asyncio.wait_for(stopping.wait(), pause) if pause else await asyncio.sleep(0)
        except TimeoutError:
            continue

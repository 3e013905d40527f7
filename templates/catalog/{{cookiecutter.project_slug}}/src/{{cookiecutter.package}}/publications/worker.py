"""What is done beside the requests, in every process: writing anew what has to be, closing what is over, tidying up."""

from datetime import timedelta

from chassis.database import Database, now
from chassis.workers import repeating

from ..search.index import index_for
from ..storefront import changes
from . import rebuild, statistics, timeline

_AT_ONCE = 100
_CHANGES_KEPT = timedelta(minutes=10)
"""How long an index in memory may go unused until it has to be built anew."""


async def _rebuild(database: Database) -> bool:
    return await rebuild.work_off_next(database)


async def _lapse(database: Database) -> bool:
    async with database.transaction() as session:
        return await timeline.lapse(session, _AT_ONCE)


async def _refresh(database: Database) -> bool:
    await statistics.refresh(database)
    return False


async def _prune(database: Database) -> bool:
    async with database.transaction() as session:
        await changes.prune(session, now() - _CHANGES_KEPT)
    return False


class _Sweep:
    """Forgets words that nothing has any more, some at a time: all of a large catalog's in an hour or two."""

    def __init__(self) -> None:
        self._word = ""

    async def __call__(self, database: Database) -> bool:
        async with database.transaction() as session:
            self._word = await index_for(session).sweep(session, self._word)
        return False


WORKERS = (
    repeating("rebuilds", _rebuild, idle_seconds=0.5),
    repeating("lapsed publications", _lapse, idle_seconds=5.0),
    repeating("statistics", _refresh, idle_seconds=1.0),
    repeating("old changes", _prune, idle_seconds=60.0, at_once=False),
    repeating("unused words", _Sweep(), idle_seconds=30.0, at_once=False),
)

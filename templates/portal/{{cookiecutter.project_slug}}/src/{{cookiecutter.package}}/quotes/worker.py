"""The worker: writes down which offers have expired, so that the rest of the company learns it."""

from chassis.database import Database
from chassis.workers import repeating

from .service import expire_overdue


async def _expire(database: Database) -> bool:
    return await expire_overdue(database) > 0


work = repeating("expired offers", _expire, idle_seconds=5.0)

# ruff: noqa: S608 - every value is bound; only words of our own and placeholders are put together
"""What has changed of what touchpoints see, told by the database itself: triggers note it in ``search_changes``.

A reader keeps its position and asks what it has not seen yet. On SQLite that is a number, because there is one writer
at a time. On PostgreSQL transactions do not become visible in the order in which they began, so it is a snapshot: what
this one does not see and the present one does is new, exactly.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, take_turns

_SNAPSHOT = "CAST(CAST({0} AS text) AS pg_snapshot)"
_POSTGRES = (
    f"c.made_by >= pg_snapshot_xmin({_SNAPSHOT})"
    f" AND (c.publication_id IS NULL OR NOT pg_visible_in_snapshot(c.made_by, {_SNAPSHOT}))"
)
_SQLITE = "c.id > CAST({0} AS integer)"
_PRUNING = "search-changes"
"""What those take turns for who forget old changes."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The publications of which something is new, and the position from which to ask the next time.

    ``lost`` is set when nobody knows any more all that was new at the position asked for.
    """

    position: str
    publications: frozenset[str]
    lost: bool


def unseen(database: Database, place: str) -> str:
    """Return the condition that a change ``c`` is new at the position that stands at a place of a statement."""
    return (_SQLITE if database.is_sqlite else _POSTGRES).format(place)


async def position(database: Database) -> str:
    """Return the present position."""
    return str((await database.fetch(f"SELECT {_present(database)}"))[0][0])


async def since(database: Database, before: str) -> Changes:
    """Return what was committed since a position."""
    rows = await database.fetch(
        f"SELECT {_present(database)}, c.id, CAST(c.publication_id AS text)"
        f" FROM (SELECT 1 AS one) always LEFT JOIN search_changes c ON {unseen(database, '$1')}",
        before,
    )
    found = [publication for _, number, publication in rows if number is not None]
    return Changes(
        position=str(rows[0][0]),
        publications=frozenset(each for each in found if each is not None),
        lost=None in found,
    )


async def prune(session: AsyncSession, before: datetime) -> None:
    """Forget changes that were noted before a moment, unless a transaction is under way that is as old.

    The newest of them stays as a mark without publication: whoever has not seen all before it has lost something.
    """
    await take_turns(session, _PRUNING)
    if session.get_bind().dialect.name == "postgresql":
        old, order = "made_by < pg_snapshot_xmin(pg_current_snapshot()) AND recorded_at < :before", "made_by"
    else:
        old, order = "recorded_at < :before", "id"
    query = text(f"SELECT id FROM search_changes WHERE {old} ORDER BY {order} DESC, id DESC LIMIT 1")
    moment = {"before": before.timestamp()}
    mark = await session.scalar(query, moment)
    if mark is not None:
        await session.execute(text(f"DELETE FROM search_changes WHERE {old} AND id <> :mark"), moment | {"mark": mark})
        await session.execute(text("UPDATE search_changes SET publication_id = NULL WHERE id = :mark"), {"mark": mark})


def _present(database: Database) -> str:
    if database.is_sqlite:
        return "CAST((SELECT coalesce(max(id), 0) FROM search_changes) AS text)"
    return "CAST(pg_current_snapshot() AS text)"

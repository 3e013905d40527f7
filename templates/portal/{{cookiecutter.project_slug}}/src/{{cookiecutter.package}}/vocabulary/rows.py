"""Writing rows that may be there already."""

from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Base


async def insert_unless_there(session: AsyncSession, table: type[Base], **values: Any) -> bool:
    """Insert a row, unless one with the same unique columns is there.

    Of two that insert it at the same time the second one waits for the first one's end.

    :returns: whether it was inserted.
    """
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    result = await session.execute(insert(table).values(**values).on_conflict_do_nothing())
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an INSERT gives
    return result.rowcount == 1

"""Writing many rows at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Base


async def insert_rows(session: AsyncSession, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows past the mapper, which has nothing to add to plain values; no rows are nothing to do."""
    if rows:
        table = model.__table__
        assert isinstance(table, Table)  # noqa: S101 - tells the type checker what a mapped class always has
        connection = await session.connection()
        await connection.execute(insert(table), list(rows))

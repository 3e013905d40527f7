"""Writing many rows at once."""

import json
from collections.abc import Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types, and only its errors are used
from sqlalchemy import JSON, Table, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.database import Base


async def insert_rows(session: AsyncSession, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows past the mapper, which has nothing to add to plain values; no rows are nothing to do.

    :param rows: all with the same columns.
    :raises sqlalchemy.exc.IntegrityError: when one of them breaks a constraint.
    """
    if not rows:
        return
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - tells the type checker what a mapped class always has
    connection = await session.connection()
    complete = all(column.name in rows[0] or column.default is None for column in table.columns)
    if connection.dialect.name == "postgresql" and complete:
        await _copy(connection, table, rows)
    else:
        await connection.execute(insert(table), list(rows))


async def _copy(connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Hand the rows to PostgreSQL's COPY, within the present transaction: it takes them without planning each."""
    columns = list(rows[0])
    documents = [name for name in columns if isinstance(table.columns[name].type, JSON)]
    records = [tuple(_text(value) if name in documents else value for name, value in row.items()) for row in rows]
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        await driver.copy_records_to_table(table.name, records=records, columns=columns)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError("COPY", None, error) from error


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

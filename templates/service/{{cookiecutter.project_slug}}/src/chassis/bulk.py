"""Many rows at once: written by COPY where the database has it, looked up by one array instead of many parameters."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types, and only its errors are used
from sqlalchemy import ARRAY, JSON, ColumnElement, Table, any_, insert, literal
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from chassis.database import Base


class JsonText(str):
    """JSON that is written already, for a column of documents: PostgreSQL gets it as it is."""

    __slots__ = ()


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
    documents = [name for name in rows[0] if isinstance(table.columns[name].type, JSON)]
    if connection.dialect.name == "postgresql" and complete:
        await _copy(connection, table, documents, rows)
    else:
        await connection.execute(insert(table), _parsed(rows, documents))


async def _copy(
    connection: AsyncConnection, table: Table, documents: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Hand the rows to PostgreSQL's COPY, within the present transaction: it takes them without planning each."""
    columns = list(rows[0])
    if documents:
        rows = [row | {name: _text(row[name]) for name in documents} for row in rows]
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        await driver.copy_records_to_table(table.name, records=[tuple(row.values()) for row in rows], columns=columns)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError("COPY", None, error) from error
    except asyncpg.PostgresError as error:
        raise DBAPIError("COPY", None, error) from error
    except (asyncpg.InterfaceError, OSError) as error:  # the connection is gone, or silent for too long
        raise OperationalError("COPY", None, error) from error


def _text(value: object) -> str:
    return value if isinstance(value, JsonText) else json.dumps(value, ensure_ascii=False)


def _parsed(rows: Sequence[dict[str, Any]], documents: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows with values where JSON was written already: the driver's own column type writes it."""
    return [
        row | {name: json.loads(row[name]) for name in documents if isinstance(row[name], JsonText)} for row in rows
    ]


def one_of(session: AsyncSession, column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some values, of which there may be thousands.

    On PostgreSQL they are one parameter, so that the statement is the same one for any number of them.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)

"""Many rows at once: written by COPY where the database has it, looked up by one array instead of many parameters."""

import json
from collections.abc import Collection, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types, and only its errors are used
from sqlalchemy import ARRAY, JSON, ColumnElement, Row, Table, any_, func, insert, literal, select, true, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from chassis.database import Base

_ROWS_A_STATEMENT = 1_000


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


async def find_rows(
    session: AsyncSession,
    columns: Sequence[InstrumentedAttribute[Any]],
    unique: Sequence[InstrumentedAttribute[Any]],
    values: Sequence[tuple[Any, ...]],
) -> Sequence[Row[Any]]:
    """Return those rows of a table that have one of some, perhaps thousands of, combinations of values.

    :param columns: what is wanted of each row.
    :param unique: the columns that together name a row; there is an index on them.
    :param values: a value for each of these columns.
    """
    if session.get_bind().dialect.name != "postgresql":
        found: list[Row[Any]] = []
        for start in range(0, len(values), _ROWS_A_STATEMENT):
            some = tuple_(*unique).in_(values[start : start + _ROWS_A_STATEMENT])
            found += (await session.execute(select(*columns).where(some))).all()
        return found
    arrays = [
        literal(list(each), ARRAY(column.type))
        for column, each in zip(unique, zip(*values, strict=True), strict=bool(values))
    ]
    if not arrays:
        return ()
    wanted = func.unnest(*arrays).table_valued(*(column.key for column in unique)).render_derived(name="wanted")
    # The limit keeps PostgreSQL from joining in another way than row by row through the index. Left to itself it keeps
    # a plan that it made when the table was empty, and reads everything for each value.
    one = select(*columns).where(*(column == wanted.c[column.key] for column in unique)).limit(1).lateral("found")
    return (await session.execute(select(one).select_from(wanted.join(one, true())))).all()


def one_of(session: AsyncSession, column: InstrumentedAttribute[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some values, of which there may be thousands.

    On PostgreSQL they are one parameter, so that the statement is the same one for any number of them.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)

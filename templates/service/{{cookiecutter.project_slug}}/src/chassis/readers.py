"""Connections for what is read most: straight to PostgreSQL's driver.

SQLAlchemy hands its connections over through greenlets, which takes several times what such a query itself does.
"""

from collections.abc import Callable, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it has no types
from sqlalchemy import URL, Dialect

from chassis.circuit import Unreachable
from chassis.waiting import Line

# Options of the URL that SQLAlchemy keeps to itself.
_NOT_THE_DRIVERS = (
    "async_fallback",
    "async_creator_fn",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
)


class Readers:
    """A pool of connections that only read, each statement by itself.

    :param limit: most connections; they are opened when they are needed first.
    :param seconds: longest wait for a connection, and for one statement.
    :param opened: is told of every new connection.
    """

    def __init__(
        self, url: URL, dialect: Dialect, *, limit: int, seconds: float, opened: Callable[[Any], None]
    ) -> None:
        given = dialect.create_connect_args(url)[1]
        self._options = {name: value for name, value in given.items() if name not in _NOT_THE_DRIVERS}
        self._seconds = seconds
        self._opened = opened
        self.line = Line(limit, seconds=seconds)
        self._idle: list[Any] = []
        self.in_use = 0

    @property
    def idle(self) -> int:
        """How many connections wait for work."""
        return len(self._idle)

    async def fetch(self, statement: str, parameters: Sequence[object]) -> Sequence[Any]:
        """Run one SELECT.

        :raises Unreachable: when the connection was lost, or the database is too slow.
        :raises WaitedTooLong: when every connection was busy.
        """
        async with self.line:
            return await self._ask(statement, parameters)

    async def _ask(self, statement: str, parameters: Sequence[object]) -> Sequence[Any]:
        self.in_use += 1
        connection, intact = None, False
        try:
            connection = self._waiting() or await self._open()
            rows: Sequence[Any] = await connection.fetch(statement, *parameters)
            intact = True
        except (OSError, asyncpg.InterfaceError) as error:  # TimeoutError is an OSError too
            raise Unreachable(str(error)) from error
        except asyncpg.PostgresError as error:
            if error.sqlstate is None or error.sqlstate.startswith(("08", "53", "57P")):  # no connection, or none left
                raise Unreachable(str(error)) from error
            intact = True
            raise
        finally:
            self.in_use -= 1
            if connection is not None:
                self._put_back(connection, intact=intact)
        return rows

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().terminate()

    def _waiting(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():  # known without asking: the socket was closed
                return connection
        return None

    async def _open(self) -> Any:
        connection = await asyncpg.connect(**self._options, timeout=self._seconds, command_timeout=self._seconds)
        self._opened(connection)
        return connection

    def _put_back(self, connection: Any, *, intact: bool) -> None:
        # One that was interrupted may still be at the old question: it must not answer the next.
        if intact and not connection.is_closed():
            self._idle.append(connection)
        else:
            connection.terminate()

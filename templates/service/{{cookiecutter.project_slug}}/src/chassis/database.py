"""The database: one engine, transactions that end before the answer leaves, and columns that mean the same on both.

SQLite is the embedded default, PostgreSQL the real thing; a service must not be able to tell them apart.
"""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakSet

import asyncpg  # type: ignore[import-untyped] # it has no types, and only its errors are used
from fastapi import Depends, Request
from sqlalchemy import JSON, URL, DateTime, Dialect, Engine, ExceptionContext, MetaData, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator

from chassis.circuit import Circuit, Unreachable
from chassis.identifiers import uuid7
from chassis.problems import Problem
from chassis.readers import Readers
from chassis.settings import Settings
from chassis.waiting import Bell, Line, WaitedTooLong

Document = JSON().with_variant(JSONB(), "postgresql")
"""A column of JSON."""
_WRITE_LOCK = "BEGIN IMMEDIATE"
NO_WRITE_LOCK = {"begin": "BEGIN"}
"""Options of an engine whose transactions only read: on SQLite they wait for no writer."""
MIGRATION_SECONDS = 600.0
"""How long whoever migrates an SQLite file waits for another who is at it; on PostgreSQL there is no limit."""
# Classes of SQLSTATE (PostgreSQL, appendix A): no connection, shutting down or starting up; out of resources.
_AWAY = ("08", "57P")
_FULL = "53"
_TAKEN_BACK = "40"
"""Class of SQLSTATE: a transaction that the database has taken back, such as one of two that waited for each other."""
DRIVER_ERRORS = (asyncpg.PostgresError, sqlite3.Error)
"""What the drivers raise when they refuse a statement that reached them without SQLAlchemy (:meth:`Database.fetch`)."""
DESTINATIONS = "destinations"
"""Under this name a session's ``info`` holds who is owed the events that are recorded with it."""
RECORDED = "recorded"
"""Set in a session's ``info`` when its transaction holds events: the relay is told once it has been committed."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, aware and in UTC on every database (SQLite alone would lose the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: it would be read as another point in time elsewhere."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None) if value and dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back UTC."""
        return value.replace(tzinfo=UTC) if value and dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """PostgreSQL's driver gives back UTC by itself: nothing is called for each value."""
        return super().result_processor(dialect, coltype) if dialect.name == "sqlite" else None


class Base(DeclarativeBase):
    """All tables of the service. Constraints are named, so that migrations can drop them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - SQLAlchemy's declared way to map types


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)


class Resource:
    """Columns of every mutable resource: identity, version and times.

    SQLAlchemy counts ``version`` and adds it to the WHERE of every UPDATE and DELETE; the loser of a race gets
    ``StaleDataError``, which leaves the service as 412.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined] # set by the mapper


class Database:
    """The service's connections to its own database."""

    def __init__(self, settings: Settings) -> None:
        self.engine = _create_engine(settings, connections=settings.database_pool_size)
        self._info = {DESTINATIONS: settings.event_destinations}
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        options = NO_WRITE_LOCK if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reader = self.engine.execution_options(**options)
        # SQLite has one writer. Waiting for it in line is fair and costs nothing; polling its file lock is neither.
        seconds = settings.database_timeout_seconds
        self._writer = Line(1 if self.is_sqlite else settings.database_pool_size, seconds=seconds)
        self._line = Line(settings.database_pool_size, seconds=seconds)
        self.lines: tuple[Line, ...] = (self._line, self._writer)
        self.recorded = Bell()
        # Two, because the second question must not wait for what the first one waits for.
        self._watcher = _create_engine(settings, connections=2)
        self._connections: WeakSet[asyncpg.Connection] = WeakSet()
        self.circuit = Circuit(self._ask, self._cut, seconds=settings.database_silence_seconds)
        self.readers: Readers | None = None
        if not self.is_sqlite:
            for engine in (self.engine, self._watcher):
                _keep_alive_only(engine.sync_engine, self._connections)
            self.readers = Readers(
                self.engine.url,
                self.engine.dialect,
                limit=settings.database_pool_size,
                seconds=settings.database_timeout_seconds,
                opened=self._connections.add,
            )
            self.lines = (*self.lines, self.readers.line)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Watch over the database during the block, and close every connection at its end."""
        try:
            async with nullcontext() if self.is_sqlite else self.circuit.watching():
                yield
        finally:
            await self.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session that only reads: no transaction is begun where the database does not need one.

        :raises Problem: 503 when the database cannot be reached; at once while it is known to be silent.
        """
        with unavailable_as_problem():
            async with (
                self.circuit.guard(),
                self._line,
                AsyncSession(self._reader, expire_on_commit=False, info=self._info) as session,
            ):
                yield session
                if session.in_transaction():
                    self.circuit.answered()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a session that commits when the block ends, and rolls back when it raises.

        :raises Problem: 503 when the database cannot be reached; at once while it is known to be silent.
        """
        with unavailable_as_problem():
            async with (
                self.circuit.guard(),
                self._writer,
                self._line,
                AsyncSession(self.engine, expire_on_commit=False, info=self._info) as session,
                session.begin(),
            ):
                yield session
            self.circuit.answered()
            if RECORDED in session.info:
                self.recorded.ring()

    async def fetch(self, statement: str, *parameters: object) -> Sequence[Any]:
        """Read rows straight from the driver, for what is read most: no transaction, no mapping, no compilation.

        :param statement: one SELECT in SQL that both databases understand; parameters are ``$1``, ``$2`` and so on.
        :param parameters: numbers, texts and bytes; other types differ between the drivers.
        :raises Problem: 503 when the database cannot be reached; at once while it is known to be silent. What else the
            driver says (:data:`DRIVER_ERRORS`) comes as it is.
        """
        with unavailable_as_problem():
            async with self.circuit.guard():
                if self.readers is not None:
                    rows = await self.readers.fetch(statement, parameters)
                    self.circuit.answered()
                    return rows
                async with self._line, self._reader.connect() as connection:
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    named = {str(number): value for number, value in enumerate(parameters, start=1)}
                    found: Sequence[Any] = await driver.execute_fetchall(statement, named)
                    return found

    async def ping(self, seconds: float) -> None:
        """Ask the database for one row.

        :raises Problem: 503 when it does not answer within ``seconds``.
        """
        try:
            async with asyncio.timeout(seconds), self.reading() as session:
                await session.execute(text("SELECT 1"))
        except TimeoutError:
            raise _unavailable() from None

    async def close(self) -> None:
        """Close every connection."""
        if self.readers is not None:
            self.readers.close()
        await self.engine.dispose()
        await self._watcher.dispose()

    async def _ask(self) -> None:
        try:
            async with self._watcher.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                await driver.fetchval("SELECT 1")
        except DBAPIError as error:
            # One that refuses us, because it has no connection left or the password has changed, is there.
            if not _state(error) or _state(error).startswith(_AWAY):
                raise

    def _cut(self) -> None:
        for connection in self._connections:
            connection.terminate()


def _unavailable() -> Problem:
    return Problem(503, "database-unavailable", detail="The database cannot be reached.", headers={"Retry-After": "5"})


@contextmanager
def unavailable_as_problem() -> Iterator[None]:
    """Turn the many ways in which a database is away into one.

    :raises Problem: 503.
    """
    try:
        yield
    except (Unreachable, WaitedTooLong, PoolTimeoutError) as error:
        raise _unavailable() from error
    except DBAPIError as error:
        if _state(error).startswith(_TAKEN_BACK):
            detail = "Two requests were in each other's way, and this one was taken back; repeat it."
            raise Problem(503, "taken-back", detail, headers={"Retry-After": "1"}) from error
        silent = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        if silent or _state(error).startswith((*_AWAY, _FULL)):
            raise _unavailable() from error
        raise


def _state(error: DBAPIError) -> str:
    """Return PostgreSQL's SQLSTATE of an error, or nothing."""
    return getattr(error.orig, "sqlstate", None) or ""


def _create_engine(settings: Settings, *, connections: int) -> AsyncEngine:
    url, seconds = settings.url, settings.database_timeout_seconds
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(
            url, pool_size=connections, hide_parameters=True, connect_args={"timeout": seconds}
        )
        _prepare_sqlite(engine.sync_engine)
        return engine
    engine = create_async_engine(
        url,
        hide_parameters=True,  # errors are logged, and parameters are personal data
        pool_size=connections,
        max_overflow=0,
        pool_timeout=seconds,
        connect_args={"timeout": seconds, "command_timeout": seconds, "async_creator_fn": _connect},
    )
    event.listen(engine.sync_engine, "handle_error", _name_silence)
    return engine


async def _connect(*arguments: Any, **options: Any) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(*arguments, **options)
    except OSError as error:
        raise Unreachable(str(error)) from error


def _name_silence(context: ExceptionContext) -> Unreachable | None:
    """Tell the driver's own TimeoutError and ConnectionError, which SQLAlchemy does not wrap, from the domain's."""
    error = context.original_exception
    return Unreachable(str(error)) if isinstance(error, OSError) else None


def _keep_alive_only(engine: Engine, connections: WeakSet[asyncpg.Connection]) -> None:
    """Keep account of an engine's connections, and let nobody have one that has ended while it was idle."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connections.add(connection.driver_connection)

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, _record: object, _proxy: object) -> None:
        if connection.driver_connection.is_closed():  # known without asking: the socket was closed
            raise DisconnectionError


def patient_engine(url: URL) -> AsyncEngine:
    """Return an engine without pool and without time limit on statements, for migrations.

    On SQLite it does not enforce foreign keys: there a table is changed by writing it anew, and dropping the old one
    would take along, or stumble over, every row that refers to it. What migrates checks them before it commits.
    """
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, hide_parameters=True, poolclass=NullPool)
    options = {"timeout": MIGRATION_SECONDS}
    engine = create_async_engine(url, hide_parameters=True, poolclass=NullPool, connect_args=options)
    _prepare_sqlite(engine.sync_engine, foreign_keys="OFF")
    return engine


def _prepare_sqlite(engine: Engine, *, foreign_keys: str = "ON") -> None:
    """Make SQLite behave: foreign keys, write-ahead log, and transactions that begin where SQLAlchemy says so."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"foreign_keys={foreign_keys}", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A writer that starts as a reader cannot wait for the lock: SQLite fails it at once (SQLITE_BUSY_SNAPSHOT).
        connection.exec_driver_sql(connection.get_execution_options().get("begin", _WRITE_LOCK))


@contextmanager
def alone_with(path: str, purpose: str) -> Iterator[bool]:
    """Try to become the one process that does something with an SQLite file; yield whether that worked.

    The lock is an exclusive transaction on a file beside the database: the system ends it with the process, however
    that ends.

    :param purpose: names the lock, and ends the name of its file.
    """
    with closing(sqlite3.connect(f"{path}-{purpose}", timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:  # another process holds it
            yield False
        else:
            yield True


async def take_turns(session: AsyncSession, name: str, *, together: bool = False) -> None:
    """Let those who do what ``name`` says wait for each other, until their transactions end.

    For rules that two changes keep one by one and break together. SQLite has one writer anyway.

    :param together: whether to wait only for those who do it alone, and they for us.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        shared = "_shared" if together else ""
        await session.execute(text(f"SELECT pg_advisory_xact_lock{shared}(:lock)"), {"lock": lock})


async def current_session(request: Request) -> AsyncSession:
    """Return the session that the operation opened for this request."""
    session = request.state.session
    assert isinstance(session, AsyncSession)  # noqa: S101 - tells the type checker what the operation stored
    return session


Session = Annotated[AsyncSession, Depends(current_session)]

"""The relay: publishes what the outbox holds, at least once, in order per subject, whatever dies meanwhile.

One relay works at a time, however many processes run one: it holds a lock that dies with it. An event is deleted after
it was handed over; a process killed in between hands it over again under the same id.
"""

import asyncio
import fcntl
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from chassis import idempotency, publishers
from chassis.database import Database, now
from chassis.events import OutboxRow
from chassis.logs import logger
from chassis.metrics import Metrics
from chassis.problems import Problem
from chassis.publishers import Publisher, PublishError
from chassis.settings import Settings

_LOCK = 0x6F_75_74_62  # any number, as long as every process takes the same
_BATCH = 100
_PARALLEL_SUBJECTS = 8
_HOUSEKEEPING_SECONDS = 60.0


class Relay:
    """A loop that runs beside the server, or as a process of its own."""

    def __init__(self, database: Database, publisher: Publisher, settings: Settings, metrics: Metrics) -> None:
        self._database = database
        self._publisher = publisher
        self._poll = settings.relay_poll_seconds
        self._attempts = settings.relay_attempts
        self._longest = settings.relay_longest_wait_seconds
        self._lock_file = _lock_file(settings)
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._cleaned_at = 0.0

    def stop(self) -> None:
        """End after what is being handed over."""
        self._stopping.set()
        self._database.recorded.set()

    async def run(self) -> None:
        """Publish until told to stop. A lost database or receiver is waited for."""
        while not self._stopping.is_set():
            try:
                async with self._leadership() as leading:
                    while not self._stopping.is_set() and await leading():
                        if not await self.publish_due():
                            await self._rest(self._database.recorded)
            except (SQLAlchemyError, Problem, OSError) as error:
                logger().warning("relay interrupted", reason=type(error).__name__)
            await self._rest(self._stopping)

    async def publish_due(self) -> int:
        """Publish one batch of what is due.

        :returns: how many events were handed over.
        """
        self._database.recorded.clear()
        async with self._database.reading() as session:
            due = await _due(session)
            await self._measure(session)
        await self._clean()
        if not due:
            return 0
        ordered = sorted(due, key=lambda row: (row.subject, row.sequence))
        slots = asyncio.Semaphore(_PARALLEL_SUBJECTS)
        outcomes = await asyncio.gather(
            *(self._publish_in_order(list(rows), slots) for _, rows in groupby(ordered, key=lambda row: row.subject))
        )
        return sum(outcomes)

    async def _publish_in_order(self, rows: Sequence[OutboxRow], slots: asyncio.Semaphore) -> int:
        """Hand over one subject's events; stop at the first that fails, for the later ones must not overtake it."""
        handed_over: list[int] = []
        failed: tuple[OutboxRow, PublishError] | None = None
        async with slots:
            for row in rows:
                try:
                    await self._publisher.publish(
                        event_id=row.event_id, kind=row.type, subject=row.subject, document=row.document.encode()
                    )
                except PublishError as error:
                    failed = (row, error)
                    break
                handed_over.append(row.sequence)
        async with self._database.transaction() as session:
            if handed_over:
                await session.execute(delete(OutboxRow).where(OutboxRow.sequence.in_(handed_over)))
            if failed:
                await self._postpone(session, *failed)
        return len(handed_over)

    async def _postpone(self, session: AsyncSession, row: OutboxRow, error: PublishError) -> None:
        attempts = row.attempts + 1
        dead = attempts >= self._attempts
        # Twice as long each time, and never all at the same moment.
        wait = min(self._longest, 2.0 ** (attempts - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        await session.execute(
            update(OutboxRow)
            .where(OutboxRow.sequence == row.sequence)
            .values(
                attempts=attempts,
                available_at=now() + timedelta(seconds=wait),
                dead_at=now() if dead else None,
                last_error=str(error)[:500],
            )
        )
        logger().log(
            40 if dead else 30,
            "event is a dead letter" if dead else "event not published",
            event_id=str(row.event_id),
            type=row.type,
            attempts=attempts,
            reason=str(error),
        )

    async def _measure(self, session: AsyncSession) -> None:
        pending, oldest = (
            await session.execute(
                select(func.count(), func.min(OutboxRow.recorded_at)).where(OutboxRow.dead_at.is_(None))
            )
        ).one()
        dead = await session.scalar(select(func.count()).where(OutboxRow.dead_at.is_not(None)))
        lag = (now() - oldest).total_seconds() if oldest else 0.0
        self._metrics.observe_outbox(pending=pending, dead=dead or 0, lag_seconds=lag)

    async def _clean(self) -> None:
        elapsed = asyncio.get_running_loop().time()
        if elapsed - self._cleaned_at < _HOUSEKEEPING_SECONDS:
            return
        self._cleaned_at = elapsed
        async with self._database.transaction() as session:
            await idempotency.forget_expired(session)

    async def _rest(self, unless: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await unless.wait()
        except TimeoutError:
            pass

    @asynccontextmanager
    async def _leadership(self) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """Become the one relay that works, if nobody else is; the lock goes with the process that holds it.

        What is given tells whether this process holds the lock, and raises when the connection that holds it is lost.
        """
        if self._database.is_sqlite:
            with self._lock_file.open("a") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    yield _never
                    return
                yield _always
            return
        async with self._database.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            leading = await autocommit.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK})

            async def still() -> bool:
                return bool(leading) and await autocommit.scalar(text("SELECT true")) is True

            try:
                yield still
            finally:
                if leading and not autocommit.closed and not autocommit.invalidated:
                    await autocommit.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


async def run_alone(settings: Settings) -> None:
    """Run the relay as a process of its own until SIGTERM or SIGINT."""
    database, publisher = Database(settings), publishers.create(settings)
    relay = Relay(database, publisher, settings, Metrics())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, relay.stop)
    try:
        await relay.run()
    finally:
        await publisher.close()
        await database.close()


async def _due(session: AsyncSession) -> list[OutboxRow]:
    earlier = aliased(OutboxRow)
    waiting = (
        select(earlier.sequence)
        .where(earlier.subject == OutboxRow.subject, earlier.sequence < OutboxRow.sequence)
        .where(earlier.dead_at.is_(None), earlier.available_at > now())
        .exists()
    )
    query = (
        select(OutboxRow)
        .where(OutboxRow.dead_at.is_(None), OutboxRow.available_at <= now(), ~waiting)
        .order_by(OutboxRow.sequence)
        .limit(_BATCH)
    )
    return list(await session.scalars(query))


async def _always() -> bool:
    return True


async def _never() -> bool:
    return False


def _lock_file(settings: Settings) -> Path:
    name = settings.url.database or "memory"
    return Path(f"{name}.relay")

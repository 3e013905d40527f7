"""The relay: takes events from the outbox to their destinations, at least once and in order.

It runs inside the server (``RELAY_EMBEDDED``) or as a process of its own, ``python -m chassis relay``; any number of
them may run at once. Whatever ends it, what is not known to be delivered stays in the outbox.
"""

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from chassis import idempotency, inbox
from chassis.database import Database, now
from chassis.deliveries import (
    MOST_SUBJECTS_A_BATCH,
    SUBJECTS_A_BATCH,
    Delivery,
    Failure,
    Outcome,
    deliver_due,
    sole_relay,
)
from chassis.logs import logger
from chassis.metrics import Metrics
from chassis.problems import Problem
from chassis.publishers import BulkPublisher, Publisher, Refused, Undelivered, open_publisher
from chassis.settings import Settings

_Result = TypeVar("_Result")
_BATCH_SECONDS = 10.0
_CONCURRENT_DELIVERIES = 20
_FIRST_PAUSE_SECONDS = 0.5
_HOUSEKEEPING_SECONDS = 60.0


class Relay:
    """Delivers what is due until it is told to stop."""

    def __init__(
        self, database: Database, publisher: Publisher, settings: Settings, metrics: Metrics | None = None
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._settings = settings
        self._metrics = metrics
        self._stop = asyncio.Event()
        # One that takes many events at once is done with them so soon that no other relay could help.
        self._subjects = MOST_SUBJECTS_A_BATCH if isinstance(publisher, BulkPublisher) else SUBJECTS_A_BATCH

    def stop(self) -> None:
        """Finish the deliveries that have begun and begin no other."""
        self._stop.set()
        self._database.recorded.ring()  # ends the pause of whoever waits for events

    async def run(self) -> None:
        """Deliver until :meth:`stop`. On SQLite, wait until no other process relays."""
        while not self._stop.is_set():
            with sole_relay(self._database) as alone:
                if alone:
                    async with asyncio.TaskGroup() as tasks:
                        # One task a destination: a slow one holds up no other.
                        for destination in self._settings.event_destinations:
                            tasks.create_task(self._serve(destination))
                        tasks.create_task(self._tidy())
            await _pause(self._stop, 1.0)

    async def _serve(self, destination: str) -> None:
        failures = 0
        while not self._stop.is_set():
            recorded = self._database.recorded.next
            work = deliver_due(self._database, destination, self._deliver, subjects=self._subjects)
            outcomes = await _guarded(work)
            if outcomes == [] and not self._stop.is_set():
                await _pause(recorded, self._settings.relay_poll_seconds)
            elif outcomes and any(outcome.delivered for outcome in outcomes):
                failures = 0
            else:  # nothing gets through: leave it alone for a while, instead of asking for every subject
                failures += 1
                await _pause(self._stop, self._backoff(failures))

    async def _deliver(self, streams: Sequence[Sequence[Delivery]]) -> list[Outcome]:
        if isinstance(self._publisher, BulkPublisher):
            deliveries = [delivery for stream in streams for delivery in stream]
            await self._publisher.publish_all(deliveries)
            self._count(deliveries, "delivered")
            return [Outcome(delivered=list(stream)) for stream in streams]
        ends_at = time.monotonic() + _BATCH_SECONDS
        free = asyncio.Semaphore(_CONCURRENT_DELIVERIES)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._deliver_stream(stream, free, ends_at)) for stream in streams]
        return [task.result() for task in running]

    async def _deliver_stream(self, stream: Sequence[Delivery], free: asyncio.Semaphore, ends_at: float) -> Outcome:
        """Deliver one subject's events one after the other, up to the first that has to wait."""
        outcome = Outcome()
        for delivery in stream:
            async with free:
                if self._stop.is_set() or time.monotonic() > ends_at:
                    break
                failure = await self._attempt(delivery)
            if failure is None:
                outcome.delivered.append(delivery)
                continue
            outcome.failed.append(failure)
            if failure.again_at is not None:
                break
        return outcome

    async def _attempt(self, delivery: Delivery) -> Failure | None:
        again_after: float | None = self._backoff(delivery.attempts + 1)
        try:
            async with asyncio.timeout(self._settings.relay_deadline_seconds):
                await self._publisher.publish(delivery)
        except TimeoutError:
            reason = "deadline"
        except Undelivered as error:
            reason = str(error)
            if error.after is not None:
                again_after = error.after.total_seconds()
        except Refused as error:
            reason, again_after = str(error), None
        else:
            self._count([delivery], "delivered")
            return None
        if now() - delivery.recorded_at > timedelta(hours=self._settings.relay_give_up_hours):
            again_after = None
        return self._failed(delivery, reason, again_after)

    def _failed(self, delivery: Delivery, reason: str, again_after: float | None) -> Failure:
        dead = again_after is None
        self._count([delivery], "dead" if dead else "failed")
        logger().warning(
            "event not delivered",
            destination=delivery.destination,
            id=str(delivery.event_id),
            subject=delivery.subject,
            attempt=delivery.attempts + 1,
            reason=reason,
            dead=dead,
        )
        again_at = None if again_after is None else now() + timedelta(seconds=again_after)
        return Failure(delivery=delivery, reason=reason, again_at=again_at)

    def _count(self, deliveries: Sequence[Delivery], outcome: str) -> None:
        """Count deliveries to one destination."""
        if self._metrics is not None:
            self._metrics.count_deliveries(len(deliveries), destination=deliveries[0].destination, outcome=outcome)

    def _backoff(self, failures: int) -> float:
        """Return how many seconds to wait: twice as long each time, up to the limit, and never all at the same time."""
        longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(failures, 30), self._settings.relay_longest_wait_seconds)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    async def _tidy(self) -> None:
        while not self._stop.is_set():
            await _guarded(self._forget())
            await _pause(self._stop, _HOUSEKEEPING_SECONDS)

    async def _forget(self) -> None:
        """Remove what nobody will repeat any more: requests and deliveries."""
        async with self._database.transaction() as session:
            await idempotency.forget_expired(session)
            await inbox.forget(session, age=timedelta(hours=self._settings.inbox_hours))


async def _pause(until: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await until.wait()
    except TimeoutError:
        pass


async def _guarded(work: Awaitable[_Result]) -> _Result | None:
    """Do one piece of work and return its result, or nothing when it failed."""
    try:
        return await work
    except Problem as problem:  # the database is away: it says so often enough elsewhere
        logger().warning("relay waits", reason=problem.kind)
    except Exception as error:  # noqa: BLE001 - the boundary: a relay that ended would be missed by nobody for days
        logger().error("relay failed", exc_info=error)
    return None


@asynccontextmanager
async def relaying(settings: Settings, database: Database, metrics: Metrics) -> AsyncIterator[None]:
    """Relay in the background of the block, and finish what has begun at its end."""
    async with open_publisher(settings) as publisher:
        relay = Relay(database, publisher, settings, metrics)
        task = asyncio.create_task(relay.run())
        try:
            yield
        finally:
            relay.stop()
            await task


async def serve(settings: Settings) -> None:
    """Relay as a process of its own, until SIGTERM or SIGINT."""
    database = Database(settings)
    async with database.opened(), open_publisher(settings) as publisher:
        relay = Relay(database, publisher, settings)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, relay.stop)
        logger().info("relay started", publisher=settings.events_publisher, to=settings.event_destinations)
        await relay.run()
        logger().info("relay stopped")

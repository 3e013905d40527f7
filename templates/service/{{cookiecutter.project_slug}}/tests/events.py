"""What the tests of events have in common: a made-up kind of event, and a publisher that can fail."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database
from chassis.deliveries import Delivery
from chassis.events import EventType, record
from chassis.outbox import OutboxRow
from chassis.settings import Settings


class Level(BaseModel):
    """The content of a made-up event."""

    litres: int


FILLED = EventType(name="tank.filled", summary="A tank was filled.", data=Level)

Reaction = Callable[[Delivery], Awaitable[None]]


class Recorder:
    """A publisher that keeps what it is given, and does before whatever the test wants."""

    def __init__(self, reaction: Reaction | None = None) -> None:
        self.taken: list[Delivery] = []
        self.asked: list[Delivery] = []
        self.reaction = reaction

    async def publish(self, delivery: Delivery) -> None:
        """Take the event."""
        self.asked.append(delivery)
        if self.reaction is not None:
            await self.reaction(delivery)
        self.taken.append(delivery)

    @property
    def sequences(self) -> Mapping[str, list[int]]:
        """What was taken, by subject."""
        found: dict[str, list[int]] = defaultdict(list)
        for delivery in self.taken:
            found[delivery.subject].append(delivery.sequence)
        return found


async def fill(database: Database, tank: str, *litres: int) -> None:
    """Record one event for each value, in one transaction."""
    async with database.transaction() as session:
        for value in litres:
            await record(session, FILLED, subject=f"tanks/{tank}", data=Level(litres=value))


async def owed(database: Database) -> list[tuple[str, int]]:
    """Return subject and number of everything in the outbox."""
    async with database.reading() as session:
        rows = await session.execute(
            select(OutboxRow.subject, OutboxRow.sequence).order_by(OutboxRow.subject, OutboxRow.sequence)
        )
        return [(name, sequence) for name, sequence in rows]


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Database]:
    """Give connections of their own, as another process has them."""
    database = Database(settings)
    try:
        yield database
    finally:
        await database.close()


async def roll_back(session: AsyncSession, tank: str, litres: int) -> None:
    """Record and write an event, and then fail."""
    await record(session, FILLED, subject=f"tanks/{tank}", data=Level(litres=litres))
    await session.flush()
    raise LookupError


async def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens elsewhere: in a database, a thread or another process."""
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)

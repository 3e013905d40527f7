"""Events as log lines: nothing to install, and nothing personal in it.

The content of an event may be personal and stays out; who wants to see it asks the API.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from chassis.deliveries import Delivery
from chassis.logs import gathered_lines

_AT_ONCE = 32
"""So many lines are written before requests have their turn: some tenths of a millisecond."""


class LogPublisher:
    """Writes one line for every event."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def publish(self, delivery: Delivery) -> None:
        """Log the event."""
        await self.publish_all([delivery])

    async def publish_all(self, deliveries: Sequence[Delivery]) -> None:
        """Log some events in their order; when this returns, their lines have left the process."""
        for start in range(0, len(deliveries), _AT_ONCE):
            with gathered_lines() as log:
                for delivery in deliveries[start : start + _AT_ONCE]:
                    log.info(
                        "published",
                        type=delivery.type,
                        id=str(delivery.event_id),
                        subject=delivery.subject,
                        sequence=delivery.sequence,
                    )
            await asyncio.sleep(0)

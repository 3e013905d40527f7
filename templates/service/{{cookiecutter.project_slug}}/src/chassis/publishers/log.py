"""Events as log lines: nothing to install, and nothing personal in it.

The content of an event may be personal and stays out; who wants to see it asks the API.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from chassis.deliveries import Delivery
from chassis.logs import log_each

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
            some = deliveries[start : start + _AT_ONCE]
            log_each(
                "published",
                (
                    {"type": one.type, "id": str(one.event_id), "subject": one.subject, "sequence": one.sequence}
                    for one in some
                ),
            )
            await asyncio.sleep(0)

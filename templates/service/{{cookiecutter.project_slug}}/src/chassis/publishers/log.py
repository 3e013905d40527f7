"""Events as log lines: nothing to install, and nothing personal in it.

The content of an event may be personal and stays out; who wants to see it asks the API.
"""

from types import TracebackType
from typing import Self

from chassis.deliveries import Delivery
from chassis.logs import logger


class LogPublisher:
    """Writes one line for every event."""

    def __init__(self) -> None:
        self._log = logger().bind()  # once, and not for every line

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def publish(self, delivery: Delivery) -> None:
        """Log the event."""
        self._log.info(
            "published",
            type=delivery.type,
            id=str(delivery.event_id),
            subject=delivery.subject,
            sequence=delivery.sequence,
        )

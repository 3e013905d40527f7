"""Publishers: the ways in which events leave the service. A setting chooses one; the code never knows which."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol, runtime_checkable

from chassis.deliveries import Delivery
from chassis.settings import Publisher as Kind
from chassis.settings import Settings


class Undelivered(Exception):  # noqa: N818 - an outcome and no defect
    """The destination did not take the event; it may do so later.

    :param after: how long the destination asked to be left alone.
    """

    def __init__(self, reason: str, *, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Refused(Exception):  # noqa: N818 - an outcome and no defect
    """The destination will never take this event."""


class Publisher(Protocol):
    """Takes an event to a destination and returns when the destination has it."""

    async def publish(self, delivery: Delivery) -> None:
        """Deliver one event.

        :raises Undelivered: try again later.
        :raises Refused: never try again.
        """
        ...


@runtime_checkable
class BulkPublisher(Publisher, Protocol):
    """A publisher whose destination is so near that it takes every event, and many at once sooner than one by one."""

    async def publish_all(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver events in their order. What it raises is a defect: all of them are delivered again."""
        ...


def open_publisher(settings: Settings) -> AbstractAsyncContextManager[Publisher]:
    """Return the publisher that ``EVENTS_PUBLISHER`` names; nothing is connected before it is used."""
    match settings.events_publisher:
        case Kind.LOG:
            from chassis.publishers.log import LogPublisher  # noqa: PLC0415 - only the chosen one is imported

            return LogPublisher()
        case Kind.HTTP:
            from chassis.publishers.http import HttpPublisher  # noqa: PLC0415 - as above

            return HttpPublisher(settings)
        case Kind.NATS:
            from chassis.publishers.nats import NatsPublisher  # noqa: PLC0415 - as above

            return NatsPublisher(settings)

"""NATS JetStream: an event is stored in a stream, from where any number of consumers read it.

The NATS subject is ``<EVENTS_NATS_PREFIX>.<event type>``. The stream that keeps these subjects belongs to the platform;
only ``ENVIRONMENT=dev`` makes one when it is missing. JetStream drops an event whose ``Nats-Msg-Id`` it has seen within
the stream's duplicate window, so most of what is sent twice is stored once.
"""

import asyncio
from types import TracebackType
from typing import Self

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from chassis.cloudevents import MEDIA_TYPE, trace_headers
from chassis.deliveries import Delivery
from chassis.logs import logger
from chassis.project import project
from chassis.publishers import Refused, Undelivered
from chassis.settings import Environment, Settings


class NatsPublisher:
    """Publishes to the JetStream of the NATS servers that ``EVENTS_NATS_URL`` names."""

    def __init__(self, settings: Settings) -> None:
        self._servers = settings.events_nats_url.get_secret_value().split(",")
        self._prefix = settings.events_nats_prefix
        self._seconds = settings.relay_deadline_seconds
        self._makes_stream = settings.environment is Environment.DEV
        self._connecting = asyncio.Lock()
        self._client: Client | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()

    async def publish(self, delivery: Delivery) -> None:
        """Publish the event and wait until the stream has stored it."""
        try:
            stream = await self._jetstream()
            await stream.publish(
                f"{self._prefix}.{delivery.type}",
                delivery.document.encode(),
                timeout=self._seconds,
                headers={"Nats-Msg-Id": str(delivery.event_id), "Content-Type": MEDIA_TYPE}
                | trace_headers(delivery.document),
            )
        except nats.errors.MaxPayloadError as error:
            raise Refused("longer than the server's max_payload") from error
        except (nats.errors.Error, OSError) as error:
            raise Undelivered(f"{type(error).__name__}: {error}") from error

    async def _jetstream(self) -> JetStreamContext:
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                client = await nats.connect(
                    self._servers,
                    name=project().name,
                    connect_timeout=self._seconds,
                    allow_reconnect=False,  # the relay tries again, after pauses of its own
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    error_cb=_on_error,
                )
                if self._makes_stream:
                    await _make_stream(client.jetstream(), self._prefix)
                self._client = client
        return self._client.jetstream()


async def _make_stream(stream: JetStreamContext, prefix: str) -> None:
    subjects = f"{prefix}.>"
    try:
        await stream.find_stream_name_by_subject(subjects)
    except nats.js.errors.NotFoundError:
        await stream.add_stream(StreamConfig(name=prefix.replace(".", "-"), subjects=[subjects]))


async def _on_error(error: Exception) -> None:
    logger().warning("nats", reason=type(error).__name__)

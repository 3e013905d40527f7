"""Where events go: the log, subscribers by HTTP, or NATS JetStream. Which one is a setting."""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import httpx

from chassis.events import MEDIA_TYPE
from chassis.logs import logger
from chassis.settings import Publisher as Kind
from chassis.settings import Settings

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext


class PublishError(Exception):
    """An event could not be handed over; it will be tried again."""


class Publisher(Protocol):
    """Hands one event over, or raises :class:`PublishError`."""

    async def publish(self, *, event_id: UUID, kind: str, subject: str, document: bytes) -> None:
        """Hand over one CloudEvent in its JSON form; return when the other side has it."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class LogPublisher:
    """Writes that an event happened, without its data, into the log."""

    async def publish(self, *, event_id: UUID, kind: str, subject: str, document: bytes) -> None:
        """Log the event."""
        logger().info("event", event_id=str(event_id), type=kind, subject=subject, bytes=len(document))

    async def close(self) -> None:
        """Nothing is open."""


class HttpPublisher:
    """Sends every event to every subscriber (CloudEvents 1.0, HTTP binding, structured mode).

    With a secret, requests are signed as Standard Webhooks 1.0 asks for: HMAC-SHA256 over id, time and body.
    """

    def __init__(self, urls: Sequence[str], secret: str, client: httpx.AsyncClient) -> None:
        self._urls = urls
        self._secret = secret.encode()
        self._client = client

    async def publish(self, *, event_id: UUID, kind: str, subject: str, document: bytes) -> None:
        """Send to each subscriber in turn; one that fails makes the event come again, to all of them."""
        _ = kind, subject
        for url in self._urls:
            try:
                response = await self._client.post(url, content=document, headers=self._headers(event_id, document))
                response.raise_for_status()
            except httpx.HTTPError as error:
                raise PublishError(f"{url}: {type(error).__name__} {error}") from error

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()

    def _headers(self, event_id: UUID, document: bytes) -> dict[str, str]:
        headers = {"Content-Type": f"{MEDIA_TYPE}; charset=UTF-8", "webhook-id": str(event_id)}
        if self._secret:
            now = str(int(time.time()))
            signed = hmac.digest(self._secret, f"{event_id}.{now}.".encode() + document, hashlib.sha256)
            headers |= {"webhook-timestamp": now, "webhook-signature": f"v1,{base64.b64encode(signed).decode()}"}
        return headers


class NatsPublisher:
    """Publishes to NATS JetStream on ``<prefix>.<type>``; the stream drops a repeated id by itself."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix
        self._connection: Client | None = None
        self._stream: JetStreamContext | None = None

    async def publish(self, *, event_id: UUID, kind: str, subject: str, document: bytes) -> None:
        """Publish and wait for the stream's acknowledgement."""
        from nats.errors import Error  # noqa: PLC0415 - loaded only where NATS is used

        headers = {"Nats-Msg-Id": str(event_id), "content-type": MEDIA_TYPE, "subject": subject}
        try:
            stream = self._stream or await self._connect()
            await stream.publish(f"{self._prefix}.{kind}", document, timeout=5, headers=headers)
        except (Error, OSError, TimeoutError) as error:
            raise PublishError(f"{type(error).__name__} {error}") from error

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _connect(self) -> "JetStreamContext":
        import nats  # noqa: PLC0415 - loaded only where NATS is used

        async def on_error(error: Exception) -> None:
            logger().warning("nats", reason=type(error).__name__)

        self._connection = await nats.connect(self._url, connect_timeout=5, error_cb=on_error)
        self._stream = self._connection.jetstream()
        return self._stream


def create(settings: Settings) -> Publisher:
    """Return the publisher that the settings name."""
    if settings.events_publisher is Kind.HTTP:
        client = httpx.AsyncClient(timeout=httpx.Timeout(10.0), follow_redirects=False)
        return HttpPublisher(settings.events_http_urls, settings.events_http_secret.get_secret_value(), client)
    if settings.events_publisher is Kind.NATS:
        return NatsPublisher(settings.events_nats_url.get_secret_value(), settings.events_nats_prefix)
    return LogPublisher()

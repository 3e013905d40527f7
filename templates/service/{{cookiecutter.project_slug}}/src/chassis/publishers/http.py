"""CloudEvents webhooks: an event is POSTed to every subscriber, in structured mode.

CloudEvents HTTP binding 1.0 (section 3.2) and webhook specification 1.0 (section 2.1). A subscriber with a secret can
check who sent it: Standard Webhooks 1.0, HMAC-SHA256 over id, time and body.
"""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Self

import httpx

from chassis.cloudevents import MEDIA_TYPE, trace_headers
from chassis.deliveries import Delivery
from chassis.publishers import Refused, Undelivered
from chassis.settings import Settings
from chassis.webhook_keys import key_of
from chassis.webhooks import signature

# The subscriber has understood the request and will not like it better later. Everything else that is no success may
# be a proxy, a deployment or a missing permission, and passes.
_FINAL = frozenset({400, 410, 413, 415, 422})
_LONGEST_PAUSE = timedelta(hours=1)
_ANSWER_BYTES = 64 * 1024
_ANSWER_SECONDS = 0.5


class HttpPublisher:
    """Delivers to the subscribers that ``EVENTS_SUBSCRIBERS`` names."""

    def __init__(self, settings: Settings) -> None:
        self._urls = settings.events_subscribers
        self._secrets = {name: key_of(one.get_secret_value()) for name, one in settings.events_secrets.items()}
        # The relay bounds a delivery as a whole; this bounds each of its steps.
        self._client = httpx.AsyncClient(
            timeout=settings.relay_deadline_seconds,
            follow_redirects=False,
            trust_env=False,
            headers={"Content-Type": f"{MEDIA_TYPE}; charset=UTF-8"},
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    async def publish(self, delivery: Delivery) -> None:
        """POST the event; only a 2xx means that the subscriber has it."""
        body = delivery.document.encode()
        try:
            async with self._client.stream(
                "POST",
                self._urls[delivery.destination],
                content=body,
                headers=self._headers(delivery, body),
            ) as response:
                status, retry_after = response.status_code, response.headers.get("retry-after", "")
                await _read_off(response)
        except httpx.HTTPError as error:
            raise Undelivered(type(error).__name__) from error
        if 200 <= status < 300:
            return
        if status in _FINAL:
            raise Refused(f"HTTP {status}")
        after = timedelta(seconds=int(retry_after)) if retry_after.isdecimal() and len(retry_after) < 6 else None
        raise Undelivered(f"HTTP {status}", after=min(after, _LONGEST_PAUSE) if after else None)

    def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        headers = {"webhook-id": str(delivery.event_id)} | trace_headers(delivery.document)
        if secret := self._secrets.get(delivery.destination):
            now = str(int(time.time()))
            signed = signature(secret, message_id=str(delivery.event_id), timestamp=now, body=body)
            headers |= {"webhook-timestamp": now, "webhook-signature": signed}
        return headers


async def _read_off(response: httpx.Response) -> None:
    """Read what a subscriber says, within limits, and keep nothing of it: then its connection serves the next event.

    Whatever comes or fails here, the status has decided.
    """
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            size = 0
            async for part in response.aiter_raw():
                size += len(part)
                if size > _ANSWER_BYTES:
                    break

"""Another service that tells this one what has happened, as its relay does."""

import json
import time
from typing import Any

import httpx
from pydantic import SecretStr

from chassis.identifiers import uuid7
from chassis.webhooks import signature
from tests.fixtures import Service

SECRET = "the other one's own"


def trust(service: Service, name: str = "shop") -> None:
    """Let the service take what another one signs."""
    senders = {"events_senders": {name: SecretStr(SECRET)}}
    service.app.state.settings = service.app.state.settings.model_copy(update=senders)


def event(
    kind: str, data: dict[str, Any], sequence: int = 1, *, tenant: str = "", event_id: str = ""
) -> dict[str, Any]:
    """Wrap what is told."""
    return {
        "specversion": "1.0",
        "id": event_id or str(uuid7()),
        "source": "/services/other",
        "type": kind,
        "subject": f"things/{data.get('order', data.get('id'))}",
        "time": "2026-11-01T10:00:00Z",
        "sequence": f"{sequence:010d}",
        "data": data,
    } | ({"tenant": tenant} if tenant else {})


async def tell(service: Service, told: dict[str, Any]) -> httpx.Response:
    """Deliver an event, signed."""
    body, timestamp = json.dumps(told).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/cloudevents+json",
        "webhook-id": told["id"],
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(SECRET.encode(), message_id=told["id"], timestamp=timestamp, body=body),
    }
    return await service.anonymous.post("/v1/events", content=body, headers=headers)

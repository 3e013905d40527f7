"""Tells the portal what a shop and an ERP would."""

import json
import time
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr

from chassis.identifiers import uuid7
from chassis.webhooks import signature
from tests.fixtures import Service

SECRET = "the shop's own"


def trust(service: Service) -> None:
    """Let the service take what the shop signs."""
    senders = {"events_senders": {"shop": SecretStr(SECRET)}}
    service.app.state.settings = service.app.state.settings.model_copy(update=senders)


def order(unit_id: str, buyer: str = "ann", **members: Any) -> dict[str, Any]:
    """Return an order as the shop tells it."""
    return {
        "id": str(uuid7()),
        "version": 1,
        "number": "2026-000123",
        "owner": buyer,
        "business_unit": unit_id,
        "channel": "web",
        "currency": "EUR",
        "net": 17900,
        "tax": 3401,
        "gross": 21301,
        "lines": [{"sku": "C40", "product": "c40", "name": "Pump", "quantity": 1, "net": 17900, "gross": 21301}],
        "purchase_order_number": None,
        "order_state": "placed",
        "payment_state": "pending",
        "shipment_state": "pending",
    } | members


def event(
    kind: str, data: dict[str, Any], sequence: int = 1, *, tenant: str = "", event_id: str = ""
) -> dict[str, Any]:
    """Wrap what is told."""
    return {
        "specversion": "1.0",
        "id": event_id or str(uuid7()),
        "source": "/services/shop",
        "type": kind,
        "subject": f"things/{data.get('order', data.get('id'))}",
        "time": "2026-11-01T10:00:00Z",
        "sequence": f"{sequence:010d}",
        "data": data,
    } | ({"tenant": tenant} if tenant else {})


async def tell(service: Service, told: dict[str, Any]) -> httpx.Response:
    """Deliver an event as the shop's relay does."""
    body, timestamp = json.dumps(told).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/cloudevents+json",
        "webhook-id": told["id"],
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(SECRET.encode(), message_id=told["id"], timestamp=timestamp, body=body),
    }
    return await service.anonymous.post("/v1/events", content=body, headers=headers)


def document(unit_id: str, buyer: str = "ann", **members: Any) -> dict[str, Any]:
    """Return a document as the ERP tells it."""
    return {
        "id": str(UUID(int=uuid7().int)),
        "unit_id": unit_id,
        "buyer": buyer,
        "kind": "invoice",
        "name": "Rechnung Köln.pdf",
        "media_type": "application/pdf",
        "size": 9,
        "published_at": "2026-11-01T10:00:00Z",
        "location": "2026/11/invoice-1.pdf",
    } | members

"""Ready-made parts of a small shop, and ways to put them there."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import select

from chassis.database import Database
from chassis.outbox import OutboxRow
from tests.fixtures import Service

MERGE = {"Content-Type": "application/merge-patch+json"}

WEB: dict[str, Any] = {
    "key": "web",
    "name": "Shop",
    "currency": "EUR",
    "country": "DE",
    "prices_include_tax": True,
    "tax_rates": [
        {"country": "DE", "percent": "19"},
        {"country": "DE", "tax_class": "reduced", "percent": "7"},
        {"country": "AT", "percent": "20"},
    ],
}
B2B: dict[str, Any] = WEB | {"key": "b2b", "name": "Dealers", "prices_include_tax": False}

ADDRESS: dict[str, Any] = {
    "name": "Ann Example",
    "street_address": "Hof 1",
    "postal_code": "10115",
    "address_locality": "Berlin",
    "address_country": "DE",
}

PRICES = {"C40": [(1, 20_000), (10, 18_000)], "V1": [(1, 1_250)], "S1": [(1, 99)]}


async def put(client: httpx.AsyncClient, collection: str, draft: Mapping[str, Any]) -> dict[str, Any]:
    """Create something and return it."""
    response = await client.post(f"/v1/{collection}", json=dict(draft), headers=key())
    assert response.status_code in (200, 201), response.text
    found: dict[str, Any] = response.json()
    return found


async def until(client: httpx.AsyncClient, path: str, seconds: float = 10, **expected: Any) -> dict[str, Any]:
    """Read something until its members are as expected, and return it: workers take their time."""
    deadline = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = (await client.get(path)).json()
        if all(found[name] == value for name, value in expected.items()):
            return found
        assert time.monotonic() < deadline, f"{expected} not reached: {found}"
        await asyncio.sleep(0.02)


async def prices(client: httpx.AsyncClient, key: str, asked: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """Make a price list; ``asked`` maps SKUs to pairs of quantity and amount."""
    draft = {"key": key, "name": key.title(), "currency": "EUR"} | members
    made = await put(client, "price-lists", draft)
    changes = [
        {"sku": sku, "tiers": [{"minimum_quantity": minimum, "amount": amount} for minimum, amount in tiers]}
        for sku, tiers in asked.items()
    ]
    await put(client, f"price-lists/{made['id']}/price-changes", {"prices": changes})
    return made


async def small_shop(client: httpx.AsyncClient) -> None:
    """Make the channels ``web`` (gross prices) and ``b2b`` (net prices) and a price list for everybody."""
    await put(client, "channels", WEB)
    await put(client, "channels", B2B)
    await prices(client, "retail", PRICES)


async def cart(client: httpx.AsyncClient, lines: Mapping[str, int], channel: str = "web", **members: Any) -> Any:
    """Return a filled cart of the client's caller."""
    made = await put(client, "carts", {"channel": channel} | members)
    for sku, quantity in lines.items():
        made = await put(client, f"carts/{made['id']}/lines", {"sku": sku, "quantity": quantity})
    return made


async def stock(client: httpx.AsyncClient, location: str = "berlin", **pieces: int) -> dict[str, dict[str, Any]]:
    """Put pieces of articles at a location; return the stock items by SKU."""
    return {
        sku: await put(client, "stock-items", {"sku": sku, "location": location, "on_hand": quantity})
        for sku, quantity in pieces.items()
    }


def order_of(cart: Mapping[str, Any], card: str | None = "tok_ok", **members: Any) -> dict[str, Any]:
    """Return what orders a cart, by card, or by invoice without one."""
    payment = {"method": "invoice"} if card is None else {"method": "card", "token": card}
    return {"cart": cart["id"], "billing_address": ADDRESS, "payment": payment} | members


async def order(
    client: httpx.AsyncClient, lines: Mapping[str, int], card: str | None = "tok_ok", **members: Any
) -> Any:
    """Fill a cart and order it."""
    return await put(client, "orders", order_of(await cart(client, lines), card, **members))


def key() -> dict[str, str]:
    """Return a header with a new key."""
    return {"Idempotency-Key": str(uuid4())}


async def told(service: Service, kind: str) -> list[dict[str, Any]]:
    """Return the events of a kind that were recorded, the first one first."""
    database: Database = service.app.state.database
    async with database.reading() as session:
        rows = await session.scalars(select(OutboxRow).where(OutboxRow.type == kind).order_by(OutboxRow.event_id))
        return [json.loads(row.document) for row in rows]

"""The resource that the tests of the chassis call: any one that is listed, created, read, changed and deleted."""

from typing import Any

import httpx

from tests.shop import key, order_of

COLLECTION = "/v1/channels"
ITEM = "/v1/channels/{channel_id}"
ABSENT = "/v1/channels/0190a5e0-0000-7000-8000-000000000000"
READ, WRITE = "shop:read", "shop:write"
SCHEMA = "Channel"

TEXT = "key"
"""A text that may not be empty."""
FLAG = "prices_include_tax"
"""A boolean."""
WITHOUT_KEY = {
    "create_guest_session": "stores nothing; the kept answer would be a credential",
    "quote_prices": "works prices out and stores nothing; the question is too long for an address",
    "create_privacy_export": "changes nothing; the stored answer would be one more copy of the person's data",
    "receive_payment_event": "the provider's own id of what it tells is the key",
    "receive_event": "an event has an id of its own",
}
"""The POSTs that take no ``Idempotency-Key``, by operation id, and why."""


def draft(text: str | None = None) -> dict[str, object]:
    """Return what creates one, with ``text`` in :data:`TEXT`."""
    terms: dict[str, object] = {"name": "Shop", "currency": "EUR", "country": "DE"}
    return terms if text is None else terms | {TEXT: text}


def change(text: str) -> dict[str, object]:
    """Return a merge patch that changes one."""
    return {"name": text}


def seed(client: httpx.Client) -> dict[str, str]:
    """Put something there for the fuzzer to find; return what ``schemathesis.toml`` must know of it."""

    def post(collection: str, thing: dict[str, Any]) -> str:
        response = client.post(f"/v1/{collection}", json=thing, headers=key())
        response.raise_for_status()
        return str(response.json()["id"])

    rates = [{"country": "DE", "percent": "19"}]
    post("channels", draft("web") | {"prices_include_tax": True, "tax_rates": rates})
    post("customers", {"reference": "acme", "customer_group": "dealers"})
    price_list_id = post("price-lists", {"key": "retail", "name": "Retail", "currency": "EUR"})
    tiers = [{"minimum_quantity": 1, "amount": 1999}]
    changes = {"prices": [{"sku": "C40-230V", "tiers": tiers}]}
    client.post(f"/v1/price-lists/{price_list_id}/price-changes", json=changes).raise_for_status()
    post("discounts", {"key": "spring", "name": "Spring", "priority": 1, "percent": "10"})
    cart_id = post("carts", {"channel": "web"})
    line = client.post(f"/v1/carts/{cart_id}/lines", json={"sku": "C40-230V", "quantity": 2}).raise_for_status()
    stock_id = post("stock-items", {"sku": "C40-230V", "location": "berlin", "on_hand": 1000})
    ordered_id = post("carts", {"channel": "web"})
    client.post(f"/v1/carts/{ordered_id}/lines", json={"sku": "C40-230V", "quantity": 5}).raise_for_status()
    order_id = post("orders", order_of({"id": ordered_id}, email="ann@example.com"))
    return {
        "FUZZ_CART_ID": cart_id,
        "FUZZ_LINE_ID": line.headers["location"].rpartition("/")[2],
        "FUZZ_STOCK_ITEM_ID": stock_id,
        "FUZZ_ORDER_ID": order_id,
    }

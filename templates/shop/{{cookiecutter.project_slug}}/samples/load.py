"""Loads a made-up dealer's terms into a running shop: ``python -m samples.load URL TOKEN``."""

import sys
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx

RATES = [
    {"country": "DE", "percent": "19"},
    {"country": "DE", "tax_class": "reduced", "percent": "7"},
    {"country": "AT", "percent": "20"},
]
CHANNELS: list[dict[str, Any]] = [
    {"key": "web", "name": "Web shop", "prices_include_tax": True},
    {"key": "portal", "name": "Dealers' portal", "prices_include_tax": False},
    {"key": "counter", "name": "Counter", "prices_include_tax": True, "locations": ["berlin"]},
]
# Articles of the samples of the catalog, for those who start both.
RETAIL = {
    "HP00003-230": [(1, 27_850)],
    "HP00004-230": [(1, 28_300)],
    "HV00006-15": [(1, 2_315), (10, 1_990)],
    "HC00011-1": [(1, 690)],
    "HE00000": [(1, 3_340)],
}
DEALERS = {sku: [(minimum, amount * 3 // 4) for minimum, amount in tiers] for sku, tiers in RETAIL.items()}
RULES: list[dict[str, Any]] = [
    {"key": "north", "postal_code_from": "10000", "postal_code_to": "39999", "representative": "eva"},
    {"key": "south", "postal_code_from": "40000", "postal_code_to": "99999", "representative": "kai"},
]


def load(client: httpx.Client) -> None:
    """Put channels, prices, a discount, stock, a dealer and sales territories there; what is there already stays.

    :raises httpx.HTTPStatusError: when the service refuses something.
    """
    for channel in CHANNELS:
        _put(client, "channels", channel | {"currency": "EUR", "country": "DE", "tax_rates": RATES})
    _price(client, {"key": "retail", "name": "Retail"}, RETAIL)
    _price(client, {"key": "dealers", "name": "Dealers", "customer_group": "dealers"}, DEALERS)
    welcome = {"key": "welcome", "name": "Welcome", "priority": 10, "percent": "5", "code": "WELCOME"}
    _put(client, "discounts", welcome | {"currency": "EUR", "budget": 500_000})
    for sku in RETAIL:
        for location, pieces in (("berlin", 40), ("essen", 120)):
            item = {"sku": sku, "location": location, "on_hand": pieces, "safety": 2, "low_at": 10}
            _put(client, "stock-items", item)
    _put(client, "customers", {"reference": "acme", "customer_group": "dealers"})
    whole = {"territory": "key-accounts", "representative": "ida", "share": 10_000}
    _put(client, "sales-assignments", {"account": "acme", "splits": [whole]})
    for rule in RULES:
        share = {"territory": rule["key"], "representative": rule["representative"], "share": 10_000}
        known = {name: value for name, value in rule.items() if name != "representative"}
        _put(client, "attribution-rules", known | {"priority": 1, "country": "DE", "splits": [share]})


def _put(client: httpx.Client, collection: str, thing: dict[str, Any]) -> dict[str, Any] | None:
    response = client.post(f"/v1/{collection}", json=thing, headers={"Idempotency-Key": str(uuid4())})
    if response.status_code == 409 and response.json()["type"].endswith(("-taken", "-assigned")):
        return None  # it is there already
    found: dict[str, Any] = response.raise_for_status().json()
    return found


def _price(client: httpx.Client, terms: dict[str, Any], asked: dict[str, list[tuple[int, int]]]) -> None:
    made = _put(client, "price-lists", terms | {"currency": "EUR"})
    if made is None:
        return
    changes = [
        {"sku": sku, "tiers": [{"minimum_quantity": minimum, "amount": amount} for minimum, amount in tiers]}
        for sku, tiers in asked.items()
    ]
    client.post(f"/v1/price-lists/{made['id']}/price-changes", json={"prices": changes}).raise_for_status()


def main(arguments: Sequence[str]) -> int:
    """Load the samples into the service that the arguments name."""
    if len(arguments) != 2:
        sys.stderr.write("python -m samples.load URL TOKEN\n")
        return 2
    url, token = arguments
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        load(client)
    sys.stdout.write(f"{len(CHANNELS)} channels, {len(RETAIL)} articles in 2 price lists, stock at 2 locations.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

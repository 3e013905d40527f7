"""A world for the test of isolation: two houses, each with staff, two customers and a guest, who have everything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.fixtures import Service
from tests.shop import ADDRESS, WEB, cart, order_of, put, until

ACCOUNT = "acme"
"""Whose every customer buys for, in both houses: a shared account opens nothing."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody who calls: the ids of their things by the name of the path parameter, and their marker.

    ``marker`` stands in every text that the party wrote, so wherever it turns up is a leak. ``filters`` are values of
    query parameters that find the party's things. ``scopes`` are those of the token.
    """

    tenant: str
    name: str
    client: httpx.AsyncClient
    staff: httpx.AsyncClient
    scopes: frozenset[str] = frozenset({"shop:buy"})
    marker: str = field(default_factory=lambda: f"marker-{uuid4().hex}")
    ids: dict[str, str] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)
    more: set[str] = field(default_factory=set)
    guest_token: str = ""

    @property
    def works_here(self) -> bool:
        """Whether it is the house itself."""
        return "shop:write" in self.scopes

    @property
    def secrets(self) -> set[str]:
        """Whatever nobody else may ever see."""
        return {self.marker, *self.ids.values(), *self.filters.values(), *self.more}

    def may_see(self, other: "Party") -> bool:
        """Tell whether another one's things are no secret to this one: one's own, and those of one's house."""
        return other is self or (other.tenant == self.tenant and (self.works_here or other.works_here))


async def _house(service: Service, tenant: str) -> Party:
    """Make a house that has two of everything that only its staff sees."""
    client = service.as_(f"staff-{tenant}", tenant=tenant)
    scopes = frozenset({"shop:buy", "shop:read", "shop:write"})
    house = Party(tenant=tenant, name=f"staff of {tenant}", client=client, staff=client, scopes=scopes)
    splits = [{"territory": house.marker, "share": 10_000}]
    for name in (f"{house.marker}-b", house.marker):
        channel = await put(client, "channels", WEB | {"key": name, "name": name, "locations": [house.marker]})
        customer = await put(client, "customers", {"reference": name})
        listed = {"key": name, "name": name, "channel": name, "currency": "EUR"}
        price_list = await put(client, "price-lists", listed)
        asked = [{"sku": sku, "tiers": [{"minimum_quantity": 1, "amount": 1_000}]} for sku in (f"{name}-c", name)]
        await put(client, f"price-lists/{price_list['id']}/price-changes", {"prices": asked})
        reduced = {"key": name, "name": name, "priority": 1, "percent": "10", "channel": name, "code": name.upper()}
        discount = await put(client, "discounts", reduced)
        item = await put(client, "stock-items", {"sku": name, "location": house.marker, "on_hand": 100})
        rule = await put(client, "attribution-rules", {"key": name, "priority": len(name), "splits": splits})
        assignment = await put(client, "sales-assignments", {"account": name, "splits": splits})
        reserved = {"lines": [{"sku": name, "quantity": 1}], "seconds": 3_600}
        reservation = await put(client, "stock-reservations", reserved)
        made = {
            "channel_id": channel, "customer_id": customer, "price_list_id": price_list, "discount_id": discount,
            "stock_item_id": item, "rule_id": rule, "assignment_id": assignment, "reservation_id": reservation,
        }  # fmt: skip
        house.more.update(house.ids.values())
        house.ids.update({parameter: thing["id"] for parameter, thing in made.items()})
    house.filters.update(dict.fromkeys(("key", "reference", "sku", "location"), house.marker))
    return house


async def _shops(house: Party, party: Party) -> None:
    """Fill two carts; order two more, get each in two parcels and send a piece of each back, in two parcels too."""
    me, mine, sku = party.client, party.marker, {house.marker: 3}
    members = {"business_unit": mine, "campaign": mine}
    carts = [await cart(me, sku, channel=house.marker, **members) for _ in range(2)]
    card = None if party.name.startswith("customer") else "tok_ok"
    address = ADDRESS | {"name": mine}
    for _ in range(2):
        filled = await cart(me, sku, channel=house.marker, **members)
        asked = {"billing_address": address, "email": f"{mine}@example.com", "purchase_order_number": mine}
        placed = await put(me, "orders", order_of(filled, card, **asked))
        path = f"orders/{placed['id']}"
        await until(me, f"/v1/{path}", order_state="confirmed")
        one = {"lines": [{"line": placed["lines"][0]["id"], "quantity": 1}]}
        parcels = [await put(party.staff, f"{path}/shipments", one | {"carrier": mine}) for _ in range(2)]
        await until(me, f"/v1/{path}", captured=2 * placed["totals"]["gross"] // 3)
        returned = [await put(party.staff, f"{path}/returns", one | {"reason": mine}) for _ in range(2)]
        await until(me, f"/v1/{path}", refunded=2 * placed["totals"]["gross"] // 3)
        party.more.update({placed["number"], placed["id"], placed["cart"]})
    party.more.add(carts[0]["id"])
    party.ids.update(
        cart_id=carts[1]["id"],
        line_id=carts[1]["lines"][0]["id"],
        order_id=placed["id"],
        shipment_id=parcels[1]["id"],
        return_id=returned[1]["id"],
        ordered_line=placed["lines"][0]["id"],
    )
    party.filters.update(number=placed["number"], order=placed["id"])
    # The staff's operations are tried on what the house's customers have.
    house.ids.update(party.ids)
    house.filters.update(party.filters)


async def world(service: Service) -> list[Party]:
    """Make two houses with two customers and a guest each; one subject is a customer of both houses."""
    everybody = []
    for tenant, subjects in {"one": ("ann", "bob"), "two": ("ann", "eve")}.items():
        house = await _house(service, tenant)
        members: dict[str, Any] = {"tenant": tenant, "staff": house.client}
        for subject in subjects:
            client = service.as_(subject, "shop:buy", tenant=tenant, account=ACCOUNT)
            everybody.append(Party(name=f"customer {subject} of {tenant}", client=client, **members))
            await _shops(house, everybody[-1])
        token = service.app.state.guest_tokens.mint(tenant=tenant, seconds=600)
        client = service.as_("nobody")
        client.headers["Authorization"] = f"Bearer {token}"
        everybody.append(Party(name=f"guest of {tenant}", client=client, guest_token=token, **members))
        await _shops(house, everybody[-1])
        everybody.append(house)
    return everybody


async def walk(client: httpx.AsyncClient, path: str, params: Mapping[str, str]) -> list[httpx.Response]:
    """Read every page of a list, one item at a time."""
    pages = [await client.get(path, params={**params, "limit": "1"})]
    while "next" in pages[-1].json():
        pages.append(await client.get(path, params={**params, "limit": "1", "cursor": pages[-1].json()["next"]}))
    return pages

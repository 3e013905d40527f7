"""Approvals: what was approved is what is ordered, and a cart is frozen while others decide."""

from typing import Any

import httpx
import pytest

from tests.fixtures import Service
from tests.senders import event, tell, trust
from tests.shop import MERGE, cart, key, order_of, put, small_shop, stock, told


@pytest.fixture
async def bob(service: Service, ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a buyer of an account whose orders need approval, in a shop with prices and stock."""
    await small_shop(ann)
    await stock(ann, V1=100)
    await put(ann, "customers", {"reference": "acme", "needs_approval": True})
    trust(service, "portal")
    return service.as_("bob", "shop:buy", account="acme")


async def _ask(client: httpx.AsyncClient, made: dict[str, Any], **asked: Any) -> httpx.Response:
    return await client.post(f"/v1/carts/{made['id']}/approval-requests", json=asked)


async def _decide(service: Service, made: dict[str, Any], decision: str, **members: Any) -> None:
    said = {"id": made["approval"]["id"], "kind": "cart", "reference": made["id"], "decision": decision}
    assert (await tell(service, event("approval.decided", said | members))).status_code == 204


async def _place(client: httpx.AsyncClient, made: dict[str, Any]) -> httpx.Response:
    return await client.post("/v1/orders", json=order_of(made, None), headers=key())


async def test_cart_is_frozen_until_it_is_approved_and_then_ordered(service: Service, bob: httpx.AsyncClient) -> None:
    """What the approvers are told is what the shop knows; the buyer has no say in it."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    refused = await _place(bob, made)
    frozen = (await _ask(bob, made, cost_centre="4711")).json()
    touched = await bob.post(f"/v1/carts/{made['id']}/lines", json={"sku": "V1"})
    await _decide(service, frozen, "approved")
    thawed = (await bob.get(f"/v1/carts/{made['id']}")).json()
    ordered = await _place(bob, made)
    (asked,) = await told(service, "approval.requested")

    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "approval-required")
    assert (frozen["state"], frozen["approval"]["state"], touched.status_code) == ("frozen", "pending", 409)
    assert (thawed["state"], thawed["approval"]["state"], ordered.status_code) == ("active", "approved", 201)
    assert asked["subject"] == f"carts/{made['id']}"
    assert asked["data"] == {
        "id": frozen["approval"]["id"], "cart": made["id"], "owner": "bob", "account": "acme",
        "business_unit": "workshop", "gross": made["totals"]["gross"], "currency": "EUR", "categories": [],
        "cost_centre": "4711",
    }  # fmt: skip


async def test_approval_is_for_one_order(service: Service, bob: httpx.AsyncClient) -> None:
    """A copy of what was ordered by it has to be approved itself."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    await _decide(service, (await _ask(bob, made)).json(), "approved")
    ordered = await _place(bob, made)
    copied = await put(bob, "cart-copies", {"cart": made["id"]})
    refused = await _place(bob, copied)

    assert (ordered.status_code, copied["business_unit"], copied["approval"]) == (201, "workshop", None)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "approval-required")


@pytest.mark.parametrize("decision", ["rejected", "withdrawn"])
async def test_cart_that_is_not_approved_can_be_changed_and_not_ordered(
    service: Service, bob: httpx.AsyncClient, decision: str
) -> None:
    """Its buyer makes something else of it, and asks again."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    await _decide(service, (await _ask(bob, made)).json(), decision)
    thawed = (await bob.get(f"/v1/carts/{made['id']}")).json()
    refused = await _place(bob, made)
    again = await _ask(bob, made)

    assert (thawed["state"], thawed["approval"]["state"]) == ("active", decision)
    assert (refused.status_code, refused.json()["approval_state"]) == (409, decision)
    assert (again.status_code, again.json()["approval"]["state"]) == (202, "pending")


@pytest.mark.parametrize("change", ["more", "other unit"])
async def test_approval_is_for_what_was_approved(service: Service, bob: httpx.AsyncClient, change: str) -> None:
    """Whoever changes the cart afterwards has to ask again."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    await _decide(service, (await _ask(bob, made)).json(), "approved")
    if change == "more":
        await put(bob, f"carts/{made['id']}/lines", {"sku": "V1"})
    else:
        headers = MERGE | {"If-Match": "*"}
        await bob.patch(f"/v1/carts/{made['id']}", json={"business_unit": "office"}, headers=headers)
    changed = (await bob.get(f"/v1/carts/{made['id']}")).json()

    assert changed["approval"] is None
    assert (await _place(bob, changed)).status_code == 409


@pytest.mark.parametrize(("amount", "kept"), [(1_000, True), (1_251, False)])
async def test_approval_outlives_a_lower_price_and_no_higher_one(
    service: Service, ann: httpx.AsyncClient, bob: httpx.AsyncClient, amount: int, kept: bool
) -> None:
    """Who agreed to spend so much agreed to spend less."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    await _decide(service, (await _ask(bob, made)).json(), "approved")
    (retail,) = (await ann.get("/v1/price-lists")).json()["items"]
    tiers = [{"minimum_quantity": 1, "amount": amount}]
    await put(ann, f"price-lists/{retail['id']}/price-changes", {"prices": [{"sku": "V1", "tiers": tiers}]})
    priced = (await bob.post(f"/v1/carts/{made['id']}/price-updates")).json()

    assert (priced["approval"] is not None) is kept
    assert (await _place(bob, priced)).status_code == (201 if kept else 409)


@pytest.mark.parametrize("members", [{"id": "0190a5e0-0000-7000-8000-000000000009"}, {"reference": "quote-1"}])
async def test_decision_about_something_else_changes_nothing(
    service: Service, bob: httpx.AsyncClient, members: dict[str, str]
) -> None:
    """A request that the buyer made elsewhere, for a smaller amount, opens no cart."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    frozen = (await _ask(bob, made)).json()
    await _decide(service, frozen, "approved", **members)

    assert (await bob.get(f"/v1/carts/{made['id']}")).json() == frozen


async def test_approval_is_needed_whatever_token_orders(service: Service, bob: httpx.AsyncClient) -> None:
    """A cart of an account is not ordered by the same person without the account, who would need no approval."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    privately = service.as_("bob", "shop:buy")
    refused = await privately.post("/v1/orders", json=order_of(made), headers=key())

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/cart")


async def test_house_can_thaw_what_is_not_decided(
    service: Service, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    """A decision that comes after that is too late."""
    made = await cart(bob, {"V1": 2}, business_unit="workshop")
    frozen = (await _ask(bob, made)).json()
    thawed = await put(ann, f"carts/{made['id']}/state-changes", {"action": "thaw"})
    await _decide(service, frozen, "approved")

    assert (thawed["state"], thawed["approval"]) == ("active", None)
    assert (await _place(bob, made)).status_code == 409


@pytest.mark.parametrize(
    ("lines", "unit", "account"), [({}, "workshop", "acme"), ({"V1": 1}, None, "acme"), ({"V1": 1}, "workshop", "")]
)
async def test_nobody_is_asked_where_there_is_nobody(
    service: Service, bob: httpx.AsyncClient, lines: dict[str, int], unit: str | None, account: str
) -> None:
    """An empty cart, one of no unit, one of a person: 422, and nothing is frozen."""
    client = bob if account else service.as_("cleo", "shop:buy")
    made = await cart(client, lines, business_unit=unit)
    refused = await _ask(client, made)

    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (422, "nobody-to-ask")
    assert (await client.get(f"/v1/carts/{made['id']}")).json()["state"] == "active"


async def test_nobody_is_asked_where_nobody_answers(ann: httpx.AsyncClient, service: Service) -> None:
    """Without a service that decides a cart would stay frozen for ever."""
    await small_shop(ann)
    client = service.as_("bob", "shop:buy", account="acme")
    made = await cart(client, {"V1": 1}, business_unit="workshop")

    assert (await _ask(client, made)).status_code == 422

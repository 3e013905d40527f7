"""Accounts: the portal says who may buy, and whose orders have to be approved first."""

from typing import Any

import httpx
import pytest

from tests.fixtures import Service
from tests.senders import event, tell, trust
from tests.shop import cart, key, order_of, put, small_shop, stock

ACME = "0190a5e0-0000-7000-8000-00000000000b"


@pytest.fixture
async def bob(service: Service, ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a buyer of an account, in a shop that knows nothing of it yet."""
    trust(service)
    await small_shop(ann)
    await stock(ann, V1=100)
    return service.as_("bob", "shop:buy", account=ACME)


async def _told(service: Service, sequence: int, *, kind: str = "changed", **members: Any) -> int:
    data = {"id": ACME, "version": sequence, "state": "active", "needs_approval": False} | members
    return (await tell(service, event(f"account.{kind}", data, sequence))).status_code


async def _order(client: httpx.AsyncClient) -> tuple[int, str]:
    answer = await client.post("/v1/orders", json=order_of(await cart(client, {"V1": 1}), None), headers=key())
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


async def test_rules_in_the_portal_ask_for_approvals_in_the_shop(service: Service, bob: httpx.AsyncClient) -> None:
    """From the first rule on, and no more once the last one is gone; nobody types it in."""
    before = await _order(bob)
    assert await _told(service, 2, needs_approval=True) == 204
    ruled = await _order(bob)
    assert await _told(service, 3) == 204

    assert (before[0], ruled, (await _order(bob))[0]) == (201, (409, "approval-required"), 201)


@pytest.mark.parametrize("state", ["blocked", "closed"])
async def test_account_that_may_not_buy_orders_nothing(service: Service, bob: httpx.AsyncClient, state: str) -> None:
    """What it has it still sees; others are not concerned, whatever house or account they are of."""
    await _told(service, 2, kind="closed" if state == "closed" else "changed", state=state)
    other = service.as_("eve", "shop:buy", account="bolt")

    assert await _order(bob) == (409, f"account-{state}")
    assert [len((await bob.get(f"/v1/{path}")).json()["items"]) for path in ("carts", "orders")] == [1, 0]
    assert (await _order(other))[0] == 201


async def test_newest_word_holds(service: Service, bob: httpx.AsyncClient) -> None:
    """However late an older one comes."""
    await _told(service, 3, state="blocked")
    await _told(service, 2)

    assert await _order(bob) == (409, "account-blocked")


async def test_house_may_ask_for_approvals_by_itself(
    service: Service, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    """What it says of a customer counts beside what the portal tells."""
    await put(ann, "customers", {"reference": ACME, "needs_approval": True})
    await _told(service, 2)

    assert await _order(bob) == (409, "approval-required")


async def test_event_that_says_too_little_is_refused(service: Service, bob: httpx.AsyncClient) -> None:
    """Its sender need not try again, and nothing has changed."""
    assert await _told(service, 2, state=None) == 422
    assert (await _order(bob))[0] == 201

"""A shop's cart that is to be approved: its people are asked, and the shop learns what they say, whatever that is."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from chassis.identifiers import uuid7
from chassis.outbox import OutboxRow
from tests.fixtures import Service
from tests.portal import Company, company, delete, post
from tests.senders import event, tell, trust
from tests.telling import order

BIG = {"amount": 100_000, "currency": "EUR"}


@pytest.fixture
async def works(service: Service) -> Company:
    """Give a company in which somebody has to agree from a thousand on."""
    trust(service)
    made = await company(service)
    rule = {"name": "big", "minimum": BIG, "tiers": [{"role": "approver"}]}
    await post(made.admin, "approval-rules", unit_id=made.unit_id, **rule)
    return made


def _cart(works: Company, gross: int = 100_000, **members: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "cart": str(uuid7()),
        "owner": "bob",
        "account": works.account_id,
        "business_unit": works.unit_id,
        "gross": gross,
        "currency": "EUR",
        "categories": ["pumps"],
        "cost_centre": "4711",
    } | members


async def _decisions(service: Service) -> list[tuple[str, str, str]]:
    async with service.app.state.database.reading() as session:
        rows = select(OutboxRow.document).where(OutboxRow.type == "approval.decided").order_by(OutboxRow.event_id)
        told = [json.loads(document)["data"] for document in await session.scalars(rows)]
    return [(one["id"], one["reference"], one["decision"]) for one in told]


async def test_cart_is_approved_by_those_who_have_to(service: Service, works: Company) -> None:
    """The request has the id that the shop gave it, and the amount that the shop says; told twice it is there once."""
    await works.hire("bob", "buyer")
    amy = await works.hire("amy", "approver")
    asked = _cart(works)
    told = event("approval.requested", asked)
    assert [(await tell(service, told)).status_code for _ in range(2)] == [204, 204]
    waiting = (await amy.get("/v1/approval-requests")).json()["items"]
    await amy.post(
        f"/v1/approval-requests/{asked['id']}/decisions", json={"decision": "approve"}, headers={"If-Match": "*"}
    )

    assert [(one["id"], one["reference"], one["amount"], one["cost_centre"]) for one in waiting] == [
        (asked["id"], asked["cart"], BIG, "4711")
    ]
    assert await _decisions(service) == [(asked["id"], asked["cart"], "approved")]


async def test_small_cart_is_approved_at_once(service: Service, works: Company) -> None:
    """Where no rule asks for more the shop does not wait."""
    await works.hire("bob", "buyer")
    asked = _cart(works, 99_999)
    await tell(service, event("approval.requested", asked))

    assert await _decisions(service) == [(asked["id"], asked["cart"], "approved")]


@pytest.fixture
async def limited(works: Company) -> Company:
    """Give the company a limit of a thousand a month for buyers, and one of them."""
    limit = {"amount": 99_999, "currency": "EUR"}
    await post(works.admin, "spending-limits", unit_id=works.unit_id, role="buyer", limit=limit, period="month")
    await works.hire("bob", "buyer")
    return works


async def test_cancelled_order_gives_back_what_was_spent(service: Service, limited: Company) -> None:
    """What was approved counts towards the limit until its order is cancelled, told as often as you like."""
    first, second, third = [_cart(limited, 60_000) for _ in range(3)]
    await tell(service, event("approval.requested", first))
    await tell(service, event("approval.requested", second))
    cancelled = order(limited.unit_id, "bob", cart=first["cart"], order_state="cancelled")
    for _ in range(2):
        await tell(service, event("order.cancelled", cancelled))
    await tell(service, event("approval.requested", third))
    found = {one["reference"]: one for one in (await limited.admin.get("/v1/approval-requests")).json()["items"]}

    assert [found[one["cart"]]["state"] for one in (first, second, third)] == ["approved", "pending", "pending"]
    assert [found[one["cart"]]["released_at"] is None for one in (first, second, third)] == [False, True, True]
    await limited.admin.post(
        f"/v1/approval-requests/{second['id']}/decisions", json={"decision": "reject"}, headers={"If-Match": "*"}
    )
    await tell(service, event("approval.requested", _cart(limited, 39_999)))
    await tell(service, event("approval.requested", _cart(limited, 1)))
    assert [decision for *_, decision in await _decisions(service)] == ["approved", "rejected", "approved"]


async def test_changed_cart_is_spent_once(service: Service, limited: Company) -> None:
    """Who changes an approved cart asks anew for the same one; both do not add up."""
    first = _cart(limited, 60_000)
    again = first | {"id": str(uuid7()), "gross": 70_000}
    for one in (first, again):
        await tell(service, event("approval.requested", one))

    assert [decision for *_, decision in await _decisions(service)] == ["approved", "approved"]


async def test_other_house_gives_nothing_back(service: Service, limited: Company) -> None:
    """An event of another tenant that names the cart changes nothing here."""
    first = _cart(limited, 60_000)
    await tell(service, event("approval.requested", first))
    cancelled = order(limited.unit_id, "bob", cart=first["cart"], order_state="cancelled")
    await tell(service, event("order.cancelled", cancelled, tenant="another"))
    await tell(service, event("approval.requested", _cart(limited, 60_000)))

    assert [decision for *_, decision in await _decisions(service)] == ["approved"]


async def test_request_that_is_taken_back_frees_the_cart(service: Service, works: Company) -> None:
    """The shop waits for every request that it made."""
    bob = await works.hire("bob", "buyer")
    asked = _cart(works)
    await tell(service, event("approval.requested", asked))
    await delete(bob, f"approval-requests/{asked['id']}")

    assert await _decisions(service) == [(asked["id"], asked["cart"], "withdrawn")]


@pytest.mark.parametrize("owner", ["stranger", "tom"])
async def test_who_may_not_spend_is_told_so(service: Service, works: Company, owner: str) -> None:
    """Nobody's cart stays frozen because there is nobody to ask: a stranger, and a member who may not buy."""
    await works.hire("tom", "technician")
    asked = _cart(works, owner=owner)
    await tell(service, event("approval.requested", asked))

    assert await _decisions(service) == [(asked["id"], asked["cart"], "rejected")]
    assert (await works.admin.get("/v1/approval-requests")).json()["items"] == []


async def test_unknown_unit_is_told_so_too(service: Service, works: Company) -> None:
    """A shop that knows units which the portal does not."""
    asked = _cart(works, account="elsewhere", business_unit="workshop")
    await tell(service, event("approval.requested", asked))

    assert await _decisions(service) == [(asked["id"], asked["cart"], "rejected")]

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

"""Accounts: whoever opens one runs it, and the house decides about it."""

import asyncio

import httpx
import pytest

from tests.fixtures import Service
from tests.portal import CUSTOMER, company, member_of, patch, post


async def test_who_opens_an_account_is_its_admin(ann: httpx.AsyncClient) -> None:
    """The account comes with a unit of its own and one member."""
    account = await post(ann, "accounts", kind="company", name="Works", vat_id="DE123456789")
    unit = (await ann.get(f"/v1/business-units/{account['unit_id']}")).json()

    assert (account["state"], account["number"], account["kind"]) == ("active", None, "company")
    assert (unit["account_id"], unit["parent_id"], unit["name"]) == (account["id"], None, "Works")
    assert [(one["unit_id"], one["roles"]) for one in await member_of(ann)] == [(account["unit_id"], ["admin"])]


async def test_person_has_one_account_as_a_person(ann: httpx.AsyncClient) -> None:
    """Also when two devices open it at the same time; companies may be many."""
    draft = {"kind": "person", "name": "Ann"}
    answers = await asyncio.gather(*(ann.post("/v1/accounts", json=draft) for _ in range(5)))
    more = [await ann.post("/v1/accounts", json=draft | {"kind": "company"}) for _ in range(2)]

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 4
    assert [answer.status_code for answer in more] == [201, 201]


async def test_only_the_house_numbers_and_blocks(service: Service, ann: httpx.AsyncClient) -> None:
    """A customer cannot write its own number or state; staff of its own house can."""
    account = await post(service.as_("ann", *CUSTOMER), "accounts", kind="company", name="Works")
    path = f"accounts/{account['id']}"
    tried = await patch(service.as_("ann", *CUSTOMER), path, number="1", state="active")
    foreign = await patch(service.as_("eve", "portal:staff", tenant="another"), f"staff/{path}", state="blocked")
    set_ = await patch(service.as_("sam", "portal:staff"), f"staff/{path}", number="K-1", state="blocked")

    assert (tried.status_code, [one["pointer"] for one in tried.json()["errors"]]) == (422, ["/number", "/state"])
    assert (foreign.status_code, set_.status_code) == (404, 200)
    found = (await ann.get(f"/v1/{path}")).json()
    assert (found["number"], found["state"], found["version"]) == ("K-1", "blocked", 2)


@pytest.mark.parametrize("state", ["blocked", "closed"])
async def test_account_that_is_not_active_buys_nothing(service: Service, state: str) -> None:
    """It asks for no price and no approval and accepts no offer; what it has it still sees, and it still gets help."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    unit, any_version = {"unit_id": works.unit_id}, {"If-Match": "*"}
    asked = unit | {"title": "Pumps", "currency": "EUR", "lines": [{"sku": "C40", "quantity": 1}]}
    approval = unit | {"kind": "cart", "reference": "c", "amount": {"amount": 1, "currency": "EUR"}}
    quote = await post(works.admin, "quotes", **asked)
    path = f"quotes/{quote['id']}"
    await sam.post(f"/v1/staff/{path}/transitions", json={"action": "review"}, headers=any_version)
    offer = {"lines": [{"sku": "C40", "quantity": 1, "unit_price": 1}], "valid_until": "2099-01-01T00:00:00Z"}
    offered = await sam.post(f"/v1/staff/{path}/offers", json=offer, headers=any_version | {"Idempotency-Key": "k"})
    await patch(sam, f"staff/accounts/{works.account_id}", state=state)
    key = {"Idempotency-Key": "key"}
    answers = [
        await works.admin.post("/v1/quotes", json=asked),
        await works.admin.post("/v1/approval-requests", json=approval, headers=key),
        await works.admin.post(f"/v1/{path}/transitions", json={"action": "accept"}, headers=any_version | key),
    ]

    assert offered.is_success
    assert {(one.status_code, one.json()["type"]) for one in answers} == {(409, f"urn:problem-type:account-{state}")}
    assert (await works.admin.get(f"/v1/{path}")).json()["state"] == "offered"
    await post(works.admin, "cases", **unit, title="Why?", topic="account", message={"text": "Why?"})


async def test_member_who_does_not_manage_changes_nothing(service: Service) -> None:
    """What is seen and may not be changed is a 403, what is not seen is a 404."""
    works = await company(service)
    buyer = await works.hire("bob", "buyer")
    stranger = service.as_("eve", *CUSTOMER)
    answers = [await patch(one, f"accounts/{works.account_id}", name="Mine") for one in (buyer, stranger, works.admin)]

    assert [answer.status_code for answer in answers] == [403, 404, 200]
    assert answers[0].json()["type"] == "urn:problem-type:missing-permission"

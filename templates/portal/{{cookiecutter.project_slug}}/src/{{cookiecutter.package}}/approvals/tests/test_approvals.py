"""Approvals: rules decide who is asked, nobody approves their own, and no request ends in a dead end."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, update

from chassis.database import now
from chassis.outbox import OutboxRow
from tests.fixtures import Service
from tests.portal import Company, company, delete, member_of, patch, post
from tests.statements import statements

from ..models import ApprovalRequestRow
from ..states import APPROVAL, WITHDRAW

THOUSAND = {"amount": 100_000, "currency": "EUR"}


async def _rule(works: Company, role: str = "approver", needed: int = 1, **members: Any) -> dict[str, Any]:
    draft = {"name": "big", "unit_id": works.unit_id, "minimum": THOUSAND, "tiers": [{"role": role, "needed": needed}]}
    return await post(works.admin, "approval-rules", **draft | members)


async def _ask(client: httpx.AsyncClient, unit_id: str, cents: int = 100_000, **members: Any) -> dict[str, Any]:
    money = {"amount": cents, "currency": "EUR"}
    draft = {"unit_id": unit_id, "kind": "cart", "reference": "cart-1", "amount": money}
    headers = {"Idempotency-Key": str(uuid4())}
    answer = await client.post("/v1/approval-requests", json=draft | members, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _say(
    client: httpx.AsyncClient, request: dict[str, Any], decision: str = "approve", area: str = ""
) -> httpx.Response:
    path = f"/v1/{area}approval-requests/{request['id']}/decisions"
    return await client.post(path, json={"decision": decision}, headers={"If-Match": "*"})


async def _told(service: Service) -> list[dict[str, Any]]:
    async with service.app.state.database.reading() as session:
        rows = select(OutboxRow.document).where(OutboxRow.type == "approval.decided").order_by(OutboxRow.event_id)
        return [json.loads(document)["data"] for document in await session.scalars(rows)]


async def test_what_no_rule_asks_for_is_approved_at_once(service: Service) -> None:
    """A cent below the rule's amount, and the shop goes on without waiting."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    await _rule(works)
    small, big = await _ask(bob, works.unit_id, 99_999), await _ask(bob, works.unit_id, 100_000)

    assert [(one["state"], one["tiers"]) for one in (small, big)] == [
        ("approved", []),
        ("pending", [{"role": "approver", "needed": 1, "reason": "rule: big", "approved": 0}]),
    ]
    assert [(one["id"], one["reference"], one["decision"]) for one in await _told(service)] == [
        (small["id"], "cart-1", "approved"),
    ]


@pytest.mark.parametrize(
    ("conditions", "members", "asks"),
    [
        ({"categories": ["it"]}, {"categories": ["it", "tools"]}, True),
        ({"categories": ["it"]}, {"categories": ["tools"]}, False),
        ({"categories": ["it"]}, {}, False),
        ({"cost_centres": ["1", "2"]}, {"cost_centre": "2"}, True),
        ({"cost_centres": ["1", "2"]}, {}, False),
        ({"categories": ["it"], "cost_centres": ["1"]}, {"categories": ["it"], "cost_centre": "2"}, False),
        ({"active": False}, {}, False),
        ({}, {"amount": {"amount": 10**9, "currency": "CHF"}}, False),
    ],
    ids=["category", "other category", "no category", "centre", "no centre", "both", "switched off", "currency"],
)
async def test_all_conditions_of_a_rule_must_hold(
    service: Service, conditions: dict[str, Any], members: dict[str, Any], asks: bool
) -> None:
    """By amount, category and cost centre; an empty condition holds always."""
    works = await company(service)
    await _rule(works, **conditions)
    bob = await works.hire("bob", "buyer")

    assert (await _ask(bob, works.unit_id, **members))["state"] == ("pending" if asks else "approved")


async def test_rules_of_the_units_above_hold_too(service: Service) -> None:
    """A plant has the firm's rules and its own; its neighbour has not the plant's."""
    works = await company(service)
    cologne, bonn = [
        await post(works.admin, "business-units", parent_id=works.unit_id, name=name) for name in ("Cologne", "Bonn")
    ]
    await _rule(works)
    await _rule(works, "accountant", unit_id=cologne["id"])
    asked = [await _ask(works.admin, unit) for unit in (cologne["id"], bonn["id"])]

    assert [[tier["role"] for tier in one["tiers"]] for one in asked] == [["approver", "accountant"], ["approver"]]


async def test_tiers_are_asked_one_after_the_other(service: Service) -> None:
    """Who comes later in the rule is not asked before; the last yes of the last tier decides."""
    works = await company(service)
    bob, kim, lee, pat = [
        await works.hire(*one) for one in (("bob", "buyer"), ("kim", "approver"), ("lee", "approver"), ("pat", "admin"))
    ]
    await _rule(works, tiers=[{"role": "approver", "needed": 2}, {"role": "admin", "needed": 1}])
    request = await _ask(bob, works.unit_id)
    early = await _say(pat, request)
    first, again, second = [await _say(one, request) for one in (kim, kim, lee)]
    last = await _say(pat, request)

    assert [one.status_code for one in (early, first, again, second, last)] == [403, 200, 409, 200, 200]
    assert [(one.json()["state"], one.json()["tier"]) for one in (first, second, last)] == [
        ("pending", 0), ("pending", 1), ("approved", 2),
    ]  # fmt: skip
    assert [one["decision"] for one in await _told(service)] == ["approved"]


async def test_one_no_ends_it(service: Service) -> None:
    """Nobody is asked after that."""
    works = await company(service)
    bob, kim = await works.hire("bob", "buyer"), await works.hire("kim", "approver")
    await _rule(works)
    request = await _ask(bob, works.unit_id)
    rejected, late = await _say(kim, request, "reject"), await _say(kim, request)

    assert (rejected.json()["state"], late.status_code) == ("rejected", 409)
    assert [one["decision"] for one in await _told(service)] == ["rejected"]


async def test_nobody_approves_their_own(service: Service) -> None:
    """Not with the role, not as an admin, not as staff."""
    works = await company(service)
    kim = await works.hire("kim", "approver", "buyer")
    await works.hire("lee", "approver")
    await _rule(works)
    request = await _ask(kim, works.unit_id)
    own = [await _say(kim, request), await _say(service.as_("kim", "portal:staff"), request, area="staff/")]

    assert [one.status_code for one in own] == [409, 409]
    assert own[0].json()["type"] == "urn:problem-type:own-request"


async def test_missing_approver_falls_back_to_the_admins(service: Service) -> None:
    """Nobody has the role, or the only one who has it asks: the admins decide, as many as there are."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    kim = await works.hire("kim", "approver", "buyer")
    await _rule(works, needed=3)
    await _rule(works, "accountant")
    by_kim = await _ask(kim, works.unit_id)
    answers = [await _say(works.admin, by_kim) for _ in range(2)]

    assert [(one.json()["state"], one.json()["tier"]) for one in answers] == [("pending", 1), ("approved", 2)]
    request = await _ask(bob, works.unit_id)
    (mine,) = [one for one in await member_of(works.admin) if one["roles"] == ["approver", "buyer"]]
    await delete(works.admin, f"members/{mine['id']}")
    assert (await _say(works.admin, request)).json()["tier"] == 1


async def test_too_few_approvers_are_joined_by_the_admins(service: Service) -> None:
    """Two have to agree and one has the role: an admin is the second one. One yes alone is never enough for that."""
    works = await company(service)
    bob, kim = await works.hire("bob", "buyer"), await works.hire("kim", "approver")
    await _rule(works, needed=2)
    request = await _ask(bob, works.unit_id)
    states = [(await _say(one, request)).json()["state"] for one in (kim, works.admin)]

    assert states == ["pending", "approved"]


async def test_only_admin_of_an_account_asks_the_house(service: Service) -> None:
    """There is nobody else, and still no dead end; where there is somebody, the house keeps out."""
    works = await company(service)
    await _rule(works)
    request, sam = await _ask(works.admin, works.unit_id), service.as_("sam", "portal:staff")
    listed = (await sam.get("/v1/staff/approval-requests")).json()["items"]
    read = await sam.get(f"/v1/staff/approval-requests/{request['id']}")
    foreign = await _say(service.as_("eve", "portal:staff", tenant="another"), request, area="staff/")
    approved = await _say(sam, request, area="staff/")
    await works.hire("kim", "approver")
    refused = await _say(sam, await _ask(works.admin, works.unit_id), area="staff/")

    assert [one["id"] for one in listed] == [request["id"]]
    assert (read.json(), read.headers["etag"]) == (request, '"1"')
    assert (foreign.status_code, approved.json()["state"], refused.status_code) == (404, "approved", 403)


async def test_limit_begins_anew_with_its_period(service: Service) -> None:
    """What was spent counts until the month is over; what was rejected or withdrawn does not."""
    works = await company(service)
    bob, kim = await works.hire("bob", "buyer"), await works.hire("kim", "approver")
    await post(works.admin, "spending-limits", unit_id=works.unit_id, role="buyer", limit=THOUSAND, period="month")
    first, second = await _ask(bob, works.unit_id, 60_000), await _ask(bob, works.unit_id, 60_000)
    await _say(kim, second, "reject")
    third = await _ask(bob, works.unit_id, 40_000)
    async with service.app.state.database.transaction() as session:
        await session.execute(update(ApprovalRequestRow).values(created_at=now() - timedelta(days=32)))
    fourth = await _ask(bob, works.unit_id, 100_000)

    assert [one["state"] for one in (first, second, third, fourth)] == ["approved", "pending", "approved", "approved"]
    assert second["tiers"][0]["reason"] == "limit: of a buyer, for each month"


async def test_limit_holds_against_many_at_once(service: Service) -> None:
    """Ten requests of a fifth each: five pass, whatever the order."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    await post(works.admin, "spending-limits", unit_id=works.unit_id, role="buyer", limit=THOUSAND, period="day")
    made = await asyncio.gather(*(_ask(bob, works.unit_id, 20_000) for _ in range(10)))

    assert sorted(one["state"] for one in made) == ["approved"] * 5 + ["pending"] * 5


async def test_two_approvers_at_once_count_as_two(service: Service) -> None:
    """The one who comes too late is told to look again; then both count."""
    works = await company(service)
    bob, kim, lee = [await works.hire(*one) for one in (("bob", "buyer"), ("kim", "approver"), ("lee", "approver"))]
    await _rule(works, needed=2)
    request = await _ask(bob, works.unit_id)
    answers = await asyncio.gather(_say(kim, request), _say(lee, request))
    for client, answer in zip((kim, lee), answers, strict=True):
        if answer.status_code == 412:
            await _say(client, request)

    assert {answer.status_code for answer in answers} <= {200, 412}
    assert (await bob.get(f"/v1/approval-requests/{request['id']}")).json()["state"] == "approved"


async def test_request_is_withdrawn_by_who_made_it(service: Service) -> None:
    """Somebody else cannot, and a decided one stays decided."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    await _rule(works)
    request, done = await _ask(bob, works.unit_id), await _ask(bob, works.unit_id, 1)
    answers = [
        await delete(works.admin, f"approval-requests/{request['id']}"),
        await delete(bob, f"approval-requests/{request['id']}"),
        await delete(bob, f"approval-requests/{done['id']}"),
    ]

    assert [answer.status_code for answer in answers] == [403, 200, 409]
    assert answers[1].json()["state"] == "withdrawn"


@pytest.mark.parametrize("state", APPROVAL.states)
async def test_only_moves_of_the_table_are_possible(service: Service, state: str) -> None:
    """Every action in every state: it leads where the table says, or it is refused and the answer names what can be."""
    works = await company(service)
    bob, amy = await works.hire("bob", "buyer"), await works.hire("amy", "approver")
    await _rule(works)

    async def do(request: dict[str, Any], action: str) -> httpx.Response:
        if action == WITHDRAW:
            return await delete(bob, f"approval-requests/{request['id']}")
        return await _say(amy, request, action)

    way = [one for one in APPROVAL.allowed(APPROVAL.initial) if APPROVAL.after(APPROVAL.initial, one) == state]
    for action in APPROVAL.actions:
        request = await _ask(bob, works.unit_id)
        for step in way:
            assert (await do(request, step)).is_success
        answer = await do(request, action)
        found = (await bob.get(f"/v1/approval-requests/{request['id']}")).json()["state"]
        if action in APPROVAL.allowed(state):
            assert (answer.is_success, found) == (True, APPROVAL.after(state, action)), action
        else:
            assert (answer.status_code, answer.json()["allowed"], found) == (409, [], state), action


async def test_list_costs_the_same_however_long_it_is(service: Service) -> None:
    """Who has agreed to what is asked once for all of a page."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    await _rule(works)
    costs = []
    for _ in range(3):
        await _ask(bob, works.unit_id)
        with statements(service) as sent:
            await works.admin.get("/v1/approval-requests")
        costs.append(len(sent))

    assert costs[0] == costs[2] > 0


async def test_rules_and_limits_are_the_admins(service: Service) -> None:
    """An approver reads them, a buyer does not; changed ones hold from then on."""
    works = await company(service)
    bob, kim = await works.hire("bob", "buyer"), await works.hire("kim", "approver")
    rule = await _rule(works)
    limit = await post(
        works.admin, "spending-limits", unit_id=works.unit_id, role="buyer", limit=THOUSAND, period="day"
    )
    twice = await works.admin.post(
        "/v1/spending-limits", json={"unit_id": works.unit_id, "role": "buyer", "limit": THOUSAND, "period": "day"}
    )
    before = await _ask(bob, works.unit_id)
    for path in (f"approval-rules/{rule['id']}", f"spending-limits/{limit['id']}"):
        assert [(await one.get(f"/v1/{path}")).status_code for one in (works.admin, kim, bob)] == [200, 200, 404]
        assert [(await delete(one, path)).status_code for one in (bob, kim)] == [404, 403]
    changed = await patch(works.admin, f"approval-rules/{rule['id']}", active=False)
    money = {"amount": 10**9, "currency": "EUR"}
    raised = await patch(works.admin, f"spending-limits/{limit['id']}", limit=money)
    swapped = await patch(works.admin, f"spending-limits/{limit['id']}", limit=money | {"currency": "CHF"})

    assert (twice.status_code, changed.json()["active"], raised.json()["limit"]) == (409, False, money)
    assert swapped.json()["type"] == "urn:problem-type:currency-changed"
    assert (before["state"], (await _ask(bob, works.unit_id))["state"]) == ("pending", "approved")


async def test_shop_learns_whether_an_account_needs_approvals(service: Service) -> None:
    """With the first active rule or limit of any unit, and again when the last one is gone; nothing in between."""
    works = await company(service)
    lab = await post(works.admin, "business-units", parent_id=works.unit_id, name="Lab")
    limit = {"unit_id": lab["id"], "role": "buyer", "limit": THOUSAND, "period": "month"}
    one = await _rule(works, active=False)
    two = await post(works.admin, "spending-limits", **limit)
    three = await _rule(works)
    await patch(works.admin, f"approval-rules/{one['id']}", name="bigger")
    for path in (f"spending-limits/{two['id']}", f"approval-rules/{three['id']}"):
        assert (await delete(works.admin, path)).status_code == 204
    await patch(works.admin, f"approval-rules/{one['id']}", active=True)
    async with service.app.state.database.reading() as session:
        rows = select(OutboxRow.document).where(OutboxRow.type.startswith("account.")).order_by(OutboxRow.event_id)
        told = [json.loads(document)["data"] for document in await session.scalars(rows)]

    assert [each["needs_approval"] for each in told] == [False, True, False, True]
    assert {each["state"] for each in told} == {"active"}
    assert (await works.admin.get(f"/v1/accounts/{works.account_id}")).json()["needs_approval"] is True


async def test_last_two_rules_may_be_deleted_at_once(service: Service) -> None:
    """Each of both sees the other one's rule, and still somebody notices that none is left."""
    works = await company(service)
    rules = [await _rule(works, name=f"rule {number}") for number in range(2)]
    answers = await asyncio.gather(*(delete(works.admin, f"approval-rules/{each['id']}") for each in rules))

    assert [answer.status_code for answer in answers] == [204, 204]
    assert (await works.admin.get(f"/v1/accounts/{works.account_id}")).json()["needs_approval"] is False

"""Quotes: every move of the table, none beside it, and prices that bind once they are accepted."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, update

from chassis.database import now
from chassis.outbox import OutboxRow
from tests.fixtures import Service
from tests.portal import CUSTOMER, Company, company, post

from ..models import QuoteRow
from ..service import expire_overdue
from ..states import QUOTE, QuoteCustomerAction, QuoteStaffAction, QuoteState

LINES = [{"sku": "C40", "quantity": 40}]
OFFERED = [{"sku": "C40", "quantity": 40, "unit_price": 17900}, {"sku": "SEAL", "quantity": 3, "unit_price": 250}]


async def _ask(works: Company) -> dict[str, Any]:
    return await post(works.admin, "quotes", unit_id=works.unit_id, title="Pumps", currency="EUR", lines=LINES)


async def _act(
    client: httpx.AsyncClient, quote: dict[str, Any], action: str, *, staff: bool = False, **members: Any
) -> httpx.Response:
    path = f"/v1/{'staff/' if staff else ''}quotes/{quote['id']}"
    if action == "offer":
        draft = {"lines": OFFERED, "valid_until": (now() + timedelta(days=7)).isoformat()} | members
        headers = {"If-Match": "*", "Idempotency-Key": str(uuid4())}
        return await client.post(f"{path}/offers", json=draft, headers=headers)
    return await client.post(f"{path}/transitions", json={"action": action, "comment": "so"}, headers={"If-Match": "*"})


async def _bring_to(service: Service, works: Company, state: QuoteState) -> dict[str, Any]:
    """Ask for a price and lead the quote to a state by the shortest way that the table knows."""
    quote, sam = await _ask(works), service.as_("sam", "portal:staff")
    ways: dict[str, list[str]] = {QUOTE.initial: []}
    while state not in ways:
        for here, way in list(ways.items()):
            for action in QUOTE.allowed(here):
                ways.setdefault(QUOTE.after(here, action), [*way, action])
    for action in ways[state]:
        if action == "expire":
            await _pass_time(service)
            continue
        by_staff = action not in set(QuoteCustomerAction)
        answer = await _act(sam if by_staff else works.admin, quote, action, staff=by_staff)
        assert answer.is_success, answer.text
    return quote


async def _pass_time(service: Service) -> None:
    async with service.app.state.database.transaction() as session:
        await session.execute(update(QuoteRow).values(valid_until=now() - timedelta(seconds=1)))


@pytest.mark.parametrize("state", QuoteState)
async def test_every_pair_of_state_and_action(service: Service, state: QuoteState) -> None:
    """What the table allows happens, everything else is a 409 that names what is allowed."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    for action in QUOTE.actions:
        if action == "expire":
            continue
        quote = await _bring_to(service, works, state)
        by_staff = action not in set(QuoteCustomerAction)
        answer = await _act(sam if by_staff else works.admin, quote, action, staff=by_staff)
        found = (await works.admin.get(f"/v1/quotes/{quote['id']}")).json()
        if action in QUOTE.allowed(state):
            assert (answer.is_success, found["state"]) == (True, QUOTE.after(state, action)), action
        else:
            problem = answer.json()
            assert (answer.status_code, problem["type"]) == (409, "urn:problem-type:illegal-transition"), action
            assert (problem["allowed"], found["state"]) == (list(QUOTE.allowed(state)), state), action


async def test_accepted_prices_are_told_and_never_change(service: Service) -> None:
    """The event holds what the order must cost; no move and no offer touches it afterwards."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    quote = await _bring_to(service, works, QuoteState.OFFERED)
    accepted = (await _act(works.admin, quote, "accept")).json()
    late = [await _act(sam, quote, action, staff=True) for action in ("offer", "refuse", "review")]
    async with service.app.state.database.reading() as session:
        told = select(OutboxRow.document).where(OutboxRow.type == "quote.accepted")
        (event,) = [json.loads(document) for document in await session.scalars(told)]

    assert (accepted["state"], accepted["actions"]) == ("accepted", [])
    assert accepted["offer"]["total"] == {"amount": 40 * 17900 + 3 * 250, "currency": "EUR"}
    assert [answer.status_code for answer in late] == [409] * 3
    assert (event["data"]["account_id"], event["data"]["unit_id"]) == (works.account_id, works.unit_id)
    (ann,) = [one["person"]["id"] for one in (await works.admin.get("/v1/members")).json()["items"]]
    assert (event["data"]["buyer"], event["data"]["person_id"]) == ("ann", ann)
    assert event["data"]["prices_include_tax"] is accepted["offer"]["prices_include_tax"] is False
    assert event["data"]["lines"] == [
        {"sku": "C40", "quantity": 40, "unit_price": {"amount": 17900, "currency": "EUR"}},
        {"sku": "SEAL", "quantity": 3, "unit_price": {"amount": 250, "currency": "EUR"}},
    ]
    assert (await works.admin.get(f"/v1/quotes/{quote['id']}")).json() == accepted


async def test_offer_expires_by_itself(service: Service) -> None:
    """At its last second, whether or not the worker has been there; the worker tells the others once."""
    works = await company(service)
    quote = await _bring_to(service, works, QuoteState.OFFERED)
    await _pass_time(service)
    refused = await _act(works.admin, quote, "accept")
    listed = {
        state: [one["id"] for one in (await works.admin.get("/v1/quotes", params={"state": state})).json()["items"]]
        for state in ("offered", "expired")
    }
    written = await asyncio.gather(*(expire_overdue(service.app.state.database) for _ in range(4)))

    assert (refused.status_code, refused.json()["state"]) == (409, "expired")
    assert listed == {"offered": [], "expired": [quote["id"]]}
    assert sorted(written) == [0, 0, 0, 1]
    moves = (await works.admin.get(f"/v1/quotes/{quote['id']}/transitions")).json()["items"]
    assert [(one["action"], one["state"]) for one in moves] == [
        ("request", "requested"), ("review", "in_review"), ("offer", "offered"), ("expire", "expired"),
    ]  # fmt: skip


async def test_offer_must_last(service: Service) -> None:
    """An offer that has expired already is none."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    quote = await _bring_to(service, works, QuoteState.IN_REVIEW)
    draft = {"lines": OFFERED, "valid_until": "2020-01-01T00:00:00Z"}
    headers = {"If-Match": "*", "Idempotency-Key": "k"}
    refused = await sam.post(f"/v1/staff/quotes/{quote['id']}/offers", json=draft, headers=headers)

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/valid_until")


async def test_of_accepting_and_withdrawing_one_wins(service: Service) -> None:
    """Two colleagues, one quote, one moment: it ends in one state, and the other one is told."""
    works = await company(service)
    pat = await works.hire("pat", "purchaser")
    quote = await _bring_to(service, works, QuoteState.OFFERED)
    answers = await asyncio.gather(_act(works.admin, quote, "accept"), _act(pat, quote, "withdraw"))
    found = (await works.admin.get(f"/v1/quotes/{quote['id']}")).json()

    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] in (409, 412)
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert found["state"] == winner["state"]


async def test_buyer_sees_own_quotes_and_purchaser_everyones(service: Service) -> None:
    """Own things or everyone's, as the role says; an approver sees and does not act."""
    works = await company(service)
    bob, kim = await works.hire("bob", "buyer"), await works.hire("kim", "approver")
    mine = await post(bob, "quotes", unit_id=works.unit_id, title="Bob's", currency="EUR", lines=LINES)
    await _ask(works)
    refused = await _act(kim, mine, "withdraw")

    assert [one["title"] for one in (await bob.get("/v1/quotes")).json()["items"]] == ["Bob's"]
    assert [one["title"] for one in (await kim.get("/v1/quotes")).json()["items"]] == ["Bob's", "Pumps"]
    assert refused.status_code == 403


async def test_staff_of_another_house_sees_nothing(service: Service) -> None:
    """Neither in the list nor by id."""
    works = await company(service)
    quote = await _ask(works)
    eve = service.as_("eve", "portal:staff", tenant="another house")

    assert (await eve.get("/v1/staff/quotes")).json() == {"items": []}
    assert (await eve.get(f"/v1/staff/quotes/{quote['id']}")).status_code == 404
    assert (await _act(eve, quote, "offer", staff=True)).status_code == 404


async def test_every_offer_stays_where_it_was_said_to_be(service: Service) -> None:
    """An earlier round can be read after a later one was made, by its own house and under its own quote alone."""
    works = await company(service)
    sam, eve = service.as_("sam", "portal:staff"), service.as_("eve", "portal:staff", tenant="another house")
    quote, other = await _bring_to(service, works, QuoteState.IN_REVIEW), await _ask(works)
    first = await _act(sam, quote, "offer", staff=True)
    await _act(works.admin, quote, "renegotiate")
    await _act(sam, quote, "review", staff=True)
    second = await _act(sam, quote, "offer", staff=True, lines=OFFERED[:1])
    found = [await sam.get(made.headers["location"]) for made in (first, second)]

    assert [one.json() for one in found] == [first.json(), second.json()]
    assert [one.json()["round"] for one in found] == [1, 2]
    for client, path in (
        (sam, first.headers["location"].replace(quote["id"], other["id"])),
        (eve, first.headers["location"]),
    ):
        assert (await client.get(path)).status_code == 404


def test_customer_and_house_share_no_action() -> None:
    """Who may do what is told by the action alone, and everything but time is somebody's."""
    by_customer, by_staff = set(QuoteCustomerAction), {*QuoteStaffAction, "offer"}

    assert not by_customer & by_staff
    assert by_customer | by_staff | {"expire"} == set(QUOTE.actions)


async def test_times_are_utc(service: Service) -> None:
    """An offer until midnight in Cologne is an offer until ten in the evening, UTC."""
    works, sam = await company(service), service.as_("sam", *CUSTOMER, "portal:staff")
    quote = await _bring_to(service, works, QuoteState.IN_REVIEW)
    draft = {"lines": OFFERED, "valid_until": "2099-07-01T00:00:00+02:00"}
    headers = {"If-Match": "*", "Idempotency-Key": "k"}
    made = await sam.post(f"/v1/staff/quotes/{quote['id']}/offers", json=draft, headers=headers)
    found = (await works.admin.get(f"/v1/quotes/{quote['id']}")).json()["offer"]

    assert made.json()["valid_until"] == found["valid_until"] == "2099-06-30T22:00:00Z"
    assert datetime.fromisoformat(found["offered_at"]) <= now()


async def test_offer_says_whether_its_prices_are_gross(service: Service) -> None:
    """Consumers are offered what they will pay; the shop learns it with the prices."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    quote = await _bring_to(service, works, QuoteState.IN_REVIEW)
    offered = await _act(sam, quote, "offer", staff=True, prices_include_tax=True)
    accepted = (await _act(works.admin, quote, "accept")).json()
    async with service.app.state.database.reading() as session:
        told = await session.scalar(select(OutboxRow.document).where(OutboxRow.type == "quote.accepted"))

    assert offered.json()["prices_include_tax"] is accepted["offer"]["prices_include_tax"] is True
    assert json.loads(told or "")["data"]["prices_include_tax"] is True

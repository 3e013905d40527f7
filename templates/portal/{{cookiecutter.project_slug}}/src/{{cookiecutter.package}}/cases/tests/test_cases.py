"""Cases: both sides write, the table decides what moves, and the house may talk to itself."""

from typing import Any

import httpx
import pytest

from tests.fixtures import Service
from tests.portal import ABSENT, Company, company, post
from tests.senders import event, tell, trust
from tests.telling import order

from ..states import CASE, REPLY, CaseCustomerAction, CaseState

PHOTO = {"name": "leak.jpg", "media_type": "image/jpeg", "size": 182233, "sha256": "0" * 64}


async def _open(works: Company, **members: Any) -> dict[str, Any]:
    message = {"text": "It leaks.", "attachments": [PHOTO]}
    return await post(
        works.admin, "cases", unit_id=works.unit_id, title="Leak", topic="repair", message=message, **members
    )


async def _act(works: Company, sam: httpx.AsyncClient, case: dict[str, Any], action: str) -> httpx.Response:
    if action == REPLY:
        return await works.admin.post(f"/v1/cases/{case['id']}/messages", json={"text": "Here."})
    client, area = (works.admin, "") if action in set(CaseCustomerAction) else (sam, "staff/")
    path = f"/v1/{area}cases/{case['id']}/transitions"
    return await client.post(path, json={"action": action}, headers={"If-Match": "*"})


@pytest.mark.parametrize("state", CaseState)
async def test_every_pair_of_state_and_action(service: Service, state: CaseState) -> None:
    """What the table allows happens, everything else is a 409 that names what is allowed."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    ways: dict[str, list[str]] = {CASE.initial: []}
    while state not in ways:
        for here, way in list(ways.items()):
            for action in CASE.allowed(here):
                ways.setdefault(CASE.after(here, action), [*way, action])
    for action in CASE.actions:
        case = await _open(works)
        for step in ways[state]:
            assert (await _act(works, sam, case, step)).is_success
        answer = await _act(works, sam, case, action)
        found = (await works.admin.get(f"/v1/cases/{case['id']}")).json()
        if action in CASE.allowed(state):
            assert (answer.is_success, found["state"]) == (True, CASE.after(state, action)), action
        elif action == REPLY and state != CaseState.CLOSED:  # it moves what waits for it; elsewhere it is welcome
            assert (answer.status_code, found["state"]) == (201, state)
        else:
            assert (answer.status_code, answer.json()["allowed"]) == (409, list(CASE.allowed(state))), action


async def test_what_the_house_says_to_itself_stays_there(service: Service) -> None:
    """Not in the list, not in its pages, and it does not even show as a change."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    case = await _open(works)
    path = f"/v1/staff/cases/{case['id']}/messages"
    for text, internal in (("He is right.", True), ("We send somebody.", False), ("On Monday.", True)):
        assert (await sam.post(path, json={"text": text, "internal": internal})).status_code == 201
    shown, cursor = [], ""
    while True:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await works.admin.get(f"/v1/cases/{case['id']}/messages", params=query)).json()
        shown += page["items"]
        if "next" not in page:
            break
        cursor = page["next"]

    assert [(one["by_house"], one["text"], len(one["attachments"])) for one in shown] == [
        (False, "It leaks.", 1), (True, "We send somebody.", 0),
    ]  # fmt: skip
    assert all("internal" not in one for one in shown)
    assert len((await sam.get(path)).json()["items"]) == 4
    assert (await works.admin.get(f"/v1/cases/{case['id']}")).json()["version"] == 2
    assert (
        await works.admin.post(f"/v1/cases/{case['id']}/messages", json={"text": "x", "internal": True})
    ).status_code == 422


async def test_closed_case_takes_no_message(service: Service) -> None:
    """Nobody would look there, so whoever writes is told to open a new one; the house may note something for itself."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    case = await _open(works)
    assert (await _act(works, sam, case, CaseCustomerAction.CLOSE)).is_success
    refused = await _act(works, sam, case, REPLY)
    path = f"/v1/staff/cases/{case['id']}/messages"
    answers = [await sam.post(path, json={"text": "x", "internal": internal}) for internal in (False, True)]

    assert refused.json()["detail"] == "A closed case takes no more messages; open a new one."
    assert [answer.status_code for answer in (refused, *answers)] == [409, 409, 201]


async def test_message_is_where_it_is_said_to_be(service: Service) -> None:
    """For both sides; what the house said to itself is not there for the customer, nor in another case."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    case, other = await _open(works), await _open(works)
    said = await works.admin.post(f"/v1/cases/{case['id']}/messages", json={"text": "Here."})
    note = await sam.post(f"/v1/staff/cases/{case['id']}/messages", json={"text": "Hm.", "internal": True})
    place, hidden = said.headers["location"], note.headers["location"]
    gone = [place.replace(case["id"], other["id"]), hidden.replace("/staff", "")]

    assert ((await works.admin.get(place)).json(), (await sam.get(hidden)).json()) == (said.json(), note.json())
    assert [(await works.admin.get(one)).status_code for one in gone] == [404, 404]
    assert (await sam.get(f"/v1/staff/cases/{case['id']}")).json()["id"] == case["id"]


async def test_case_is_about_an_order_that_the_caller_sees(service: Service) -> None:
    """Another customer's order is no order."""
    trust(service)
    works, others = await company(service), await company(service, "eve", name="Others")
    about, foreign = order(works.unit_id), order(others.unit_id, "eve")
    for one in (about, foreign):
        await tell(service, event("order.placed", one))
    draft = {"unit_id": works.unit_id, "title": "Leak", "topic": "repair", "message": {"text": "x"}}
    answers = [
        await works.admin.post("/v1/cases", json=draft | {"order_id": one})
        for one in (about["id"], foreign["id"], ABSENT)
    ]

    assert [answer.status_code for answer in answers] == [201, 404, 404]
    assert answers[1].json()["detail"] == answers[2].json()["detail"]


async def test_member_sees_own_cases_and_technician_all(service: Service) -> None:
    """Own things or everyone's, as the role says."""
    works = await company(service)
    bob, tom = await works.hire("bob", "buyer"), await works.hire("tom", "technician")
    case = await _open(works)

    assert [(await one.get(f"/v1/cases/{case['id']}")).status_code for one in (bob, tom)] == [404, 200]
    assert [len((await one.get("/v1/cases", params={"state": "open"})).json()["items"]) for one in (bob, tom)] == [0, 1]

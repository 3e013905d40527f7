"""Business units: a tree in which roles are good from their unit downwards."""

import asyncio

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from tests.fixtures import Service
from tests.portal import ABSENT, company, delete, patch, post

from ..models import UnitPath, UnitRow
from ..service import MAX_DEPTH

PLACE = {"recipient": "Works", "street": "Domkloster 4", "city": "Köln", "country": "DE"}


async def test_roles_reach_downwards_and_not_up(service: Service) -> None:
    """An admin of a plant sees its workshop, and neither the firm nor the other plant."""
    works = await company(service)
    cologne = await post(works.admin, "business-units", parent_id=works.unit_id, name="Cologne", cost_centre="4711")
    bonn = await post(works.admin, "business-units", parent_id=works.unit_id, name="Bonn")
    bob = await works.hire("bob", "admin", unit_id=cologne["id"])
    shop = await post(bob, "business-units", parent_id=cologne["id"], name="Workshop")
    refused = await bob.post("/v1/business-units", json={"parent_id": bonn["id"], "name": "Mine"})

    assert [one["name"] for one in (await bob.get("/v1/business-units")).json()["items"]] == ["Cologne", "Workshop"]
    assert [one["name"] for one in (await works.admin.get("/v1/business-units")).json()["items"]] == [
        "Works", "Cologne", "Bonn", "Workshop",
    ]  # fmt: skip
    assert (refused.status_code, (await bob.get(f"/v1/business-units/{works.unit_id}")).status_code) == (404, 404)
    assert (await patch(bob, f"business-units/{shop['id']}", cost_centre="1")).json()["cost_centre"] == "1"


async def test_tree_has_a_depth(service: Service) -> None:
    """Eight levels are enough for everybody we know."""
    works = await company(service)
    here = works.unit_id
    for level in range(2, MAX_DEPTH + 1):
        here = (await post(works.admin, "business-units", parent_id=here, name=f"level {level}"))["id"]
    refused = await works.admin.post("/v1/business-units", json={"parent_id": here, "name": "too deep"})

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:too-deep")


@pytest.mark.parametrize("what", ["child", "member", "address", "list"])
async def test_unit_that_something_belongs_to_stays(service: Service, what: str) -> None:
    """Nothing loses its unit; an empty one can go, the account's own cannot."""
    works = await company(service)
    unit = await post(works.admin, "business-units", parent_id=works.unit_id, name="Cologne")
    if what == "child":
        await post(works.admin, "business-units", parent_id=unit["id"], name="Workshop")
    elif what == "member":
        await works.hire("bob", "buyer", unit_id=unit["id"])
    elif what == "address":
        await post(works.admin, "addresses", unit_id=unit["id"], **PLACE)
    else:
        await post(works.admin, "shopping-lists", unit_id=unit["id"], name="Filters")
    empty = await post(works.admin, "business-units", parent_id=works.unit_id, name="Bonn")
    answers = [await delete(works.admin, f"business-units/{one}") for one in (unit["id"], works.unit_id, empty["id"])]

    assert [answer.status_code for answer in answers] == [409, 409, 204]
    assert answers[0].json()["type"] == "urn:problem-type:in-use"


async def test_nobody_hangs_a_unit_into_a_foreign_tree(service: Service) -> None:
    """Another customer's unit is no unit at all."""
    works, others = await company(service), await company(service, "eve", name="Others")
    answers = [
        await others.admin.post("/v1/business-units", json={"parent_id": one, "name": "Trojan"})
        for one in (works.unit_id, ABSENT)
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def _move(client: httpx.AsyncClient, unit_id: str, parent_id: str) -> httpx.Response:
    path = f"/v1/business-units/{unit_id}/moves"
    return await client.post(path, json={"parent_id": parent_id}, headers={"If-Match": "*"})


async def _tree(service: Service) -> set[tuple[str, str, int]]:
    """Return every pair of ancestor and descendant, by name, with its depth, as the database keeps it."""
    upper, lower = aliased(UnitRow), aliased(UnitRow)
    query = (
        select(upper.name, lower.name, UnitPath.depth)
        .join(upper, upper.id == UnitPath.ancestor)
        .join(lower, lower.id == UnitPath.descendant)
    )
    async with service.app.state.database.reading() as session:
        return {(above, below, depth) for above, below, depth in await session.execute(query)}


async def test_unit_is_moved_with_all_that_lies_in_it(service: Service) -> None:
    """Its members keep their roles; the old place's people lose sight of it, the new place's get it."""
    works = await company(service)
    units = {"Works": works.unit_id}
    for name, parent in (("Cologne", "Works"), ("Bonn", "Works"), ("Workshop", "Cologne"), ("Paint", "Workshop")):
        made = await post(works.admin, "business-units", parent_id=units[parent], name=name)
        units[name] = made["id"]
    cologne = await works.hire("cai", "admin", unit_id=units["Cologne"])
    bonn = await works.hire("bea", "admin", unit_id=units["Bonn"])
    painter = await works.hire("pia", "buyer", unit_id=units["Paint"])
    await post(works.admin, "addresses", unit_id=units["Workshop"], **PLACE)
    moved = await _move(works.admin, units["Workshop"], units["Bonn"])

    async def sees(client: httpx.AsyncClient) -> list[str]:
        return [one["name"] for one in (await client.get("/v1/business-units")).json()["items"]]

    assert (moved.status_code, moved.json()["parent_id"], moved.json()["version"]) == (200, units["Bonn"], 2)
    assert [await sees(one) for one in (cologne, bonn, painter)] == [
        ["Cologne"], ["Bonn", "Workshop", "Paint"], ["Paint"],
    ]  # fmt: skip
    assert len((await bonn.get("/v1/addresses")).json()["items"]) == 1
    assert (await cologne.get("/v1/addresses")).json()["items"] == []
    assert await _tree(service) == {
        ("Works", "Works", 0), ("Cologne", "Cologne", 0), ("Bonn", "Bonn", 0), ("Workshop", "Workshop", 0),
        ("Paint", "Paint", 0), ("Works", "Cologne", 1), ("Works", "Bonn", 1), ("Bonn", "Workshop", 1),
        ("Workshop", "Paint", 1), ("Works", "Workshop", 2), ("Bonn", "Paint", 2), ("Works", "Paint", 3),
    }  # fmt: skip


async def test_rules_of_the_new_place_hold(service: Service) -> None:
    """What nobody had to approve in the old place waits for approval in the new one."""
    works = await company(service)
    units = [(await post(works.admin, "business-units", parent_id=works.unit_id, name=name))["id"] for name in "AB"]
    here = (await post(works.admin, "business-units", parent_id=units[0], name="C"))["id"]
    money = {"amount": 1, "currency": "EUR"}
    tiers = [{"role": "approver"}]
    await post(works.admin, "approval-rules", unit_id=units[1], name="all", minimum=money, tiers=tiers)
    asked, states = {"unit_id": here, "kind": "cart", "reference": "c", "amount": money}, []
    for target in units:
        await _move(works.admin, here, target)
        key = {"Idempotency-Key": target}
        states.append((await works.admin.post("/v1/approval-requests", json=asked, headers=key)).json()["state"])

    assert states == ["approved", "pending"]


async def test_tree_stays_a_tree(service: Service) -> None:
    """No unit lies within itself, no branch gets too deep, the account's own unit stays on top, and in its account."""
    works, other = await company(service), await company(service, "ann", name="Other")
    branch = [works.unit_id]
    for level in range(2, MAX_DEPTH + 1):
        branch.append((await post(works.admin, "business-units", parent_id=branch[-1], name=f"level {level}"))["id"])
    aside = (await post(works.admin, "business-units", parent_id=works.unit_id, name="aside"))["id"]
    before = await _tree(service)
    answers = [
        await _move(works.admin, unit, parent)
        for unit, parent in (
            (branch[1], branch[1]),
            (branch[1], branch[3]),
            (aside, branch[-1]),
            (branch[1], aside),
            (branch[0], aside),
            (aside, other.unit_id),
        )
    ]

    assert [one.json()["type"].removeprefix("urn:problem-type:") for one in answers] == [
        "cycle", "cycle", "too-deep", "too-deep", "in-use", "other-account",
    ]  # fmt: skip
    assert await _tree(service) == before
    assert (await _move(works.admin, aside, branch[-2])).status_code == 200


async def test_who_moves_a_unit_manages_both_places(service: Service) -> None:
    """An admin of a plant neither takes its own out of the firm's hands nor pulls in somebody else's."""
    works = await company(service)
    cologne, bonn = [
        (await post(works.admin, "business-units", parent_id=works.unit_id, name=name))["id"] for name in "CB"
    ]
    shop = (await post(works.admin, "business-units", parent_id=cologne, name="Workshop"))["id"]
    cai = await works.hire("cai", "admin", unit_id=cologne)
    await works.hire("cai", "buyer", unit_id=works.unit_id)
    answers = [await _move(cai, unit, parent) for unit, parent in ((cologne, shop), (shop, bonn), (bonn, cologne))]

    assert [one.status_code for one in answers] == [403, 403, 403]
    assert (await _move(cai, shop, ABSENT)).status_code == 404


async def test_two_moves_at_once_make_no_cycle(service: Service) -> None:
    """A into B and B into A: the second one finds out."""
    works = await company(service)
    one, two = [(await post(works.admin, "business-units", parent_id=works.unit_id, name=name))["id"] for name in "AB"]
    answers = await asyncio.gather(_move(works.admin, one, two), _move(works.admin, two, one))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await _tree(service)) == 6

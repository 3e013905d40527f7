"""Business units: a tree in which roles are good from their unit downwards."""

import pytest

from tests.fixtures import Service
from tests.portal import ABSENT, company, delete, patch, post

from ..service import MAX_DEPTH


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
        place = {"recipient": "Works", "street": "Domkloster 4", "city": "Köln", "country": "DE"}
        await post(works.admin, "addresses", unit_id=unit["id"], **place)
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

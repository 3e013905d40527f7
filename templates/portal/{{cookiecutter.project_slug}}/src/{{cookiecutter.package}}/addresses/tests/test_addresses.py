"""Addresses: a unit's, seen by its members, written by those whose role allows it."""

from typing import Any

import pytest

from tests.fixtures import Service
from tests.portal import ABSENT, Company, company, delete, patch, post

PLACE = {"recipient": "Works", "street": "Domkloster 4", "city": "Köln", "postal_code": "50667", "country": "DE"}


async def _address(works: Company, **members: Any) -> dict[str, Any]:
    return await post(works.admin, "addresses", **{"unit_id": works.unit_id} | PLACE | members)


async def test_members_see_addresses_and_purchasers_write_them(service: Service) -> None:
    """A buyer picks from them; it may not send the goods somewhere else by changing one."""
    works = await company(service)
    buyer, purchaser = await works.hire("bob", "buyer"), await works.hire("pat", "purchaser")
    address = await _address(works)
    path = f"addresses/{address['id']}"
    seen = (await buyer.get(f"/v1/{path}")).json()
    refused = await patch(buyer, path, street="Elsewhere 1")
    forbidden = await buyer.post("/v1/addresses", json={"unit_id": works.unit_id} | PLACE)
    changed = await patch(purchaser, path, street="Domkloster 5", additional="Gate 3")

    assert seen == address
    assert [one.status_code for one in (refused, forbidden, await delete(buyer, path))] == [403, 403, 403]
    assert (changed.json()["street"], changed.json()["additional"], changed.json()["version"]) == (
        "Domkloster 5", "Gate 3", 2,
    )  # fmt: skip
    assert (await delete(purchaser, path)).status_code == 204
    assert (await buyer.get(f"/v1/{path}")).status_code == 404


async def test_roles_of_the_upper_unit_reach_the_lower_units_addresses(service: Service) -> None:
    """And not the other way round; a list can be narrowed to one unit."""
    works = await company(service)
    plant = await post(works.admin, "business-units", parent_id=works.unit_id, name="Plant")
    worker = await works.hire("wes", "purchaser", unit_id=plant["id"])
    upper, lower = await _address(works), await _address(works, unit_id=plant["id"])

    assert (await worker.get("/v1/addresses")).json()["items"] == [lower]
    assert (await works.admin.get("/v1/addresses")).json()["items"] == [upper, lower]
    assert (await works.admin.get("/v1/addresses", params={"unit_id": plant["id"]})).json()["items"] == [lower]
    assert (await worker.get(f"/v1/addresses/{upper['id']}")).status_code == 404
    assert (await worker.post("/v1/addresses", json={"unit_id": works.unit_id} | PLACE)).status_code == 404


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("country", "Germany"),
        ("country", "de"),
        ("country", None),
        ("postal_code", "5"),
        ("street", "  "),
        ("recipient", None),
        ("shipping", "yes"),
        ("unit_id", "50667"),
    ],
)
async def test_place_that_no_carrier_finds_is_refused(service: Service, member: str, value: object) -> None:
    """With the member that is wrong, before anything is stored."""
    works = await company(service)
    draft = {"unit_id": works.unit_id, **PLACE, member: value}
    answer = await works.admin.post("/v1/addresses", json=draft)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{member}"]
    assert (await works.admin.get("/v1/addresses")).json()["items"] == []


async def test_null_removes_and_what_is_needed_stays(service: Service) -> None:
    """A merge patch (RFC 7396); of two writers the second one has to look again."""
    works = await company(service)
    address = await _address(works, additional="Gate 3")
    path = f"addresses/{address['id']}"
    removed = await patch(works.admin, path, additional=None, postal_code=None)
    needed = await patch(works.admin, path, city=None)
    late = await patch(works.admin, path, '"1"', city="Bonn")

    assert (removed.json()["additional"], removed.json()["postal_code"]) == (None, None)
    assert (needed.status_code, late.status_code) == (422, 412)
    assert (await works.admin.get(f"/v1/addresses/{ABSENT}")).status_code == 404

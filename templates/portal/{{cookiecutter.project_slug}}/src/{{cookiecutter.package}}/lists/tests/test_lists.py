"""Shopping lists: one's own, or shared with those of a unit whose roles reach everyone's lists."""

from typing import Any

import httpx
from sqlalchemy import select

from chassis.outbox import OutboxRow
from tests.fixtures import Service
from tests.portal import company, delete, patch, post

FILTERS = [{"sku": "C40-FILTER", "quantity": 12, "note": "for both boilers"}, {"sku": "C40-SEAL", "quantity": 2}]


async def _names(client: httpx.AsyncClient, **filters: str) -> list[str]:
    return [one["name"] for one in (await client.get("/v1/shopping-lists", params=filters)).json()["items"]]


async def test_list_is_ones_own_until_it_is_shared(service: Service) -> None:
    """A purchaser finds what the buyer shared, and nothing else of hers."""
    works = await company(service)
    buyer, purchaser = await works.hire("bob", "buyer"), await works.hire("pat", "purchaser")
    own = await post(buyer, "shopping-lists", name="Mine", unit_id=works.unit_id, lines=FILTERS)
    shared = await post(buyer, "shopping-lists", name="Ours", unit_id=works.unit_id, shared=True)

    assert (await _names(buyer), await _names(purchaser)) == (["Mine", "Ours"], ["Ours"])
    assert (await _names(buyer, shared="true"), await _names(buyer, shared="false")) == (["Ours"], ["Mine"])
    assert own["lines"][0] == FILTERS[0]
    assert (await purchaser.get(f"/v1/shopping-lists/{own['id']}")).status_code == 404
    assert (await patch(purchaser, f"shopping-lists/{shared['id']}", name="All of ours")).status_code == 200
    assert await _names(buyer) == ["Mine", "All of ours"]


async def test_shared_list_that_may_only_be_seen_is_not_changed(service: Service) -> None:
    """Whoever leaves the unit loses sight of it as well."""
    works = await company(service)
    purchaser = await works.hire("pat", "purchaser")
    outsider = (await company(service, "eve")).admin
    shared = await post(works.admin, "shopping-lists", name="Ours", unit_id=works.unit_id, shared=True)
    path = f"shopping-lists/{shared['id']}"
    (member,) = [one for one in (await works.admin.get("/v1/members")).json()["items"] if "purchaser" in one["roles"]]
    before = await _names(purchaser)
    await delete(works.admin, f"members/{member['id']}")

    assert (before, await _names(purchaser)) == (["Ours"], [])
    assert [(await patch(one, path, name="x")).status_code for one in (purchaser, outsider)] == [404, 404]


async def test_shared_list_belongs_to_a_unit_that_its_owner_orders_for(service: Service) -> None:
    """Sharing with nobody is refused, and so is writing into somebody else's unit."""
    works, other = await company(service), await company(service, "eve")
    accountant = await works.hire("kim", "accountant")

    async def refused(client: httpx.AsyncClient, **members: Any) -> int:
        return (await client.post("/v1/shopping-lists", json={"name": "x"} | members)).status_code

    assert await refused(works.admin, shared=True) == 422
    assert await refused(works.admin, unit_id=other.unit_id) == 404
    assert await refused(accountant, unit_id=works.unit_id) == 403
    assert await refused(works.admin, lines=[{"sku": "C40", "quantity": 0}]) == 422


async def test_others_learn_of_lists_without_their_content(service: Service) -> None:
    """One event for each change, none for a patch that changes nothing; it names the list, not what is on it."""
    works = await company(service)
    made = await post(works.admin, "shopping-lists", name="Secret", lines=FILTERS)
    path = f"shopping-lists/{made['id']}"
    await patch(works.admin, path, name="Secret")
    await patch(works.admin, path, lines=FILTERS[:1])
    await delete(works.admin, path)
    async with service.app.state.database.reading() as session:
        told = list(await session.execute(select(OutboxRow.type, OutboxRow.document).order_by(OutboxRow.event_id)))
    of_lists = [(kind, document) for kind, document in told if "list" in kind]

    assert len(of_lists) == 3
    assert [kind for kind, document in of_lists if "Secret" in document or "C40" in document] == []

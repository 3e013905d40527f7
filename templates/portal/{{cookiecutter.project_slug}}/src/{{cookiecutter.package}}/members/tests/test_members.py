"""Members: roles are given by admins, and a unit that has an admin keeps one."""

import asyncio
import json

import pytest
from sqlalchemy import select

from chassis.outbox import OutboxRow
from tests.fixtures import Service
from tests.portal import CUSTOMER, company, delete, member_of, patch, post

from ...access.permissions import ROLES, Permission, Reach, Role, roles_with


def test_admins_may_everything() -> None:
    """Whatever permission is added, a unit is never without somebody who has it."""
    assert ROLES.keys() == set(Role)
    assert ROLES[Role.ADMIN] == dict.fromkeys(Permission, Reach.ALL)


@pytest.mark.parametrize("permission", Permission)
def test_what_is_good_for_all_is_good_for_ones_own(permission: Permission) -> None:
    """The wider reach includes the narrower one."""
    assert set(roles_with(permission, Reach.ALL)) <= set(roles_with(permission, Reach.OWN))


async def test_buyer_sees_itself_and_manager_everybody(service: Service) -> None:
    """Own things or everyone's, as the role says."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    pat = await works.hire("pat", "purchaser")

    assert [one["roles"] for one in await member_of(bob)] == [["buyer"]]
    assert [one["roles"] for one in await member_of(pat)] == [["admin"], ["buyer"], ["purchaser"]]


async def test_roles_take_effect_at_once(service: Service) -> None:
    """What was given is there with the next request, and gone with the next one after it was taken."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    (mine,) = await member_of(bob)
    seen = [len(await member_of(bob))]
    for roles in (["admin"], ["accountant"]):
        changed = await patch(works.admin, f"members/{mine['id']}", roles=roles)
        assert (changed.status_code, changed.json()["roles"]) == (200, roles)
        seen.append(len(await member_of(bob)))

    assert seen == [1, 2, 1]
    assert changed.json()["version"] == 3


async def test_nobody_promotes_itself(service: Service) -> None:
    """A member sees its own membership and cannot change it."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    (mine,) = await member_of(bob)

    assert (await patch(bob, f"members/{mine['id']}", roles=["admin"])).status_code == 403


async def test_last_admin_cannot_leave_or_step_down(service: Service) -> None:
    """Not before somebody else is admin."""
    works = await company(service)
    (mine,) = await member_of(works.admin)
    tried = [
        await delete(works.admin, f"members/{mine['id']}"),
        await patch(works.admin, f"members/{mine['id']}", roles=["buyer"]),
    ]
    await works.hire("bob", "admin")
    gone = await delete(works.admin, f"members/{mine['id']}")

    assert [(answer.status_code, answer.json()["type"]) for answer in tried] == [
        (409, "urn:problem-type:last-admin"),
        (409, "urn:problem-type:last-admin"),
    ]
    assert gone.status_code == 204
    assert await member_of(works.admin) == []


async def test_last_admin_of_a_part_hands_over_upwards(service: Service) -> None:
    """It cannot leave its unit alone; an admin of the firm may take it over."""
    works = await company(service)
    unit = await post(works.admin, "business-units", parent_id=works.unit_id, name="Cologne")
    bob = await works.hire("bob", "admin", unit_id=unit["id"])
    (mine,) = await member_of(bob)

    assert (await delete(bob, f"members/{mine['id']}")).status_code == 409
    assert (await delete(works.admin, f"members/{mine['id']}")).status_code == 204


@pytest.mark.parametrize("way", ["leave", "step down", "throw out"])
async def test_of_all_admins_leaving_at_once_one_stays(service: Service, way: str) -> None:
    """Each sees the others, so each may go; together they may not."""
    works = await company(service)
    admins = [works.admin, *[await works.hire(f"admin-{n}", "admin") for n in range(5)]]
    rows = await member_of(works.admin)

    async def go(n: int) -> int:
        if way == "leave":
            return (await delete(admins[n], f"members/{rows[n]['id']}")).status_code
        if way == "step down":
            return (await patch(admins[n], f"members/{rows[n]['id']}", roles=["buyer"])).status_code
        return (await delete(admins[n], f"members/{rows[n - 1]['id']}")).status_code

    statuses = await asyncio.gather(*(go(n) for n in range(6)))
    after = await asyncio.gather(*(member_of(one) for one in admins))

    assert set(statuses) <= {200, 204, 403, 404, 409, 412}
    assert sum("admin" in one["roles"] for one in max(after, key=len)) >= 1


async def _lost(service: Service, kind: str) -> list[list[str]]:
    async with service.app.state.database.reading() as session:
        rows = select(OutboxRow.document).where(OutboxRow.type == kind).order_by(OutboxRow.event_id)
        return [json.loads(document)["data"]["quotes"] for document in await session.scalars(rows)]


async def test_events_name_the_quotes_that_are_lost(service: Service) -> None:
    """Who leaves a unit, or may buy for it no more, orders by what it accepted there no more. What it accepted for
    other units stays its own, also where a role further up goes on reaching it."""
    works = await company(service)
    cologne, bonn = [
        await post(works.admin, "business-units", parent_id=works.unit_id, name=name) for name in ("Cologne", "Bonn")
    ]
    bob = await works.hire("bob", "buyer", unit_id=cologne["id"])
    await works.hire("bob", "purchaser", unit_id=bonn["id"])
    sam, quotes = service.as_("sam", "portal:staff"), {}
    for unit in (cologne, bonn):
        line = {"sku": "C40", "quantity": 1}
        quote = await post(bob, "quotes", unit_id=unit["id"], title="x", currency="EUR", lines=[line])
        ours, anybody = f"/v1/staff/quotes/{quote['id']}", {"If-Match": "*"}
        offer = {"lines": [line | {"unit_price": 1}], "valid_until": "2099-01-01T00:00:00Z"}
        await sam.post(f"{ours}/transitions", json={"action": "review"}, headers=anybody)
        await sam.post(f"{ours}/offers", json=offer, headers=anybody | {"Idempotency-Key": unit["id"]})
        accepted = await bob.post(f"/v1/quotes/{quote['id']}/transitions", json={"action": "accept"}, headers=anybody)
        assert accepted.status_code == 200, accepted.text
        quotes[unit["id"]] = quote["id"]
    mine = {one["unit_id"]: one["id"] for one in await member_of(bob)}
    for roles in (["buyer", "approver"], ["technician"]):
        await patch(works.admin, f"members/{mine[cologne['id']]}", roles=roles)
    top = await works.hire("bob", "buyer")
    assert len(await member_of(top)) == 3
    await delete(works.admin, f"members/{mine[bonn['id']]}")
    (last,) = [one["id"] for one in await member_of(bob) if one["unit_id"] == works.unit_id]
    await delete(works.admin, f"members/{last}")

    assert await _lost(service, "member.changed") == [[], [quotes[cologne["id"]]]]
    assert await _lost(service, "member.left") == [[], sorted(quotes.values())]


async def test_leaving_takes_everything_along(service: Service) -> None:
    """Who has left sees nothing of the unit any more."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    (mine,) = await member_of(bob)
    assert (await delete(bob, f"members/{mine['id']}")).status_code == 204

    assert [(await bob.get(f"/v1/{one}")).json()["items"] for one in ("members", "accounts", "business-units")] == [
        [], [], [],
    ]  # fmt: skip
    assert (await service.as_("bob", *CUSTOMER).get(f"/v1/accounts/{works.account_id}")).status_code == 404

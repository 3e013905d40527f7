"""Invitations: one person, once, for a while; and nothing that is stored opens a door."""

import asyncio
import json
from datetime import timedelta

from sqlalchemy import text, update

from chassis.database import now
from tests.fixtures import Service
from tests.portal import CUSTOMER, company, delete, invite, member_of, post

from ..models import InvitationRow

BOB = {"email": "bob@example.com", "roles": ["buyer"]}


async def test_token_makes_one_member_once(service: Service) -> None:
    """Twenty people who got hold of one token: one of them is in."""
    works = await company(service)
    invitation = await invite(works.admin, unit_id=works.unit_id, **BOB)
    callers = [service.as_(f"caller-{n}", *CUSTOMER) for n in range(20)]
    draft = {"token": invitation["token"]}
    answers = await asyncio.gather(*(one.post("/v1/invitation-acceptances", json=draft) for one in callers))

    assert sorted(answer.status_code for answer in answers) == [201] + [404] * 19
    assert len(await member_of(works.admin)) == 2
    found = (await works.admin.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (found["state"], "token" in found) == ("accepted", False)


async def test_useless_tokens_all_look_alike(service: Service) -> None:
    """Made up, used, revoked, expired, or of another house: the same answer."""
    works = await company(service)
    bob, other = service.as_("bob", *CUSTOMER), service.as_("bob", *CUSTOMER, tenant="another house")
    made = [await invite(works.admin, unit_id=works.unit_id, **BOB) for _ in range(4)]
    await post(bob, "invitation-acceptances", token=made[0]["token"])
    assert (await delete(works.admin, f"invitations/{made[1]['id']}")).status_code == 204
    async with service.app.state.database.transaction() as session:
        overdue = (
            update(InvitationRow)
            .where(InvitationRow.state == "pending")
            .values(expires_at=now() - timedelta(seconds=1))
        )
        await session.execute(overdue)
    live = await invite(works.admin, unit_id=works.unit_id, **BOB)
    tokens = [(bob, "A" * 43), *((bob, one["token"]) for one in made[:3]), (other, live["token"])]
    answers = [await client.post("/v1/invitation-acceptances", json={"token": token}) for client, token in tokens]
    bodies = [answer.json() | {"request_id": ""} for answer in answers]

    assert bodies == [bodies[0]] * 5
    assert bodies[0]["status"] == 404
    listed = (await works.admin.get("/v1/invitations")).json()["items"]
    assert [one["state"] for one in listed] == ["accepted", "revoked", "expired", "expired", "pending"]


async def test_new_token_replaces_the_one_before(service: Service) -> None:
    """A token that went astray is useless with the next one; a used invitation gives none."""
    works, bob = await company(service), service.as_("bob", *CUSTOMER)
    invitation = await invite(works.admin, unit_id=works.unit_id, **BOB)
    path = f"/v1/invitations/{invitation['id']}/tokens"
    renewed = (await works.admin.post(path)).json()["token"]
    tries = [
        await bob.post("/v1/invitation-acceptances", json={"token": token}) for token in (invitation["token"], renewed)
    ]

    assert [answer.status_code for answer in tries] == [404, 201]
    assert (await works.admin.post(path)).status_code == 409


async def test_no_table_holds_the_token(service: Service) -> None:
    """Whoever reads the database, its backup or the events can join nothing."""
    works = await company(service)
    headers = {"Idempotency-Key": "k-1"}
    made = (await works.admin.post("/v1/invitations", json={"unit_id": works.unit_id, **BOB}, headers=headers)).json()
    token = (await works.admin.post(f"/v1/invitations/{made['id']}/tokens", headers=headers)).json()["token"]
    await service.as_("bob", *CUSTOMER).post("/v1/invitation-acceptances", json={"token": token}, headers=headers)
    async with service.app.state.database.reading() as session:
        for table in InvitationRow.metadata.tables:
            rows = (await session.execute(text(f'SELECT * FROM "{table}"'))).all()  # noqa: S608 - our own table's name
            assert token not in json.dumps([list(row) for row in rows], default=str), table


async def test_only_managers_invite(service: Service) -> None:
    """A buyer cannot bring friends, and cannot read who was invited."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    refused = await bob.post("/v1/invitations", json={"unit_id": works.unit_id, **BOB})

    assert refused.status_code == 403
    assert (await bob.get("/v1/invitations")).json() == {"items": []}


async def test_guessing_is_slowed_down(service: Service) -> None:
    """Ten tries a minute, whatever they were."""
    eve = service.as_("eve", *CUSTOMER)
    answers = [await eve.post("/v1/invitation-acceptances", json={"token": "A" * 43}) for _ in range(12)]

    assert [answer.status_code for answer in answers] == [404] * 10 + [429] * 2
    assert "retry-after" in answers[-1].headers


async def test_account_cannot_flood_the_world(service: Service) -> None:
    """An account sends so many invitations an hour and no more, also from several places at once."""
    works = await company(service)
    service.app.state.settings = service.app.state.settings.model_copy(update={"invitations_per_hour": 3})
    draft = {"unit_id": works.unit_id, **BOB}
    answers = await asyncio.gather(*(works.admin.post("/v1/invitations", json=draft) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * 5

"""People: what they say about themselves is theirs, and what they consented to stays on record."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from chassis.database import now
from tests.fixtures import Service
from tests.portal import patch, post

from ..models import ConsentRow, PersonRow

CONSENT = {"purpose": "newsletter", "granted": True, "source": "web checkout", "text_version": "2026-01"}


async def test_profile_is_there_before_anybody_wrote_it(service: Service, ann: httpx.AsyncClient) -> None:
    """A newcomer reads version 0, and reading makes nobody a person."""
    found = await ann.get("/v1/me/profile")

    assert found.json() == {"name": None, "email": None, "phone": None, "locale": None, "version": 0}
    assert found.headers["etag"] == '"0"'
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PersonRow)) == 0


async def test_profile_is_changed_by_its_person(ann: httpx.AsyncClient) -> None:
    """The first change of version 0 makes it; a stale one is refused."""
    first = await patch(ann, "me/profile", '"0"', name="Ann Example", email="ann@example.com")
    stale = await patch(ann, "me/profile", '"0"', name="Somebody")
    second = await patch(ann, "me/profile", first.headers["etag"], email=None)

    assert (first.status_code, stale.status_code, second.status_code) == (200, 412, 200)
    assert second.json() | {"version": 0} == {
        "name": "Ann Example", "email": None, "phone": None, "locale": None, "version": 0,
    }  # fmt: skip
    assert (await ann.get("/v1/me/profile")).json() == second.json()


async def test_many_first_writes_make_one_person(service: Service, ann: httpx.AsyncClient) -> None:
    """However many tabs are open, a subject is one person."""
    answers = await asyncio.gather(*(ann.post("/v1/me/consents", json=CONSENT) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {201}
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PersonRow)) == 1


async def test_same_subject_of_another_house_is_somebody_else(service: Service, ann: httpx.AsyncClient) -> None:
    """Identity providers count from one as well."""
    await patch(ann, "me/profile", name="Ann Example")
    other = service.as_("ann", tenant="another house")

    assert (await other.get("/v1/me/profile")).json()["name"] is None


async def test_preferences_are_changed_by_parts(ann: httpx.AsyncClient) -> None:
    """A patch goes into the notifications, too."""
    await patch(ann, "me/preferences", '"0"', currency="EUR", notifications={"order-shipped": True, "news": True})
    changed = await patch(ann, "me/preferences", '"1"', notifications={"news": None})
    same = await patch(ann, "me/preferences", '"2"', currency="EUR")

    expected = {"currency": "EUR", "default_unit_id": None, "notifications": {"order-shipped": True}, "version": 2}
    assert changed.json() == same.json() == expected
    assert (await ann.get("/v1/me/preferences", headers={"If-None-Match": '"2"'})).status_code == 304


async def test_consent_is_a_history(ann: httpx.AsyncClient) -> None:
    """Who agreed to which text, asked where, and when; a withdrawal deletes nothing."""
    before = datetime.now(UTC)
    await post(ann, "me/consents", **CONSENT)
    await post(ann, "me/consents", **CONSENT | {"granted": False, "source": "preferences"})
    await post(ann, "me/consents", **CONSENT | {"purpose": "profiling"})
    listed = (await ann.get("/v1/me/consents", params={"purpose": "newsletter"})).json()["items"]

    assert [(one["granted"], one["source"], one["text_version"]) for one in listed] == [
        (True, "web checkout", "2026-01"),
        (False, "preferences", "2026-01"),
    ]
    assert all(before <= datetime.fromisoformat(one["recorded_at"]) <= now() for one in listed)


@pytest.mark.parametrize("statement", [update(ConsentRow).values(granted=False), delete(ConsentRow)], ids=["U", "D"])
async def test_database_itself_keeps_consents(service: Service, ann: httpx.AsyncClient, statement: object) -> None:
    """No defect, and no console, rewrites what somebody agreed to."""
    await post(ann, "me/consents", **CONSENT)
    with pytest.raises(DBAPIError, match="append-only"):
        async with service.app.state.database.transaction() as session:
            await session.execute(statement)

    assert [one["granted"] for one in (await ann.get("/v1/me/consents")).json()["items"]] == [True]

"""The overview: all of it in one call, and what fails takes nothing else along."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from chassis.database import Database, now
from tests.fixtures import Service
from tests.portal import company, patch, post
from tests.senders import event, tell, trust
from tests.telling import order

from ...quotes.models import QuoteRow
from .. import service as overview
from ..schemas import Overview
from ..service import OverviewReader

TABLES = {
    "person": "preferences",
    "orders": "order_axes",
    "quotes": "quotes",
    "approvals": "approval_requests",
    "cases": "cases",
    "devices": "devices",
}
"""What a section alone reads."""


async def test_overview_shows_what_the_lists_show(service: Service) -> None:
    """One call instead of six."""
    trust(service)
    works = await company(service)
    await patch(works.admin, "me/profile", name="Ann")
    lines = [{"sku": "C40", "quantity": 1}]
    await post(works.admin, "quotes", unit_id=works.unit_id, title="Pumps", currency="EUR", lines=lines)
    await post(works.admin, "cases", unit_id=works.unit_id, title="Leak", topic="repair", message={"text": "x"})
    for number in range(7):
        about = order(works.unit_id, number=f"A-{number}")
        await tell(service, event("order.placed", about) | {"time": f"2026-11-0{number + 1}T00:00:00Z"})
    found = (await works.admin.get("/v1/me")).json()

    assert {section["status"] for section in found.values()} == {"ok"}
    assert found["person"]["profile"]["name"] == "Ann"
    assert [(one["unit_id"], one["roles"]) for one in found["places"]["items"]] == [(works.unit_id, ["admin"])]
    assert [one["number"] for one in found["orders"]["items"]] == ["A-6", "A-5", "A-4", "A-3", "A-2"]
    assert [one["title"] for one in found["quotes"]["items"] + found["cases"]["items"]] == ["Pumps", "Leak"]


async def test_overview_speaks_as_its_contract_says(service: Service) -> None:
    """The database writes the JSON; identifiers, moments and flags look as everywhere."""
    trust(service)
    works = await company(service)
    await patch(works.admin, "me/preferences", currency="EUR", notifications={"order-shipped": True})
    rule = {"name": "all", "minimum": {"amount": 1, "currency": "EUR"}, "tiers": [{"role": "approver"}]}
    await post(works.admin, "approval-rules", unit_id=works.unit_id, **rule)
    asked = {"unit_id": works.unit_id, "kind": "cart", "reference": "c", "amount": {"amount": 1999, "currency": "EUR"}}
    request = await works.admin.post("/v1/approval-requests", json=asked, headers={"Idempotency-Key": "k"})
    device = await post(
        works.admin, "devices", unit_id=works.unit_id, product="c40", serial_number="C40-1", name='Pümpe "1"'
    )
    about = order(works.unit_id, number="A-1")
    await tell(service, event("order.placed", about))
    answer = await works.admin.get("/v1/me")
    found = Overview.model_validate_json(answer.content).model_dump(mode="json")

    assert found == answer.json() | {"orders": found["orders"]}
    assert found["person"]["preferences"] == {
        "currency": "EUR",
        "default_unit_id": None,
        "notifications": {"order-shipped": True},
        "version": 1,
    }
    assert found["approvals"]["items"] == [
        {"id": request.json()["id"], "kind": "cart", "amount": {"amount": 1999, "currency": "EUR"}, "mine": True}
    ]
    assert found["devices"]["items"] == [
        {
            "id": device["id"],
            "name": 'Pümpe "1"',
            "product": "c40",
            "serial_number": "C40-1",
            "warranty_until": None,
        }
    ]
    assert found["orders"]["items"] == (await works.admin.get("/v1/orders")).json()["items"]


async def test_colleague_sees_its_own_where_its_role_shows_no_more(service: Service) -> None:
    """The overview shows what the lists show: a buyer's own quotes, and none of the admin's."""
    works = await company(service)
    lines = [{"sku": "C40", "quantity": 1}]
    await post(works.admin, "quotes", unit_id=works.unit_id, title="Admin's", currency="EUR", lines=lines)
    buyer = await works.hire("bob", "buyer")
    await post(buyer, "quotes", unit_id=works.unit_id, title="Buyer's", currency="EUR", lines=lines)

    assert [one["title"] for one in (await buyer.get("/v1/me")).json()["quotes"]["items"]] == ["Buyer's"]
    assert len((await works.admin.get("/v1/me")).json()["quotes"]["items"]) == 2


async def test_offer_that_is_over_is_no_open_quote(service: Service) -> None:
    """Also before somebody has written down that it expired."""
    works = await company(service)
    lines = [{"sku": "C40", "quantity": 1}]
    shown = []
    await post(works.admin, "quotes", unit_id=works.unit_id, title="Pumps", currency="EUR", lines=lines)
    for valid_until in (now() + timedelta(hours=1), now() - timedelta(hours=1)):
        async with service.app.state.database.transaction() as session:
            await session.execute(update(QuoteRow).values(state="offered", valid_until=valid_until))
        shown.append([one["state"] for one in (await works.admin.get("/v1/me")).json()["quotes"]["items"]])

    assert shown == [["offered"], []]


@asynccontextmanager
async def _without(database: Database, table: str) -> AsyncIterator[None]:
    """Take a table away."""
    async with database.transaction() as session:
        await session.execute(text(f"ALTER TABLE {table} RENAME TO away"))
    try:
        yield
    finally:
        async with database.transaction() as session:
            await session.execute(text(f"ALTER TABLE away RENAME TO {table}"))


@asynccontextmanager
async def _locked(database: Database, table: str) -> AsyncIterator[None]:
    """Let everybody who reads a table wait."""
    async with database.transaction() as session:
        await session.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.parametrize("section", TABLES)
async def test_section_that_fails_is_left_out(service: Service, section: str) -> None:
    """It says that it is not available; the other six are served."""
    works = await company(service)
    async with _without(service.app.state.database, TABLES[section]):
        answer = await works.admin.get("/v1/me")
        again = await works.admin.get("/v1/me")

    assert answer.status_code == 200
    assert {name for name, one in answer.json().items() if one["status"] == "unavailable"} == {section}
    assert again.json() == answer.json()
    assert Overview.model_validate(answer.json()).places.items[0].roles == ["admin"]


async def test_section_that_is_slow_is_left_out(service: Service) -> None:
    """It is waited for, but not for long."""
    database: Database = service.app.state.database
    if database.is_sqlite:
        pytest.skip("SQLite's readers wait for nobody")
    works = await company(service)
    async with _locked(database, "cases"):
        answer = await works.admin.get("/v1/me")

    assert {name for name, one in answer.json().items() if one["status"] == "unavailable"} == {"cases"}


async def test_overview_of_which_nothing_can_be_read_is_no_overview(service: Service) -> None:
    """A caller learns that it has to come again."""
    works = await company(service)
    async with _without(service.app.state.database, "people"):
        answer = await works.admin.get("/v1/me")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_overview_is_whole_again_after_a_while(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read section by section is tried in one go again."""
    monkeypatch.setattr(overview, "APART_SECONDS", 0.0)
    works = await company(service)
    async with _without(service.app.state.database, "cases"):
        await works.admin.get("/v1/me")
    monkeypatch.setattr(OverviewReader, "_section", None)

    assert (await works.admin.get("/v1/me")).json()["cases"]["status"] == "ok"


async def test_defect_is_no_trouble_to_hide(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong in the code is a 500 that somebody mends."""

    async def fail(*_arguments: object) -> None:
        raise LookupError

    monkeypatch.setattr(OverviewReader, "_ask", fail)

    assert (await service.as_("ann").get("/v1/me")).status_code == 500

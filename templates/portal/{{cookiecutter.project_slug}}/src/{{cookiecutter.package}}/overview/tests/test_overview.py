"""The overview: all of it in one call, and what fails takes nothing else along."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from chassis.problems import Problem
from tests.fixtures import Service
from tests.portal import company, patch, post
from tests.telling import event, order, tell, trust

from .. import routes
from .. import service as sections

SECTIONS = {
    "person": "person",
    "places": "places",
    "orders": "recent_orders",
    "quotes": "open_quotes",
    "approvals": "waiting_approvals",
    "cases": "open_cases",
}


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


async def test_newcomer_gets_an_empty_one(ann: httpx.AsyncClient) -> None:
    """Nobody has to exist to be greeted."""
    found = (await ann.get("/v1/me")).json()

    assert {section["status"] for section in found.values()} == {"ok"}
    assert found["person"]["profile"]["version"] == 0


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("trouble", ["database", "problem", "slow"])
async def test_section_that_fails_is_left_out(
    service: Service, monkeypatch: pytest.MonkeyPatch, section: str, trouble: str
) -> None:
    """It says that it is not available; the other five are served, and in time."""

    async def fail(*_arguments: Any) -> Any:
        if trouble == "database":
            raise OperationalError("SELECT", {}, LookupError())
        if trouble == "problem":
            raise Problem(503)
        await asyncio.sleep(60)

    works = await company(service)
    monkeypatch.setattr(sections, SECTIONS[section], fail)
    monkeypatch.setattr(routes, "SECTION_SECONDS", 3.0)
    answer = await works.admin.get("/v1/me")

    assert answer.status_code == 200
    assert {name for name, one in answer.json().items() if one["status"] == "unavailable"} == {section}


async def test_defect_is_no_trouble_to_hide(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong in the code is a 500 that somebody mends."""

    async def fail(*_arguments: Any) -> Any:
        raise LookupError

    monkeypatch.setattr(sections, "person", fail)

    assert (await service.as_("ann").get("/v1/me")).status_code == 500

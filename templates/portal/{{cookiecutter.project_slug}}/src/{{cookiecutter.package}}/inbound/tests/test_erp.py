"""The how-to for the ERP, executed: its code signs, its example is taken, and nothing else opens the door."""

import json
import re
from typing import Any

from chassis.project import ROOT
from tests.fixtures import Service
from tests.portal import Company, company
from tests.senders import SECRET, trust

HOW_TO = (ROOT / "docs" / "tell-from-the-erp.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", HOW_TO, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _invoice(works: Company) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(_block("json"))
    event["data"]["unit_id"] = works.unit_id
    return event


def _signed(secret: str, event: dict[str, Any]) -> dict[str, Any]:
    """Sign as the how-to does."""
    names: dict[str, Any] = {}
    exec(_block("python"), names)  # noqa: S102 - the project's own documents
    body, headers = names["signed"](secret, event)
    return {"content": body, "headers": headers}


async def test_erp_tells_as_the_how_to_says(service: Service) -> None:
    """The example is taken, and its customer sees the invoice; told again, it is still one."""
    trust(service, "erp")
    works = await company(service)
    answers = [
        await service.anonymous.post("/v1/events", **_signed(SECRET, _invoice(works))),
        await service.anonymous.post("/v1/events", **_signed(SECRET, _invoice(works))),
    ]
    (invoice,) = (await works.admin.get("/v1/invoices")).json()["items"]

    assert [one.status_code for one in answers] == [204, 204]
    assert (invoice["number"], invoice["total"]) == ("R-4711", {"amount": 21301, "currency": "EUR"})


async def test_nothing_but_a_signature_opens_the_door(service: Service) -> None:
    """Not a token with every scope, not another secret, not a signature of another body."""
    trust(service, "erp")
    works = await company(service)
    event = _invoice(works)
    good, other = _signed(SECRET, event), _signed("guessed", event)
    swapped = {"content": good["content"].replace(b"21301", b"1"), "headers": good["headers"]}
    unsigned = {"json": event, "headers": {"Content-Type": "application/cloudevents+json"}}
    answers = [
        await client.post("/v1/events", **told)
        for client in (service.anonymous, service.as_("sam"))
        for told in (other, swapped, unsigned)
    ]

    assert [one.status_code for one in answers] == [401] * 6
    assert (await works.admin.get("/v1/invoices")).json()["items"] == []

"""A world for the test of isolation: two houses with two customers each, every one with one of everything."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.fixtures import Service
from tests.portal import company, patch, post
from tests.senders import event, tell
from tests.telling import document, order

LINES = [{"sku": "C40", "quantity": 1}]


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One customer: clients of its own, the ids of its things by the name of the path parameter, and its marker.

    ``marker`` stands in every text that the customer wrote, so wherever it turns up is a leak.
    """

    tenant: str
    marker: str
    client: httpx.AsyncClient
    staff: httpx.AsyncClient
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> set[str]:
        """Whatever nobody else may ever see."""
        return {self.marker, *self.ids.values()}


async def _keyed(client: httpx.AsyncClient, path: str, **members: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    answer = await client.post(f"/v1/{path}", json=members, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def customer(service: Service, tenant: str, subject: str) -> Customer:
    """Make a customer that has one of everything. The same subject may live in both houses."""
    marker = f"marker-{uuid4().hex}"
    works = await company(service, subject, tenant=tenant, name=marker)
    me, unit = works.admin, works.unit_id
    staff = service.as_(f"staff-{tenant}", "portal:staff", tenant=tenant)
    made = Customer(tenant=tenant, marker=marker, client=me, staff=staff)
    money = {"amount": 1, "currency": "EUR"}
    place = {"recipient": marker, "street": "Domkloster 4", "city": "Köln", "country": "DE"}
    quote = await post(me, "quotes", unit_id=unit, title=marker, currency="EUR", lines=LINES)
    await _keyed(staff, f"staff/quotes/{quote['id']}/transitions", action="review")
    lines = [{**LINES[0], "unit_price": 1}]
    offer = await _keyed(staff, f"staff/quotes/{quote['id']}/offers", lines=lines, valid_until="2099-01-01T00:00:00Z")
    case = await post(me, "cases", unit_id=unit, title=marker, topic="repair", message={"text": marker})
    rule = {"name": marker, "minimum": money, "tiers": [{"role": "approver"}]}
    device = await post(me, "devices", unit_id=unit, product="c40", serial_number=marker.upper(), name=marker)
    about, paper = order(unit, subject, number=marker), document(unit, subject, name=f"{marker}.pdf")
    invoice_id = str(uuid4())
    invoice = {
        "id": invoice_id, "unit_id": unit, "buyer": subject, "number": marker, "state": "open",
        "issued_at": "2026-11-02T00:00:00Z", "total": money,
    }  # fmt: skip
    for told in (("order.placed", about), ("invoice.issued", invoice), ("document.published", paper)):
        assert (await tell(service, event(*told, tenant=tenant))).status_code == 204
    await patch(me, "me/profile", name=marker)
    made.ids.update(
        account_id=works.account_id,
        unit_id=unit,
        member_id=(await me.get("/v1/members")).json()["items"][0]["id"],
        invitation_id=(await post(me, "invitations", unit_id=unit, email="x@example.com", roles=["buyer"]))["id"],
        address_id=(await post(me, "addresses", unit_id=unit, **place))["id"],
        list_id=(await post(me, "shopping-lists", unit_id=unit, name=marker, shared=True))["id"],
        device_id=device["id"],
        quote_id=quote["id"],
        offer_id=offer["id"],
        case_id=case["id"],
        message_id=(await me.get(f"/v1/cases/{case['id']}/messages")).json()["items"][0]["id"],
        rule_id=(await post(me, "approval-rules", unit_id=unit, **rule))["id"],
        limit_id=(await post(me, "spending-limits", unit_id=unit, role="buyer", limit=money, period="day"))["id"],
        request_id=(await _keyed(me, "approval-requests", unit_id=unit, kind="cart", reference=marker, amount=money))[
            "id"
        ],
        order_id=about["id"],
        invoice_id=invoice_id,
        document_id=paper["id"],
    )
    return made


async def world(service: Service) -> tuple[Customer, Customer, Customer, Customer]:
    """Make two customers in each of two houses; one subject is in both houses."""
    return (
        await customer(service, "one", "ann"),
        await customer(service, "one", "bob"),
        await customer(service, "two", "ann"),
        await customer(service, "two", "eve"),
    )

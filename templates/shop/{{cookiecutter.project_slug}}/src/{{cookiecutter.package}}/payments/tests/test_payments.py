"""Payments: whatever the provider does, one order is charged once or not at all."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from chassis.database import Database, now
from chassis.project import ROOT
from chassis.webhooks import signature
from tests.fixtures import Service
from tests.shop import key, order, put, small_shop, stock, told, until

from ...orders.models import OrderRow
from ...orders.service import cancel_unpaid
from ...ports import Ports
from ..models import PaymentRequestRow
from ..port import Outcome, Status
from ..sandbox import SandboxPaymentRow, SandboxProvider
from ..settlement import settle, work_off_next
from ..states import REQUEST


@pytest.fixture
async def shop(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client that may do everything, in a shop with prices and stock."""
    await small_shop(ann)
    await stock(ann, V1=100)
    return ann


async def _booked(service: Service) -> dict[str, int]:
    """Return what the provider did, in minor units."""
    database: Database = service.app.state.database
    async with database.reading() as session:
        rows = list(await session.scalars(select(SandboxPaymentRow)))
    kinds = ("authorize", "capture", "void", "refund")
    return {
        kind: sum(row.amount for row in rows if row.kind == kind and row.status == "succeeded") for kind in kinds
    } | {"voids": sum(row.kind == "void" and row.status == "succeeded" for row in rows)}


async def _hurry(service: Service) -> None:
    """Let the time pass after which the provider is asked about what it did not answer."""
    database: Database = service.app.state.database
    async with database.transaction() as session:
        await session.execute(update(PaymentRequestRow).values(due_at=now() - timedelta(seconds=1)))


@pytest.mark.parametrize("token", ["tok_ok", "tok_delay", "tok_duplicate", "tok_unknown_charged", "tok_unknown_lost"])
async def test_order_is_charged_once(service: Service, shop: httpx.AsyncClient, token: str) -> None:
    """Answered late, twice or not at all: one authorisation, and one capture when it is sent."""
    made = await order(shop, {"V1": 2}, token)
    path = f"/v1/orders/{made['id']}"
    if token.startswith("tok_unknown"):
        for _ in range(3):
            await _hurry(service)
            await work_off_next(service.app.state.database, service.app.state.ports.payments, 5)
    await until(shop, path, order_state="confirmed", payment_state="authorized")
    line = made["lines"][0]["id"]
    await put(shop, f"orders/{made['id']}/shipments", {"lines": [{"line": line, "quantity": 2}]})
    if token.startswith("tok_unknown"):
        for _ in range(3):
            await _hurry(service)
            await work_off_next(service.app.state.database, service.app.state.ports.payments, 5)
    await until(shop, path, payment_state="captured", captured=2_500)

    assert await _booked(service) == {"authorize": 2_500, "capture": 2_500, "void": 0, "refund": 0, "voids": 0}
    for kind in ("payment.authorized", "payment.captured", "order.confirmed"):
        assert len(await told(service, kind)) == 1, kind


@pytest.mark.parametrize("token", ["tok_decline", "tok_expired_card"])
async def test_declined_order_is_cancelled(service: Service, shop: httpx.AsyncClient, token: str) -> None:
    """Its stock is free again, and the events say why."""
    made = await order(shop, {"V1": 2}, token)
    found = await until(shop, f"/v1/orders/{made['id']}", order_state="cancelled")
    (item,) = (await shop.get("/v1/stock-items")).json()["items"]

    assert (found["payment_state"], found["cancelled_because"]) == ("failed", "payment_failed")
    assert (item["on_hand"], item["reserved"]) == (100, 0)
    assert len(await told(service, "payment.failed")) == len(await told(service, "order.cancelled")) == 1


async def test_payment_that_comes_too_late_is_voided(service: Service, shop: httpx.AsyncClient) -> None:
    """Nobody waits for ever: the order is cancelled, and money that is held then after all is let go."""
    database: Database = service.app.state.database
    provider = service.app.state.ports.payments
    made = await order(shop, {"V1": 2}, "tok_unknown_charged")
    path = f"/v1/orders/{made['id']}"
    await _until_sent(service)
    async with database.transaction() as session:
        await session.execute(update(OrderRow).values(pay_until=now()))
    while await cancel_unpaid(database):
        pass
    assert (await shop.get(path)).json()["payment_state"] == "pending"
    for _ in range(4):
        await _hurry(service)
        await work_off_next(database, provider, 5)
    found = await until(shop, path, payment_state="voided")

    assert (found["order_state"], found["cancelled_because"], found["authorized"]) == (
        "cancelled",
        "payment_timeout",
        0,
    )
    assert (await _booked(service))["voids"] == 1


async def _until_sent(service: Service) -> None:
    database: Database = service.app.state.database
    provider = service.app.state.ports.payments
    for _ in range(100):
        async with database.reading() as session:
            state = await session.scalar(select(PaymentRequestRow.state))
        if state != REQUEST.initial:
            break
        await work_off_next(database, provider, 5)
        await asyncio.sleep(0.05)

    assert state == "sent"  # and not settled, as on a machine that was held up for longer than nobody answers


def _webhook(service: Service, event_id: str, told: dict[str, Any], secret: bytes | None = None) -> dict[str, Any]:
    ports: Ports = service.app.state.ports
    assert isinstance(ports.payments, SandboxProvider)
    body, moment = json.dumps(told).encode(), str(int(now().timestamp()))
    signed = signature(secret or ports.payments._secret, message_id=event_id, timestamp=moment, body=body)
    headers = {"webhook-id": event_id, "webhook-timestamp": moment, "webhook-signature": signed}
    return {"content": body, "headers": headers | {"Content-Type": "application/json"}}


async def test_webhooks_are_verified_and_taken_once(service: Service, shop: httpx.AsyncClient) -> None:
    """A forged one is a 401 and changes nothing; the same one again, or one that comes too late, changes nothing."""
    made = await order(shop, {"V1": 1}, "tok_unknown_charged")
    await _until_sent(service)
    database: Database = service.app.state.database
    async with database.reading() as session:
        request = await session.scalar(select(PaymentRequestRow.id))
    told_ok = {"key": str(request), "status": "succeeded", "reference": str(request), "reason": ""}
    post, path = service.anonymous.post, "/v1/payment-events"
    forged = await post(path, **_webhook(service, "e1", told_ok, b"x" * 32))
    before = (await shop.get(f"/v1/orders/{made['id']}")).json()["payment_state"]
    first = [(await post(path, **_webhook(service, "e1", told_ok))).status_code for _ in range(3)]
    late = await post(path, **_webhook(service, "e2", told_ok | {"status": "declined"}))
    found = (await shop.get(f"/v1/orders/{made['id']}")).json()

    assert (forged.status_code, before) == (401, "pending")
    assert (first, late.status_code) == ([204] * 3, 204)
    assert (found["order_state"], found["payment_state"], found["authorized"]) == ("confirmed", "authorized", 1_250)
    assert len(await told(service, "payment.authorized")) == 1


async def _shipped(shop: httpx.AsyncClient, made: dict[str, Any], quantity: int) -> None:
    parcel = {"lines": [{"line": made["lines"][0]["id"], "quantity": quantity}]}
    await put(shop, f"orders/{made['id']}/shipments", parcel)


async def _worked_off(service: Service) -> None:
    """Send what is due, and let every pause pass."""
    await _hurry(service)
    async with asyncio.timeout(60):
        while await work_off_next(service.app.state.database, service.app.state.ports.payments, 5):
            pass


async def test_declined_capture_is_asked_for_again(service: Service, shop: httpx.AsyncClient) -> None:
    """The goods have left, so it is asked again by itself, later; nothing that was returned meanwhile is taken."""
    made = await order(shop, {"V1": 3}, "tok_second_capture")
    path = f"/v1/orders/{made['id']}"
    await until(shop, path, order_state="confirmed")
    await _shipped(shop, made, 3)
    async with asyncio.timeout(60):
        while not await told(service, "payment.failed"):
            await work_off_next(service.app.state.database, service.app.state.ports.payments, 5)
    declined = (await shop.get(path)).json()
    back = {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    await put(shop, f"orders/{made['id']}/returns", back)
    await _worked_off(service)
    found = await until(shop, path, captured=2_500)
    totals = ("payment_state", "captured", "refunded", "outstanding")

    assert [each["data"]["amount"] for each in await told(service, "payment.failed")] == [3_750]
    assert [declined[name] for name in totals] == ["authorized", 0, 0, 3_750]
    assert [found[name] for name in totals] == ["captured", 2_500, 0, 0]
    assert (await _booked(service))["capture"] == 2_500


async def test_capture_that_stays_declined_is_left_to_people(service: Service, shop: httpx.AsyncClient) -> None:
    """Five times, then no more; what is outstanding can be seen, and asked for again at a word."""
    made = await order(shop, {"V1": 1}, "tok_no_capture")
    path = f"/v1/orders/{made['id']}"
    await until(shop, path, order_state="confirmed")
    nothing = await shop.post(f"{path}/payment-attempts", headers=key())
    await _shipped(shop, made, 1)
    for _ in range(8):
        await _worked_off(service)
    amounts = [each["data"]["amount"] for each in await told(service, "payment.failed")]
    again = await shop.post(f"{path}/payment-attempts", headers=key())
    await _worked_off(service)

    assert (nothing.status_code, nothing.json()["type"]) == (409, "urn:problem-type:nothing-outstanding")
    assert amounts == [1_250] * 5
    assert (again.status_code, again.json()["outstanding"]) == (200, 1_250)
    assert len(await told(service, "payment.failed")) == 6
    assert (await shop.get(path)).json()["payment_state"] == "authorized"


async def test_what_came_back_unpaid_lets_the_money_go(service: Service, shop: httpx.AsyncClient) -> None:
    """Nothing was taken, so nothing is refunded: the authorisation is voided, and the order is complete."""
    made = await order(shop, {"V1": 1}, "tok_no_capture")
    path = f"/v1/orders/{made['id']}"
    await until(shop, path, order_state="confirmed")
    await _shipped(shop, made, 1)
    await _worked_off(service)
    parcel = (await shop.get(f"{path}/shipments")).json()["items"][0]
    await put(shop, f"orders/{made['id']}/shipments/{parcel['id']}/deliveries", {})
    await put(shop, f"orders/{made['id']}/returns", {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]})
    await _worked_off(service)
    found = await until(shop, path, payment_state="voided")

    assert (found["order_state"], found["authorized"], found["refunded"]) == ("completed", 0, 0)
    assert await _booked(service) == {"authorize": 1_250, "capture": 0, "void": 0, "refund": 0, "voids": 1}


async def test_no_two_attempts_at_once(service: Service, shop: httpx.AsyncClient) -> None:
    """While the provider has not answered, nobody asks it for the same money in other words."""
    made = await order(shop, {"V1": 1}, "tok_unknown_charged")
    await _until_sent(service)
    refused = await shop.post(f"/v1/orders/{made['id']}/payment-attempts", headers=key())

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:payment-under-way")


async def test_settled_request_stays_settled(service: Service, shop: httpx.AsyncClient) -> None:
    """Whoever tells it again, and whatever they tell."""
    made = await order(shop, {"V1": 1})
    await until(shop, f"/v1/orders/{made['id']}", order_state="confirmed")
    database: Database = service.app.state.database
    async with database.transaction() as session:
        request = await session.scalar(select(PaymentRequestRow))
        assert request is not None
        for status in (Status.DECLINED, Status.SUCCEEDED, Status.PENDING):
            await settle(session, request.id, Outcome(status=status))
        assert (request.state, request.token) == ("succeeded", None)


def test_diagram_in_the_documents_is_the_table() -> None:
    """Drawn from what the code does: ``docs/states.md``."""
    assert REQUEST.mermaid() in (ROOT / "docs" / "states.md").read_text(encoding="utf-8")

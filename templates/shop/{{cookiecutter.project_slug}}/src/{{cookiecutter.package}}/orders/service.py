"""What can be done with orders. Every query filters by house and owner, unless the caller may see everybody's."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Database, now
from chassis.identifiers import uuid7
from chassis.problems import Problem

from ..attribution import ledger
from ..stock import service as stock
from . import events, paying
from .cancelling import cancel
from .models import OrderRow, ReturnRow, ShipmentRow
from .pieces import moved_in
from .schemas import ReturnDraft, ShipmentDraft
from .states import ORDER, SHIPMENT

EVERYBODYS, COLLEAGUES, THE_HOUSE = "shop:read", "shop:account", "shop:write"
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without what people mistake for each other


def visible(caller: Principal) -> Select[OrderRow]:
    """Return the query for the orders that a caller may see: their own, or, with the scope for that, those of everybody
    in their account or in the house."""
    query = select(OrderRow).where(OrderRow.tenant == caller.tenant)
    if EVERYBODYS in caller.scopes:
        return query
    own = OrderRow.owner == caller.subject
    if COLLEAGUES in caller.scopes and caller.account is not None:
        return query.where(or_(own, OrderRow.account == caller.account))
    return query.where(own)


async def find(session: AsyncSession, caller: Principal, order_id: UUID) -> OrderRow:
    """Return one order that the caller may see.

    :raises Problem: 404 when there is none.
    """
    return _found(await session.scalar(visible(caller).where(OrderRow.id == order_id)))


async def find_to_cancel(session: AsyncSession, caller: Principal, order_id: UUID) -> OrderRow:
    """Return one order that the caller may cancel, locked until the transaction ends: their own, or any for the house.

    :raises Problem: 404 when there is none that the caller may see, 403 when it may see it and has not placed it.
    """
    if THE_HOUSE in caller.scopes:
        return await find_any(session, caller.tenant, order_id)
    order = _found(await session.scalar(visible(caller).where(OrderRow.id == order_id).with_for_update()))
    if order.owner != caller.subject:
        raise Problem(403, "not-the-buyer", "Only who placed the order can do this, or the house.")
    return order


async def find_any(session: AsyncSession, tenant: str, order_id: UUID) -> OrderRow:
    """Return anybody's order in a house, locked until the transaction ends.

    :raises Problem: 404 when the house has no such order.
    """
    query = select(OrderRow).where(OrderRow.tenant == tenant, OrderRow.id == order_id)
    return _found(await session.scalar(query.with_for_update()))


def _found(row: OrderRow | None) -> OrderRow:
    if row is None:
        raise Problem(404, "not-found", "There is no such order.")
    return row


def new_number(moment: datetime) -> str:
    """Return a number for people: the day, and eight characters that nobody guesses or mistakes."""
    return f"{moment:%y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))


async def cancel_by_choice(session: AsyncSession, order: OrderRow, reason: str) -> None:
    """Cancel an order because somebody wants it, and give back what is held of its payment.

    :raises Problem: 409 when something of it has left.
    """
    await cancel(session, order, reason)
    await paying.let_go(session, order)
    await session.flush()


async def cancel_unpaid(database: Database) -> bool:
    """Cancel one order whose payment never came; return whether there may be more."""
    async with database.transaction() as session:
        query = select(OrderRow).where(OrderRow.order_state == "placed", OrderRow.pay_until < now())
        order = await session.scalar(query.order_by(OrderRow.pay_until).limit(1).with_for_update(skip_locked=True))
        if order is None:
            return False
        await cancel_by_choice(session, order, "payment_timeout")
    return True


async def ship(session: AsyncSession, order: OrderRow, draft: ShipmentDraft) -> ShipmentRow:
    """Let pieces of an order leave, and take the money for them.

    :raises Problem: 409 when the order is not confirmed, 422 when so many are not left to ship.
    """
    if order.order_state != "confirmed":
        raise Problem(
            409,
            "illegal-transition",
            f"An order that is {order.order_state} cannot be shipped; a confirmed one can.",
            extra={"state": order.order_state, "allowed": ORDER.allowed(order.order_state)},
        )
    moved = moved_in(order, draft, "shipped", {line["id"]: line["quantity"] for line in order.lines}, "shipped")
    whole = all(order.progress[line["id"]]["shipped"] == line["quantity"] for line in order.lines)
    order.shipment_state = SHIPMENT.after(order.shipment_state, "ship" if whole else "ship_part")
    row = ShipmentRow(
        id=uuid7(),
        tenant=order.tenant,
        order_id=order.id,
        lines=moved.lines,
        value=moved.value,
        carrier=draft.carrier,
        tracking_number=draft.tracking_number,
        delivered_at=None,
    )
    session.add(row)
    await stock.take_out(session, order.tenant, order.id, moved.skus)
    await events.tell_movement(session, events.DISPATCHED, order, row)
    await session.flush()
    await paying.settle_up(session, order)
    await session.flush()
    return row


def parcels(order: OrderRow) -> Select[ShipmentRow]:
    """Return the query for an order's parcels."""
    return select(ShipmentRow).where(ShipmentRow.order_id == order.id)


async def deliver(session: AsyncSession, order: OrderRow, shipment_id: UUID) -> ShipmentRow:
    """Take note that a parcel has arrived; when all have, so has the order.

    :raises Problem: 404 when the order has no such parcel, 409 when it had arrived already.
    """
    all_of_them = list(await session.scalars(parcels(order)))
    row = next((each for each in all_of_them if each.id == shipment_id), None)
    if row is None:
        raise Problem(404, "not-found", "There is no such shipment.")
    if row.delivered_at is not None:
        raise Problem(
            409,
            "illegal-transition",
            "A shipment that is delivered cannot be delivered.",
            extra={"state": "delivered", "allowed": []},
        )
    row.delivered_at = now()
    if order.shipment_state == "shipped" and all(each.delivered_at is not None for each in all_of_them):
        order.shipment_state = SHIPMENT.after(order.shipment_state, "deliver")
    await events.tell_movement(session, events.DELIVERED, order, row)
    await paying.complete_if_done(session, order)
    await session.flush()
    return row


async def take_back(session: AsyncSession, order: OrderRow, draft: ReturnDraft) -> ReturnRow:
    """Take pieces back, put them on stock again where they can be sold, and give the money back.

    :raises Problem: 422 when so many have not left, or came back already.
    """
    shipped = {line: counts["shipped"] for line, counts in order.progress.items()}
    moved = moved_in(order, draft, "returned", shipped, "returned")
    row = ReturnRow(
        id=uuid7(),
        tenant=order.tenant,
        order_id=order.id,
        lines=moved.lines,
        value=moved.value,
        reason=draft.reason,
        restocked_location=draft.restock_location,
    )
    session.add(row)
    if draft.restock_location is not None:
        await stock.put_back(session, order.tenant, draft.restock_location, moved.skus)
    await events.tell_movement(session, events.RETURNED, order, row)
    await ledger.take_back(session, order, moved.net, f"returned: {draft.reason or 'not said'}")
    await session.flush()
    await paying.settle_up(session, order)
    await session.flush()
    return row


def came_back(order: OrderRow) -> Select[ReturnRow]:
    """Return the query for what came back of an order."""
    return select(ReturnRow).where(ReturnRow.order_id == order.id)


async def find_parcel(session: AsyncSession, order: OrderRow, shipment_id: UUID) -> ShipmentRow:
    """Return a parcel of an order.

    :raises Problem: 404 when the order has no such parcel.
    """
    row = await session.scalar(parcels(order).where(ShipmentRow.id == shipment_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such shipment.")
    return row


async def find_return(session: AsyncSession, order: OrderRow, return_id: UUID) -> ReturnRow:
    """Return pieces of an order that came back.

    :raises Problem: 404 when the order has no such return.
    """
    row = await session.scalar(came_back(order).where(ReturnRow.id == return_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such return.")
    return row


def shown(order: OrderRow) -> dict[str, Any]:
    """Return an order's members as callers see them."""
    lines = [line | order.progress[line["id"]] for line in order.lines]
    known = {name: getattr(order, name) for name in _SHOWN}
    told = {"cart": order.cart_id, "agreement": order.agreement_id, "outstanding": paying.outstanding(order)}
    return known | told | {"lines": lines}


_SHOWN = (
    "id",
    "version",
    "created_at",
    "updated_at",
    "number",
    "account",
    "business_unit",
    "channel",
    "campaign",
    "currency",
    "prices_include_tax",
    "totals",
    "billing_address",
    "shipping_address",
    "email",
    "purchase_order_number",
    "erp_reference",
    "payment_method",
    "order_state",
    "payment_state",
    "shipment_state",
    "cancelled_because",
    "authorized",
    "captured",
    "refunded",
)


def pay_until(minutes: float) -> datetime:
    """Return until when a payment may come."""
    return now() + timedelta(minutes=minutes)

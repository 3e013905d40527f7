"""Everything about a buyer, and nothing about it any more. Both walk the register, so they cannot disagree."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.events import record
from chassis.identifiers import uuid7
from chassis.problems import Problem

from ..agreements.models import AgreementRow
from ..carts.models import CartRow
from ..customers.models import CustomerRow
from ..orders.models import OrderRow, ReturnRow
from ..prices.models import PriceListRow
from . import events
from .models import ErasureRow
from .register import REGISTER, table

_GONE = "[erased]"
_KEPT_OF_AN_ADDRESS = ("postal_code", "address_country")
"""What a tax office asks where goods went."""


async def export(session: AsyncSession, caller: Principal) -> Mapping[str, list[dict[str, Any]]]:
    """Return every row about the caller, by table."""
    found = {}
    for name, entry in REGISTER.items():
        query = select(table(name)).where(entry.of(caller.tenant, caller.subject))
        found[name] = [dict(row) for row in (await session.execute(query)).mappings()]
    return found


async def erase(session: AsyncSession, caller: Principal) -> ErasureRow:
    """Forget the caller: delete what is its alone, empty what says who it is, keep what must be kept, and report it.

    :raises Problem: 404 when nothing is known about the caller, 409 when an order of theirs is not at its end.
    """
    orders = list(await session.scalars(_orders(caller).with_for_update()))
    if open_ones := [order.number for order in orders if order.order_state in ("placed", "confirmed")]:
        detail = f"Orders are not at their end: {', '.join(open_ones)}. Cancel them, or wait."
        raise Problem(409, "orders-open", detail, extra={"orders": open_ones})
    report = [await _count(session, caller, name) for name in REGISTER]
    if not any(each["rows"] for each in report):
        raise Problem(404, "not-found", "Nothing is known about you.")
    erasure_id = uuid7()
    row = ErasureRow(id=erasure_id, tenant=caller.tenant, owner=f"erased:{erasure_id}", report=report)
    await _empty(session, caller, orders, row.owner)
    session.add(row)
    await session.flush()
    fact = events.BuyerErased(owner=caller.subject)
    await record(session, events.ERASED, subject=f"erasures/{row.id}", data=fact, tenant=caller.tenant)
    return row


def _orders(caller: Principal) -> Any:
    mine = OrderRow.tenant == caller.tenant, OrderRow.owner == caller.subject
    return select(OrderRow).where(*mine).order_by(OrderRow.id)


async def _empty(session: AsyncSession, caller: Principal, orders: list[OrderRow], name: str) -> None:
    ids = [order.id for order in orders]
    await session.execute(update(ReturnRow).where(ReturnRow.order_id.in_(ids)).values(reason=None))
    for order in orders:
        order.owner, order.email = name, None
        if order.shipping_address != order.billing_address:
            known = {each: order.shipping_address[each] for each in _KEPT_OF_AN_ADDRESS}
            gone = dict.fromkeys(("name", "street_address", "address_locality"), _GONE)
            order.shipping_address = {"company": None, "address_region": None} | gone | known
    await session.flush()
    mine = CartRow.tenant == caller.tenant, CartRow.owner == caller.subject
    merged = select(CartRow.merged_into).where(CartRow.merged_into.is_not(None))
    of_use = CartRow.id.in_(select(OrderRow.cart_id)) | CartRow.id.in_(merged)
    await session.execute(delete(CartRow).where(*mine, ~of_use).execution_options(synchronize_session=False))
    renamed = update(CartRow).where(*mine).values(owner=name, updated_at=CartRow.updated_at)
    await session.execute(renamed.execution_options(synchronize_session=False))
    accepted = update(AgreementRow).where(AgreementRow.tenant == caller.tenant, AgreementRow.buyer == caller.subject)
    await session.execute(accepted.values(buyer=name).execution_options(synchronize_session=False))
    contracts = update(PriceListRow).where(
        PriceListRow.tenant == caller.tenant, PriceListRow.customer == caller.subject
    )
    # The name that stands in their place, and not nothing: a list without a customer would be everybody's.
    ended = contracts.values(customer=name, ended_at=func.coalesce(PriceListRow.ended_at, now()))
    await session.execute(ended.execution_options(synchronize_session=False))
    await session.execute(
        delete(CustomerRow).where(CustomerRow.tenant == caller.tenant, CustomerRow.reference == caller.subject)
    )


async def _count(session: AsyncSession, caller: Principal, name: str) -> dict[str, Any]:
    entry = REGISTER[name]
    count = select(func.count()).select_from(table(name)).where(entry.of(caller.tenant, caller.subject))
    rows = int(await session.scalar(count) or 0)
    return {"table": name, "rows": rows, "fate": entry.fate.value, "why": entry.why}

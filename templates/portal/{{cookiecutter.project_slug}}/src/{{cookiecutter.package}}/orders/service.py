"""Reading what was told about orders and invoices."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal

from ..access.permissions import Permission
from ..access.service import in_reach, the_one
from ..accounts.models import AccountRow
from ..accounts.schemas import AccountKind
from ..units.models import UnitPath, UnitRow
from .models import DocumentRow, InvoiceRow, OrderAxisRow, OrderPartRow, OrderRow

_Told = TypeVar("_Told", OrderRow, InvoiceRow, DocumentRow)


def told(caller: Principal, table: type[_Told], by: Permission) -> Select[_Told]:
    """Return the query for what was told about the caller's units: its own, or everyone's where its roles show them."""
    return select(table).where(in_reach(caller, table, by))


def orders(caller: Principal, *, q: str | None = None, state: str | None = None) -> Select[OrderRow]:
    """Return the query for orders, for those whose numbers hold a text, or those in a state."""
    query = told(caller, OrderRow, Permission.VIEW_ORDERS)
    if q is not None:
        query = query.where(
            or_(
                OrderRow.number.icontains(q, autoescape=True),
                OrderRow.purchase_order_number.icontains(q, autoescape=True),
            )
        )
    return query if state is None else query.where(OrderRow.state == state)


def invoices(caller: Principal, *, state: str | None = None) -> Select[InvoiceRow]:
    """Return the query for invoices, or those in a state."""
    query = told(caller, InvoiceRow, Permission.VIEW_DOCUMENTS)
    return query if state is None else query.where(InvoiceRow.state == state)


async def find_order(session: AsyncSession, caller: Principal, order_id: UUID) -> OrderRow:
    """Return one order.

    :raises Problem: 404 when there is none for this caller.
    """
    return await the_one(session, orders(caller).where(OrderRow.id == order_id), name="order")


async def find_invoice(session: AsyncSession, caller: Principal, invoice_id: UUID) -> InvoiceRow:
    """Return one invoice.

    :raises Problem: 404 when there is none for this caller.
    """
    return await the_one(session, invoices(caller).where(InvoiceRow.id == invoice_id), name="invoice")


async def move_in(session: AsyncSession, person_id: UUID, unit_id: UUID) -> None:
    """Put what a person was told of before it had an account of its own into that account."""
    for table in (OrderRow, InvoiceRow, DocumentRow):
        homeless = update(table).where(table.person_id == person_id, table.unit_id.is_(None))
        await session.execute(homeless.values(unit_id=unit_id).execution_options(synchronize_session=False))


async def follow(session: AsyncSession, person_id: UUID, unit_id: UUID) -> None:
    """Put what a person bought for a unit before it was a member of it, or of one above, into that unit's history.

    That is what the person itself named the unit for. It is taken out of an account as a person, of nobody's else.
    """
    reached = select(UnitPath.descendant).where(UnitPath.ancestor == unit_id)
    private = select(UnitRow.id).join(AccountRow, AccountRow.id == UnitRow.account_id)
    private = private.where(AccountRow.kind == AccountKind.PERSON)
    named = update(OrderRow).where(
        OrderRow.person_id == person_id,
        OrderRow.named_unit_id.in_(reached),
        or_(OrderRow.unit_id.is_(None), OrderRow.unit_id.in_(private)),
    )
    await session.execute(named.values(unit_id=OrderRow.named_unit_id).execution_options(synchronize_session=False))


async def axes_of(session: AsyncSession, rows: Sequence[OrderRow]) -> Mapping[tuple[UUID, str], str]:
    """Return how far payment and shipment of orders are, by order and axis."""
    ids = [row.id for row in rows]
    query = select(OrderAxisRow).where(OrderAxisRow.tenant == rows[0].tenant, OrderAxisRow.id.in_(ids)) if ids else None
    return {(one.id, one.axis): one.state for one in await session.scalars(query)} if query is not None else {}


async def parts_of(session: AsyncSession, row: OrderRow) -> list[OrderPartRow]:
    """Return the shipments, payments and returns of an order, in the order in which they began."""
    query = select(OrderPartRow).where(OrderPartRow.tenant == row.tenant, OrderPartRow.order_id == row.id)
    return list(await session.scalars(query.order_by(OrderPartRow.id)))

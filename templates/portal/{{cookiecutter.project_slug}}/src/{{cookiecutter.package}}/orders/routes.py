"""Orders and invoices over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.values import Money

from . import service
from .models import InvoiceRow, OrderRow
from .schemas import Invoice, Order, OrderLine, OrderPart, OrderSummary

router = resource_router("/v1/orders", tag="orders")
invoices = resource_router("/v1/invoices", tag="orders")

OrderId = Annotated[UUID, Path(description="the order's id")]
InvoiceId = Annotated[UUID, Path(description="the invoice's id")]
Words = Annotated[
    str | None, Query(min_length=2, max_length=100, description="part of its number or of the customer's own number")
]
InState = Annotated[str | None, Query(min_length=1, max_length=30, description="only those in this state")]


async def summaries(session: Session, rows: Sequence[OrderRow]) -> list[OrderSummary]:
    """Return orders as they stand in a list."""
    axes = await service.axes_of(session, rows)
    return [
        OrderSummary(
            id=row.id,
            unit_id=row.unit_id,
            number=row.number,
            purchase_order_number=row.purchase_order_number,
            placed_at=row.placed_at,
            state=row.state,
            payment_state=axes.get((row.id, "payment")),
            shipment_state=axes.get((row.id, "shipment")),
            total=Money(amount=row.total, currency=row.currency),
        )
        for row in rows
        if row.unit_id is not None
    ]


def _invoice(row: InvoiceRow) -> Invoice:
    assert row.unit_id is not None  # noqa: S101 - the query finds no invoice without a unit
    return Invoice(
        id=row.id,
        unit_id=row.unit_id,
        number=row.number,
        order_id=row.order_id,
        document_id=row.document_id,
        issued_at=row.issued_at,
        due_at=row.due_at,
        state=row.state,
        total=Money(amount=row.total, currency=row.currency),
    )


@router.get("", summary="List orders")
@requires("portal:read")
async def list_orders(
    caller: Caller, session: Session, page: PageRequest, q: Words = None, state: InState = None
) -> Page[OrderSummary]:
    """List the caller's orders, or everyone's where its roles show them; oldest first."""
    rows, following = await page.fetch(session, service.orders(caller, q=q, state=state), OrderRow.id)
    return Page(items=await summaries(session, rows), next=following)


@router.get("/{order_id}", summary="Read an order")
@requires("portal:read")
async def read_order(caller: Caller, session: Session, order_id: OrderId) -> Order:
    """Read one order with its shipments, payments and returns, as they were told last."""
    row = await service.find_order(session, caller, order_id)
    (summary,) = await summaries(session, [row])
    return Order(
        **summary.model_dump(),
        lines=[OrderLine.model_validate(line) for line in row.lines],
        parts=[OrderPart.model_validate(part) for part in await service.parts_of(session, row)],
    )


@invoices.get("", summary="List invoices")
@requires("portal:read")
async def list_invoices(caller: Caller, session: Session, page: PageRequest, state: InState = None) -> Page[Invoice]:
    """List the caller's invoices, or everyone's where its roles show them; oldest first."""
    rows, following = await page.fetch(session, service.invoices(caller, state=state), InvoiceRow.id)
    return Page(items=[_invoice(row) for row in rows], next=following)


@invoices.get("/{invoice_id}", summary="Read an invoice")
@requires("portal:read")
async def read_invoice(caller: Caller, session: Session, invoice_id: InvoiceId) -> Invoice:
    """Read one invoice."""
    return _invoice(await service.find_invoice(session, caller, invoice_id))

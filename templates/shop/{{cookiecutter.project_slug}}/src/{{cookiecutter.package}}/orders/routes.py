"""Orders over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from ..carts.service import Buyer
from ..ports import Plugged
from ..settings import ShopSettings
from . import paying, placing, service
from .models import OrderRow, ReturnRow, ShipmentRow
from .schemas import (
    LineQuantity,
    Order,
    OrderDraft,
    OrderPatch,
    Reason,
    Return,
    ReturnDraft,
    Shipment,
    ShipmentDraft,
)

router = resource_router("/v1/orders", tag="orders")

OrderId = Annotated[UUID, Path(description="the order's id")]
ShipmentId = Annotated[UUID, Path(description="the shipment's id")]
ReturnId = Annotated[UUID, Path(description="the return's id")]


@router.get("", summary="List orders")
@requires("shop:buy", "shop:read")
async def list_orders(
    caller: Caller,
    session: Session,
    page: PageRequest,
    number: Annotated[str | None, Query(max_length=20, description="only the one with this number")] = None,
) -> Page[Order]:
    """List the caller's orders, oldest first; with the scope `shop:account` those of the caller's colleagues too, with
    `shop:read` everybody's."""
    query = service.visible(caller)
    rows, following = await page.fetch(
        session, query if number is None else query.where(OrderRow.number == number), OrderRow.id
    )
    return Page(items=[_order(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Place an order", responses={404: {}, 409: {}})
@idempotent(required=True)
@requires("shop:buy")
async def place_order(
    request: Request, caller: Caller, session: Session, ports: Plugged, draft: OrderDraft, response: Response
) -> Order:
    """Order a cart, whole, at the prices its buyer saw. `price-changed` (409) names the lines that cost something else
    now, `out-of-stock` (409) the articles that too few are left of; then nothing has happened. The payment follows:
    read the order again, or wait for its events. Where it is declined the order is cancelled, and a new cart with the
    same things for another attempt comes from `POST /v1/cart-copies`."""
    settings: ShopSettings = request.app.state.settings
    row = await placing.place(session, Buyer(caller=caller, ports=ports), draft, settings.payment_minutes)
    response.headers["Location"] = f"/v1/orders/{row.id}"
    response.headers["ETag"] = etag(row)
    return _order(row)


@router.get("/{order_id}", summary="Read an order")
@requires("shop:buy", "shop:read")
async def read_order(caller: Caller, session: Session, order_id: OrderId, copy: IfNoneMatch) -> Order:
    """Read one of the caller's orders; with the scope `shop:account` a colleague's, with `shop:read` anybody's."""
    row = await service.find(session, caller, order_id)
    copy.check(row)
    return _order(row)


@router.patch("/{order_id}", summary="Refer to an order")
@requires("shop:write")
async def update_order(caller: Caller, session: Session, order_id: OrderId, seen: IfMatch, patch: OrderPatch) -> Order:
    """Note what the ERP calls it; what was agreed never changes."""
    row = await service.find_any(session, caller.tenant, order_id)
    seen.check(row)
    if "erp_reference" in patch.model_fields_set:
        row.erp_reference = patch.erp_reference
        await session.flush()
    seen.changed(row)
    return _order(row)


@router.post("/{order_id}/cancellations", summary="Cancel an order", responses={409: {}})
@idempotent(required=True)
@requires("shop:buy", "shop:write")
async def cancel_order(
    caller: Caller, session: Session, order_id: OrderId, reason: Reason, response: Response
) -> Order:
    """Cancel an order of which nothing has left: its stock is free again, what is held of its payment is let go.
    Buyers cancel what they have placed; with the scope `shop:write` the house cancels anybody's."""
    row = await service.find_to_cancel(session, caller, order_id)
    await service.cancel_by_choice(session, row, reason.reason)
    response.headers["ETag"] = etag(row)
    return _order(row)


@router.get("/{order_id}/shipments", summary="List an order's shipments")
@requires("shop:buy", "shop:read")
async def list_shipments(caller: Caller, session: Session, page: PageRequest, order_id: OrderId) -> Page[Shipment]:
    """List the parcels of an order, the first one first."""
    order = await service.find(session, caller, order_id)
    rows, following = await page.fetch(session, service.parcels(order), ShipmentRow.id)
    return Page(items=[_shipment(row) for row in rows], next=following)


@router.post("/{order_id}/shipments", status_code=201, summary="Ship pieces", responses={409: {}})
@idempotent(required=True)
@requires("shop:write")
async def ship_order(
    caller: Caller, session: Session, order_id: OrderId, draft: ShipmentDraft, response: Response
) -> Shipment:
    """Let pieces of a confirmed order leave; the money for them is taken."""
    order = await service.find_any(session, caller.tenant, order_id)
    row = await service.ship(session, order, draft)
    response.headers["Location"] = f"/v1/orders/{order_id}/shipments/{row.id}"
    response.headers["ETag"] = etag(row)
    return _shipment(row)


@router.get("/{order_id}/shipments/{shipment_id}", summary="Read a shipment")
@requires("shop:buy", "shop:read")
async def read_shipment(
    caller: Caller, session: Session, order_id: OrderId, shipment_id: ShipmentId, copy: IfNoneMatch
) -> Shipment:
    """Read one parcel of an order."""
    order = await service.find(session, caller, order_id)
    row = await service.find_parcel(session, order, shipment_id)
    copy.check(row)
    return _shipment(row)


@router.post("/{order_id}/shipments/{shipment_id}/deliveries", summary="Note a delivery", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def deliver_shipment(
    caller: Caller, session: Session, order_id: OrderId, shipment_id: ShipmentId, response: Response
) -> Shipment:
    """Take note that a parcel has arrived."""
    order = await service.find_any(session, caller.tenant, order_id)
    row = await service.deliver(session, order, shipment_id)
    response.headers["ETag"] = etag(row)
    return _shipment(row)


@router.post("/{order_id}/payment-attempts", summary="Ask for a payment again", responses={409: {}})
@idempotent(required=True)
@requires("shop:write")
async def ask_for_payment(caller: Caller, session: Session, order_id: OrderId, response: Response) -> Order:
    """Ask the payment provider, now, for what it has declined before: to pay what has left, or to give back. It is
    asked by itself too, several times within two days, and each time that pieces leave or come back."""
    order = await service.find_any(session, caller.tenant, order_id)
    await paying.ask_again(session, order)
    response.headers["ETag"] = etag(order)
    return _order(order)


@router.get("/{order_id}/returns", summary="List an order's returns")
@requires("shop:buy", "shop:read")
async def list_returns(caller: Caller, session: Session, page: PageRequest, order_id: OrderId) -> Page[Return]:
    """List what came back of an order, the first one first."""
    order = await service.find(session, caller, order_id)
    rows, following = await page.fetch(session, service.came_back(order), ReturnRow.id)
    return Page(items=[_return(row) for row in rows], next=following)


@router.post("/{order_id}/returns", status_code=201, summary="Take pieces back", responses={409: {}})
@idempotent(required=True)
@requires("shop:write")
async def return_order(
    caller: Caller, session: Session, order_id: OrderId, draft: ReturnDraft, response: Response
) -> Return:
    """Take pieces back that have left; the money for them is given back."""
    order = await service.find_any(session, caller.tenant, order_id)
    row = await service.take_back(session, order, draft)
    response.headers["Location"] = f"/v1/orders/{order_id}/returns/{row.id}"
    response.headers["ETag"] = etag(row)
    return _return(row)


@router.get("/{order_id}/returns/{return_id}", summary="Read a return")
@requires("shop:buy", "shop:read")
async def read_return(
    caller: Caller, session: Session, order_id: OrderId, return_id: ReturnId, copy: IfNoneMatch
) -> Return:
    """Read what came back of an order at one time."""
    order = await service.find(session, caller, order_id)
    row = await service.find_return(session, order, return_id)
    copy.check(row)
    return _return(row)


def _order(row: OrderRow) -> Order:
    return Order.model_validate(service.shown(row))


def _pieces(lines: dict[str, int]) -> list[LineQuantity]:
    return [LineQuantity(line=UUID(line), quantity=quantity) for line, quantity in lines.items()]


def _shipment(row: ShipmentRow) -> Shipment:
    return Shipment(
        id=row.id,
        lines=_pieces(row.lines),
        value=row.value,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )


def _return(row: ReturnRow) -> Return:
    return Return(
        id=row.id,
        lines=_pieces(row.lines),
        value=row.value,
        reason=row.reason,
        restocked_location=row.restocked_location,
        created_at=row.created_at,
    )

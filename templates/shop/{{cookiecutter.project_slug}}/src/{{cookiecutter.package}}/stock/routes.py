"""Stock over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.identifiers import uuid7
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.problems import Problem
from chassis.values import Key, Sku

from . import service
from .models import StockRow
from .schemas import (
    Adjustment,
    Reservation,
    ReservationDraft,
    ReservedPieces,
    StockItem,
    StockItemDraft,
    StockItemPatch,
)

router = resource_router("/v1/stock-items", tag="stock")
reservations = resource_router("/v1/stock-reservations", tag="stock")

StockItemId = Annotated[UUID, Path(description="the stock item's id")]
ReservationId = Annotated[UUID, Path(description="the reservation's id")]


@router.get("", summary="List stock")
@requires("shop:read")
async def list_stock_items(
    caller: Caller,
    session: Session,
    page: PageRequest,
    sku: Annotated[Sku | None, Query(description="only of this article")] = None,
    location: Annotated[Key | None, Query(description="only at this location")] = None,
) -> Page[StockItem]:
    """List how much of which article lies where."""
    rows, following = await page.fetch(session, service.listed(caller.tenant, sku, location), StockRow.id)
    return Page(items=[StockItem.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Keep an article at a location", responses={409: {}})
@idempotent(required=True)
@requires("shop:write")
async def create_stock_item(caller: Caller, session: Session, draft: StockItemDraft, response: Response) -> StockItem:
    """Begin to keep an article at a location."""
    row = await service.create(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/stock-items/{row.id}"
    response.headers["ETag"] = etag(row)
    return StockItem.model_validate(row)


@router.get("/{stock_item_id}", summary="Read a stock item")
@requires("shop:read")
async def read_stock_item(caller: Caller, session: Session, stock_item_id: StockItemId, copy: IfNoneMatch) -> StockItem:
    """Read how much of an article lies at a location."""
    row = await service.find(session, caller.tenant, stock_item_id)
    copy.check(row)
    return StockItem.model_validate(row)


@router.patch("/{stock_item_id}", summary="Change thresholds")
@requires("shop:write")
async def update_stock_item(
    caller: Caller, session: Session, stock_item_id: StockItemId, seen: IfMatch, patch: StockItemPatch
) -> StockItem:
    """Change how much is never sold, and when somebody is told."""
    row = await service.find(session, caller.tenant, stock_item_id, lock=True)
    seen.check(row)
    for name in patch.model_fields_set:
        setattr(row, name, getattr(patch, name))
    await session.flush()
    seen.changed(row)
    return StockItem.model_validate(row)


@router.delete("/{stock_item_id}", status_code=204, summary="Keep an article there no more", responses={409: {}})
@requires("shop:write")
async def delete_stock_item(caller: Caller, session: Session, stock_item_id: StockItemId, seen: IfMatch) -> None:
    """Forget a stock item, unless pieces of it are spoken for."""
    row = await service.find(session, caller.tenant, stock_item_id, lock=True)
    seen.check(row)
    await service.forget(session, row)


@router.post("/{stock_item_id}/adjustments", summary="Adjust stock", responses={409: {}})
@idempotent(required=True)
@requires("shop:write")
async def adjust_stock(
    caller: Caller, session: Session, stock_item_id: StockItemId, adjustment: Adjustment, response: Response
) -> StockItem:
    """Take note of pieces that came or went: a difference, so that two who count at once do not undo each other."""
    row = await service.find(session, caller.tenant, stock_item_id, lock=True)
    await service.adjust(session, row, adjustment.difference)
    response.headers["ETag"] = etag(row)
    return StockItem.model_validate(row)


@reservations.post("", status_code=201, summary="Reserve stock", responses={409: {}})
@idempotent(required=True)
@requires("shop:write")
async def reserve_stock(caller: Caller, session: Session, draft: ReservationDraft, response: Response) -> Reservation:
    """Speak for pieces for a while, all or none; nobody else can have them until then."""
    wanted: dict[str, int] = {}
    for line in draft.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    holder, expires_at = uuid7(), service.until(draft.seconds)
    hold = service.Hold(tenant=caller.tenant, holder=holder, locations=tuple(draft.locations), expires_at=expires_at)
    taken = await service.reserve(session, hold, wanted)
    lines = [ReservedPieces(sku=row.sku, quantity=quantity, location=row.location) for row, quantity in taken]
    response.headers["Location"] = f"/v1/stock-reservations/{holder}"
    return Reservation(id=holder, expires_at=expires_at, lines=lines)


@reservations.get("/{reservation_id}", summary="Read a reservation")
@requires("shop:read")
async def read_reservation(caller: Caller, session: Session, reservation_id: ReservationId) -> Reservation:
    """Read what is spoken for, and until when. What has expired or was released is gone; an order's is not shown."""
    found = await service.loose(session, caller.tenant, reservation_id)
    if not found:
        raise Problem(404, "not-found", "There is no such reservation.")
    expires_at = found[0][0].expires_at
    assert expires_at is not None  # noqa: S101 - tells the type checker what the query asks for
    lines = [ReservedPieces(sku=row.sku, quantity=row.quantity, location=location) for row, location in found]
    return Reservation(id=reservation_id, expires_at=expires_at, lines=lines)


@reservations.post("/{reservation_id}/releases", status_code=204, summary="Release reserved stock")
@idempotent(required=True)
@requires("shop:write")
async def release_stock(caller: Caller, session: Session, reservation_id: ReservationId) -> None:
    """Give reserved pieces back before their time; those of orders are not reached this way."""
    if not await service.release_loose(session, caller.tenant, reservation_id):
        raise Problem(404, "not-found", "There is no such reservation.")

"""Price lists over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Key, Sku

from . import service
from .models import PriceListRow, PriceRow
from .schemas import (
    Price,
    PriceChanges,
    PriceChangesResult,
    PriceList,
    PriceListDraft,
    PriceListPatch,
    PriceTier,
)

router = resource_router("/v1/price-lists", tag="prices")

PriceListId = Annotated[UUID, Path(description="the price list's id")]


@router.get("", summary="List price lists")
@requires("shop:read")
async def list_price_lists(
    caller: Caller,
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
) -> Page[PriceList]:
    """List the price lists that have not been ended, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller.tenant, key), PriceListRow.id)
    return Page(items=[PriceList.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a price list", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def create_price_list(caller: Caller, session: Session, draft: PriceListDraft, response: Response) -> PriceList:
    """Create a price list without prices. One that would be as specific as another one is refused."""
    row = await service.create(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/price-lists/{row.id}"
    response.headers["ETag"] = etag(row)
    return PriceList.model_validate(row)


@router.get("/{price_list_id}", summary="Read a price list")
@requires("shop:read")
async def read_price_list(caller: Caller, session: Session, price_list_id: PriceListId, copy: IfNoneMatch) -> PriceList:
    """Read one price list."""
    row = await service.find(session, caller.tenant, price_list_id)
    copy.check(row)
    return PriceList.model_validate(row)


@router.patch("/{price_list_id}", summary="Change a price list", responses={409: {}})
@requires("shop:write")
async def update_price_list(
    caller: Caller, session: Session, price_list_id: PriceListId, seen: IfMatch, patch: PriceListPatch
) -> PriceList:
    """Change its name or its end; for whom it counts never changes."""
    row = await service.find(session, caller.tenant, price_list_id)
    seen.check(row)
    await service.change(session, row, patched(PriceListDraft.model_validate(row), patch))
    seen.changed(row)
    return PriceList.model_validate(row)


@router.delete("/{price_list_id}", status_code=204, summary="End a price list")
@requires("shop:write")
async def delete_price_list(caller: Caller, session: Session, price_list_id: PriceListId, seen: IfMatch) -> None:
    """End a price list at once."""
    row = await service.find(session, caller.tenant, price_list_id)
    seen.check(row)
    await service.end(session, row)


@router.get("/{price_list_id}/prices", summary="List the prices of a list")
@requires("shop:read")
async def list_prices(
    caller: Caller,
    session: Session,
    page: PageRequest,
    price_list_id: PriceListId,
    sku: Annotated[Sku | None, Query(description="only of this article")] = None,
) -> Page[Price]:
    """List what the list asks now."""
    price_list = await service.find(session, caller.tenant, price_list_id)
    rows, following = await page.fetch(session, service.present(price_list, sku), PriceRow.id)
    return Page(items=[_price(row) for row in rows], next=following)


@router.post("/{price_list_id}/price-changes", summary="Change prices of a list", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def change_prices(
    caller: Caller, session: Session, price_list_id: PriceListId, changes: PriceChanges
) -> PriceChangesResult:
    """Take over new prices from now on, all or none; what was asked until now stays in the history."""
    price_list = await service.find(session, caller.tenant, price_list_id)
    return PriceChangesResult(**await service.record(session, price_list, changes.prices))


def _price(row: PriceRow) -> Price:
    tiers = [PriceTier(minimum_quantity=minimum, amount=amount) for minimum, amount in row.tiers]
    return Price(sku=row.sku, tiers=tiers, recorded_at=row.recorded_at)

"""Discounts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Key

from . import service
from .models import DiscountRow
from .schemas import Discount, DiscountDraft, DiscountPatch

router = resource_router("/v1/discounts", tag="discounts")

DiscountId = Annotated[UUID, Path(description="the discount's id")]


@router.get("", summary="List discounts")
@requires("shop:read")
async def list_discounts(
    caller: Caller,
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
) -> Page[Discount]:
    """List the discounts that have not been ended, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller.tenant, key), DiscountRow.id)
    return Page(items=[Discount.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a discount", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def create_discount(caller: Caller, session: Session, draft: DiscountDraft, response: Response) -> Discount:
    """Create a discount. One that may meet another one of its priority on a line is refused."""
    row = await service.create(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/discounts/{row.id}"
    response.headers["ETag"] = etag(row)
    return Discount.model_validate(row)


@router.get("/{discount_id}", summary="Read a discount")
@requires("shop:read")
async def read_discount(caller: Caller, session: Session, discount_id: DiscountId, copy: IfNoneMatch) -> Discount:
    """Read one discount."""
    row = await service.find(session, caller.tenant, discount_id)
    copy.check(row)
    return Discount.model_validate(row)


@router.patch("/{discount_id}", summary="Change a discount", responses={409: {}})
@requires("shop:write")
async def update_discount(
    caller: Caller, session: Session, discount_id: DiscountId, seen: IfMatch, patch: DiscountPatch
) -> Discount:
    """Change its name, its end or its budget; what it does never changes."""
    row = await service.find(session, caller.tenant, discount_id)
    seen.check(row)
    await service.change(session, row, patched(DiscountDraft.model_validate(row), patch))
    seen.changed(row)
    return Discount.model_validate(row)


@router.delete("/{discount_id}", status_code=204, summary="End a discount")
@requires("shop:write")
async def delete_discount(caller: Caller, session: Session, discount_id: DiscountId, seen: IfMatch) -> None:
    """End a discount at once."""
    row = await service.find(session, caller.tenant, discount_id)
    seen.check(row)
    await service.end(session, row)

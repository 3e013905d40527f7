"""Business units over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from ..access.permissions import Permission
from . import service
from .models import UnitRow
from .schemas import BusinessUnit, UnitDraft, UnitMove, UnitPatch, UnitWritable

router = resource_router("/v1/business-units", tag="business units")

UnitId = Annotated[UUID, Path(description="the business unit's id")]


@router.get("", summary="List business units")
@requires("portal:read")
async def list_business_units(
    caller: Caller,
    session: Session,
    page: PageRequest,
    account_id: Annotated[UUID | None, Query(description="only those of this account")] = None,
) -> Page[BusinessUnit]:
    """List the business units that the caller is a member of, and everything below them; oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, account_id), UnitRow.id)
    return Page(items=[BusinessUnit.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a business unit", responses={404: {}, 409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_business_unit(caller: Caller, session: Session, draft: UnitDraft, response: Response) -> BusinessUnit:
    """Create a business unit below another one. Members of the upper one have the same roles in it."""
    row = await service.create(session, caller, draft)
    response.headers["Location"] = f"/v1/business-units/{row.id}"
    response.headers["ETag"] = etag(row)
    return BusinessUnit.model_validate(row)


@router.get("/{unit_id}", summary="Read a business unit")
@requires("portal:read")
async def read_business_unit(caller: Caller, session: Session, unit_id: UnitId, copy: IfNoneMatch) -> BusinessUnit:
    """Read one business unit."""
    row = await service.find(session, caller, unit_id)
    copy.check(row)
    return BusinessUnit.model_validate(row)


@router.patch("/{unit_id}", summary="Change a business unit")
@requires("portal:write")
async def update_business_unit(
    caller: Caller, session: Session, unit_id: UnitId, seen: IfMatch, patch: UnitPatch
) -> BusinessUnit:
    """Change some members and leave the others. A unit stays where it is in the tree until it is moved."""
    row = await service.find(session, caller, unit_id, Permission.MANAGE_UNIT)
    seen.check(row)
    await service.replace(session, row, patched(UnitWritable.model_validate(row), patch))
    seen.changed(row)
    return BusinessUnit.model_validate(row)


@router.post("/{unit_id}/moves", summary="Move a business unit", responses={409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_business_unit_move(
    caller: Caller, session: Session, unit_id: UnitId, seen: IfMatch, wanted: UnitMove
) -> BusinessUnit:
    """Hang a unit somewhere else in its account's tree, with its members, rules, limits and all units below it.

    From now on the roles, approval rules and spending limits above the new place hold here, and those above the old
    place no more. Who moves it manages both places.
    """
    row = await service.find(session, caller, unit_id, Permission.MANAGE_UNIT)
    seen.check(row)
    await service.move(session, caller, row, wanted.parent_id)
    seen.changed(row)
    return BusinessUnit.model_validate(row)


@router.delete("/{unit_id}", status_code=204, summary="Delete a business unit", responses={409: {}})
@requires("portal:write")
async def delete_business_unit(caller: Caller, session: Session, unit_id: UnitId, seen: IfMatch) -> None:
    """Delete a business unit that nothing belongs to any more."""
    row = await service.find(session, caller, unit_id, Permission.MANAGE_UNIT)
    seen.check(row)
    await service.remove(session, row)

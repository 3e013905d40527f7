"""Addresses over HTTP."""

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
from .models import AddressRow
from .schemas import Address, AddressDraft, AddressPatch, AddressWritable

router = resource_router("/v1/addresses", tag="addresses")

AddressId = Annotated[UUID, Path(description="the address's id")]


@router.get("", summary="List addresses")
@requires("portal:read")
async def list_addresses(
    caller: Caller,
    session: Session,
    page: PageRequest,
    unit_id: Annotated[UUID | None, Query(description="only those of this unit")] = None,
) -> Page[Address]:
    """List the addresses of the caller's business units, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, unit_id), AddressRow.id)
    return Page(items=[Address.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Add an address", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_address(caller: Caller, session: Session, draft: AddressDraft, response: Response) -> Address:
    """Add an address to a business unit."""
    row = await service.create(session, caller, draft)
    response.headers["Location"] = f"/v1/addresses/{row.id}"
    response.headers["ETag"] = etag(row)
    return Address.model_validate(row)


@router.get("/{address_id}", summary="Read an address")
@requires("portal:read")
async def read_address(caller: Caller, session: Session, address_id: AddressId, copy: IfNoneMatch) -> Address:
    """Read one address."""
    row = await service.find(session, caller, address_id)
    copy.check(row)
    return Address.model_validate(row)


@router.patch("/{address_id}", summary="Change an address")
@requires("portal:write")
async def update_address(
    caller: Caller, session: Session, address_id: AddressId, seen: IfMatch, patch: AddressPatch
) -> Address:
    """Change some members and leave the others."""
    row = await service.find(session, caller, address_id, Permission.MANAGE_ADDRESSES)
    seen.check(row)
    await service.replace(session, row, patched(AddressWritable.model_validate(row), patch))
    seen.changed(row)
    return Address.model_validate(row)


@router.delete("/{address_id}", status_code=204, summary="Delete an address")
@requires("portal:write")
async def delete_address(caller: Caller, session: Session, address_id: AddressId, seen: IfMatch) -> None:
    """Delete an address; orders that went there keep their own copy."""
    row = await service.find(session, caller, address_id, Permission.MANAGE_ADDRESSES)
    seen.check(row)
    await service.remove(session, row)

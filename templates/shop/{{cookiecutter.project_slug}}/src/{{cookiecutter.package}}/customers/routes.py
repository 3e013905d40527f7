"""Customers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from . import service
from .models import CustomerRow
from .schemas import Customer, CustomerDraft, CustomerPatch, Reference

router = resource_router("/v1/customers", tag="customers")

CustomerId = Annotated[UUID, Path(description="the customer's id")]


@router.get("", summary="List customers")
@requires("shop:read")
async def list_customers(
    caller: Caller,
    session: Session,
    page: PageRequest,
    reference: Annotated[Reference | None, Query(description="only the one with this reference")] = None,
) -> Page[Customer]:
    """List customers, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller.tenant, reference), CustomerRow.id)
    return Page(items=[Customer.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a customer", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def create_customer(caller: Caller, session: Session, draft: CustomerDraft, response: Response) -> Customer:
    """Create a customer; its reference must be new."""
    row = await service.create(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/customers/{row.id}"
    response.headers["ETag"] = etag(row)
    return Customer.model_validate(row)


@router.get("/{customer_id}", summary="Read a customer")
@requires("shop:read")
async def read_customer(caller: Caller, session: Session, customer_id: CustomerId, copy: IfNoneMatch) -> Customer:
    """Read one customer."""
    row = await service.find(session, caller.tenant, customer_id)
    copy.check(row)
    return Customer.model_validate(row)


@router.patch("/{customer_id}", summary="Change a customer")
@requires("shop:write")
async def update_customer(
    caller: Caller, session: Session, customer_id: CustomerId, seen: IfMatch, patch: CustomerPatch
) -> Customer:
    """Put a customer into another group, or say whether its orders have to be approved."""
    row = await service.find(session, caller.tenant, customer_id)
    seen.check(row)
    draft = patched(CustomerDraft.model_validate(row), patch)
    row.customer_group, row.needs_approval = draft.customer_group, draft.needs_approval
    await session.flush()
    seen.changed(row)
    return Customer.model_validate(row)


@router.delete("/{customer_id}", status_code=204, summary="Delete a customer")
@requires("shop:write")
async def delete_customer(caller: Caller, session: Session, customer_id: CustomerId, seen: IfMatch) -> None:
    """Forget a customer; the account gets everybody's prices again."""
    row = await service.find(session, caller.tenant, customer_id)
    seen.check(row)
    await session.delete(row)
    await session.flush()

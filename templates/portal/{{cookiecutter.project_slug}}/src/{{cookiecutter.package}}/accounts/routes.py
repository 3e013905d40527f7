"""Accounts over HTTP, for customers and for those who look after them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from . import service
from .models import AccountRow
from .schemas import (
    Account,
    AccountDraft,
    AccountPatch,
    AccountStatus,
    AccountStatusPatch,
    AccountWritable,
    OpenedAccount,
)

router = resource_router("/v1/accounts", tag="accounts")
staff = resource_router("/v1/staff/accounts", tag="staff")

AccountId = Annotated[UUID, Path(description="the account's id")]


@router.get("", summary="List accounts")
@requires("portal:read")
async def list_accounts(caller: Caller, session: Session, page: PageRequest) -> Page[Account]:
    """List the accounts in which the caller is a member, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller), AccountRow.id)
    return Page(items=[Account.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Open an account", responses={409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_account(caller: Caller, session: Session, draft: AccountDraft, response: Response) -> OpenedAccount:
    """Open an account. The caller becomes the admin of its own business unit."""
    row, unit = await service.open_account(session, caller, draft)
    response.headers["Location"] = f"/v1/accounts/{row.id}"
    response.headers["ETag"] = etag(row)
    return OpenedAccount(**Account.model_validate(row).model_dump(), unit_id=unit.id)


@router.get("/{account_id}", summary="Read an account")
@requires("portal:read")
async def read_account(caller: Caller, session: Session, account_id: AccountId, copy: IfNoneMatch) -> Account:
    """Read one account."""
    row = await service.find(session, caller, account_id)
    copy.check(row)
    return Account.model_validate(row)


@router.patch("/{account_id}", summary="Change an account")
@requires("portal:write")
async def update_account(
    caller: Caller, session: Session, account_id: AccountId, seen: IfMatch, patch: AccountPatch
) -> Account:
    """Change some members and leave the others; for admins of the account's own unit."""
    row = await service.find(session, caller, account_id, to_change=True)
    seen.check(row)
    await service.replace(session, row, patched(AccountWritable.model_validate(row), patch))
    seen.changed(row)
    return Account.model_validate(row)


@staff.get("", summary="List all accounts")
@requires("portal:staff")
async def list_staff_accounts(caller: Caller, session: Session, page: PageRequest) -> Page[Account]:
    """List every account of the caller's house, oldest first."""
    rows, following = await page.fetch(session, service.of_tenant(caller), AccountRow.id)
    return Page(items=[Account.model_validate(row) for row in rows], next=following)


@staff.get("/{account_id}", summary="Read any account")
@requires("portal:staff")
async def read_staff_account(caller: Caller, session: Session, account_id: AccountId, copy: IfNoneMatch) -> Account:
    """Read an account of a customer of the caller's house."""
    row = await service.find_of_tenant(session, caller, account_id)
    copy.check(row)
    return Account.model_validate(row)


@staff.patch("/{account_id}", summary="Number, block or close an account")
@requires("portal:staff")
async def update_account_status(
    caller: Caller, session: Session, account_id: AccountId, seen: IfMatch, patch: AccountStatusPatch
) -> Account:
    """Set what the company decides: the customer number, and whether the account is active."""
    row = await service.find_of_tenant(session, caller, account_id)
    seen.check(row)
    await service.replace(session, row, patched(AccountStatus.model_validate(row), patch))
    seen.changed(row)
    return Account.model_validate(row)

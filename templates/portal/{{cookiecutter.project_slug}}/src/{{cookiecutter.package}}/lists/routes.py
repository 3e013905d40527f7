"""Shopping lists over HTTP."""

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
from .models import ShoppingListRow
from .schemas import ShoppingList, ShoppingListDraft, ShoppingListPatch

router = resource_router("/v1/shopping-lists", tag="shopping lists")

ListId = Annotated[UUID, Path(description="the list's id")]


@router.get("", summary="List shopping lists")
@requires("portal:read")
async def list_shopping_lists(
    caller: Caller,
    session: Session,
    page: PageRequest,
    shared: Annotated[bool | None, Query(description="only shared lists, or only the others")] = None,
) -> Page[ShoppingList]:
    """List the caller's lists and those that are shared with it, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, shared=shared), ShoppingListRow.id)
    return Page(items=[ShoppingList.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a shopping list", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_shopping_list(
    caller: Caller, session: Session, draft: ShoppingListDraft, response: Response
) -> ShoppingList:
    """Create a list of the caller."""
    row = await service.create(session, caller, draft)
    response.headers["Location"] = f"/v1/shopping-lists/{row.id}"
    response.headers["ETag"] = etag(row)
    return ShoppingList.model_validate(row)


@router.get("/{list_id}", summary="Read a shopping list")
@requires("portal:read")
async def read_shopping_list(caller: Caller, session: Session, list_id: ListId, copy: IfNoneMatch) -> ShoppingList:
    """Read one list."""
    row = await service.find(session, caller, list_id)
    copy.check(row)
    return ShoppingList.model_validate(row)


@router.patch("/{list_id}", summary="Change a shopping list")
@requires("portal:write")
async def update_shopping_list(
    caller: Caller, session: Session, list_id: ListId, seen: IfMatch, patch: ShoppingListPatch
) -> ShoppingList:
    """Change some members and leave the others."""
    row = await service.find(session, caller, list_id, Permission.EDIT_LISTS)
    seen.check(row)
    await service.replace(session, caller, row, patched(ShoppingListDraft.model_validate(row), patch))
    seen.changed(row)
    return ShoppingList.model_validate(row)


@router.delete("/{list_id}", status_code=204, summary="Delete a shopping list")
@requires("portal:write")
async def delete_shopping_list(caller: Caller, session: Session, list_id: ListId, seen: IfMatch) -> None:
    """Delete a list for good."""
    row = await service.find(session, caller, list_id, Permission.EDIT_LISTS)
    seen.check(row)
    await service.remove(session, row)

"""Categories over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Key

from . import service
from .models import CategoryRow
from .schemas import Category, CategoryDraft, CategoryPatch

router = resource_router("/v1/categories", tag="categories")

CategoryId = Annotated[UUID, Path(description="the category's id")]


@router.get("", summary="List categories")
@requires("catalog:read")
async def list_categories(
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
    parent: Annotated[Key | None, Query(description="only those directly below this one")] = None,
) -> Page[Category]:
    """List categories, oldest first."""
    rows, following = await page.fetch(session, service.listed(key, parent), CategoryRow.id)
    return Page(items=[Category.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a category", responses={409: {}})
@idempotent(required=False)
@requires("catalog:write")
async def create_category(session: Session, draft: CategoryDraft, response: Response) -> Category:
    """Create a category; its key must be new."""
    row = await service.create(session, draft)
    response.headers["Location"] = f"/v1/categories/{row.id}"
    response.headers["ETag"] = etag(row)
    return Category.model_validate(row)


@router.get("/{category_id}", summary="Read a category")
@requires("catalog:read")
async def read_category(session: Session, category_id: CategoryId, copy: IfNoneMatch) -> Category:
    """Read one category."""
    row = await service.find(session, category_id)
    copy.check(row)
    return Category.model_validate(row)


@router.put("/{category_id}", summary="Replace a category", responses={409: {}})
@requires("catalog:write")
async def replace_category(session: Session, category_id: CategoryId, seen: IfMatch, draft: CategoryDraft) -> Category:
    """Replace a category. Another parent moves it with everything below; a circle is refused."""
    row = await service.find(session, category_id)
    seen.check(row)
    await service.replace(session, row, draft)
    seen.changed(row)
    return Category.model_validate(row)


@router.patch("/{category_id}", summary="Change a category", responses={409: {}})
@requires("catalog:write")
async def update_category(session: Session, category_id: CategoryId, seen: IfMatch, patch: CategoryPatch) -> Category:
    """Change some members and leave the others."""
    row = await service.find(session, category_id)
    seen.check(row)
    await service.replace(session, row, patched(CategoryDraft.model_validate(row), patch))
    seen.changed(row)
    return Category.model_validate(row)


@router.delete("/{category_id}", status_code=204, summary="Delete a category", responses={409: {}})
@requires("catalog:write")
async def delete_category(
    session: Session,
    category_id: CategoryId,
    seen: IfMatch,
    subtree: Annotated[bool, Query(description="delete everything below it, too")] = False,
) -> None:
    """Delete a category that no product is in."""
    row = await service.find(session, category_id)
    seen.check(row)
    await service.remove(session, row, subtree=subtree)

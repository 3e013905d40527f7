"""Assortments over HTTP."""

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
from .models import AssortmentRow
from .schemas import Assortment, AssortmentDraft, AssortmentPatch

router = resource_router("/v1/assortments", tag="assortments")

AssortmentId = Annotated[UUID, Path(description="the assortment's id")]


@router.get("", summary="List assortments")
@requires("catalog:read")
async def list_assortments(
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
) -> Page[Assortment]:
    """List assortments, oldest first."""
    rows, following = await page.fetch(session, service.listed(key), AssortmentRow.id)
    return Page(items=[Assortment.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create an assortment", responses={409: {}})
@idempotent(required=False)
@requires("catalog:write")
async def create_assortment(session: Session, draft: AssortmentDraft, response: Response) -> Assortment:
    """Create an assortment; its key must be new."""
    row = await service.create(session, draft)
    response.headers["Location"] = f"/v1/assortments/{row.id}"
    response.headers["ETag"] = etag(row)
    return Assortment.model_validate(row)


@router.get("/{assortment_id}", summary="Read an assortment")
@requires("catalog:read")
async def read_assortment(session: Session, assortment_id: AssortmentId, copy: IfNoneMatch) -> Assortment:
    """Read one assortment."""
    row = await service.find(session, assortment_id)
    copy.check(row)
    return Assortment.model_validate(row)


@router.put("/{assortment_id}", summary="Replace an assortment", responses={409: {}})
@requires("catalog:write")
async def replace_assortment(
    session: Session, assortment_id: AssortmentId, seen: IfMatch, draft: AssortmentDraft
) -> Assortment:
    """Replace an assortment."""
    row = await service.find(session, assortment_id)
    seen.check(row)
    await service.replace(session, row, draft)
    seen.changed(row)
    return Assortment.model_validate(row)


@router.patch("/{assortment_id}", summary="Change an assortment", responses={409: {}})
@requires("catalog:write")
async def update_assortment(
    session: Session, assortment_id: AssortmentId, seen: IfMatch, patch: AssortmentPatch
) -> Assortment:
    """Change some members and leave the others."""
    row = await service.find(session, assortment_id)
    seen.check(row)
    await service.replace(session, row, patched(AssortmentDraft.model_validate(row), patch))
    seen.changed(row)
    return Assortment.model_validate(row)


@router.delete("/{assortment_id}", status_code=204, summary="Delete an assortment", responses={409: {}})
@requires("catalog:write")
async def delete_assortment(session: Session, assortment_id: AssortmentId, seen: IfMatch) -> None:
    """Delete an assortment; what only it offered is gone from its channels."""
    row = await service.find(session, assortment_id)
    seen.check(row)
    await service.remove(session, row)

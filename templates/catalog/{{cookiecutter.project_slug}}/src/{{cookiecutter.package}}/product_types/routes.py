"""Product types over HTTP."""

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
from .models import ProductTypeRow
from .schemas import ProductType, ProductTypeDraft, ProductTypePatch

router = resource_router("/v1/product-types", tag="product types")

ProductTypeId = Annotated[UUID, Path(description="the product type's id")]


@router.get("", summary="List product types")
@requires("catalog:read")
async def list_product_types(
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
) -> Page[ProductType]:
    """List product types, oldest first."""
    rows, following = await page.fetch(session, service.listed(key), ProductTypeRow.id)
    return Page(items=[ProductType.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a product type", responses={409: {}})
@idempotent(required=False)
@requires("catalog:write")
async def create_product_type(session: Session, draft: ProductTypeDraft, response: Response) -> ProductType:
    """Create a product type; its key must be new."""
    row = await service.create(session, draft)
    response.headers["Location"] = f"/v1/product-types/{row.id}"
    response.headers["ETag"] = etag(row)
    return ProductType.model_validate(row)


@router.get("/{product_type_id}", summary="Read a product type")
@requires("catalog:read")
async def read_product_type(session: Session, product_type_id: ProductTypeId, copy: IfNoneMatch) -> ProductType:
    """Read one product type."""
    row = await service.find(session, product_type_id)
    copy.check(row)
    return ProductType.model_validate(row)


@router.put("/{product_type_id}", summary="Replace a product type", responses={409: {}})
@requires("catalog:write")
async def replace_product_type(
    session: Session, product_type_id: ProductTypeId, seen: IfMatch, draft: ProductTypeDraft
) -> ProductType:
    """Replace a product type. A change that existing products do not fit is refused, naming them."""
    row = await service.find(session, product_type_id)
    seen.check(row)
    await service.replace(session, row, draft)
    seen.changed(row)
    return ProductType.model_validate(row)


@router.patch("/{product_type_id}", summary="Change a product type", responses={409: {}})
@requires("catalog:write")
async def update_product_type(
    session: Session, product_type_id: ProductTypeId, seen: IfMatch, patch: ProductTypePatch
) -> ProductType:
    """Change some members and leave the others. A change that existing products do not fit is refused, naming them."""
    row = await service.find(session, product_type_id)
    seen.check(row)
    await service.replace(session, row, patched(ProductTypeDraft.model_validate(row), patch))
    seen.changed(row)
    return ProductType.model_validate(row)


@router.delete("/{product_type_id}", status_code=204, summary="Delete a product type", responses={409: {}})
@requires("catalog:write")
async def delete_product_type(session: Session, product_type_id: ProductTypeId, seen: IfMatch) -> None:
    """Delete a product type that no product has."""
    row = await service.find(session, product_type_id)
    seen.check(row)
    await service.remove(session, row)

"""Products over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.patterns import worded
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Key, Sku

from . import service
from .models import ProductRow
from .schemas import Product, ProductDraft, ProductPatch, ProductState

router = resource_router("/v1/products", tag="products")

ProductId = Annotated[UUID, Path(description="the product's id")]


@router.get("", summary="List products")
@requires("catalog:read")
async def list_products(
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
    sku: Annotated[Sku | None, Query(description="only the one with this variant")] = None,
    reference: Annotated[
        str | None,
        Query(
            pattern=worded(r"^[a-z][a-z0-9_]*:.+$", "takes a system, a colon and its identifier, such as `erp:4711`"),
            max_length=260,
            description="only what `system:id` names",
        ),
    ] = None,
    category: Annotated[Key | None, Query(description="only those in this category or below")] = None,
    product_type: Annotated[Key | None, Query(description="only those of this type")] = None,
    state: Annotated[ProductState | None, Query(description="only those in this state")] = None,
) -> Page[Product]:
    """List products, oldest first."""
    system, _, named = (reference or "").partition(":")
    wanted = service.ProductFilter(
        key=key,
        sku=sku,
        reference=(system, named) if reference else None,
        category=category,
        product_type=product_type,
        state=state,
    )
    rows, following = await page.fetch(session, service.listed(wanted), ProductRow.id)
    return Page(items=[service.shown(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a product", responses={409: {}})
@idempotent(required=False)
@requires("catalog:write")
async def create_product(session: Session, draft: ProductDraft, response: Response) -> Product:
    """Create a product; its key must be new."""
    row = await service.create(session, draft)
    response.headers["Location"] = f"/v1/products/{row.id}"
    response.headers["ETag"] = etag(row)
    return service.shown(row)


@router.get("/{product_id}", summary="Read a product")
@requires("catalog:read")
async def read_product(session: Session, product_id: ProductId, copy: IfNoneMatch) -> Product:
    """Read one product."""
    row = await service.find(session, product_id)
    copy.check(row)
    return service.shown(row)


@router.put("/{product_id}", summary="Replace a product", responses={409: {}})
@requires("catalog:write")
async def replace_product(session: Session, product_id: ProductId, seen: IfMatch, draft: ProductDraft) -> Product:
    """Replace a product."""
    row = await service.find(session, product_id)
    seen.check(row)
    await service.replace(session, row, draft)
    seen.changed(row)
    return service.shown(row)


@router.patch("/{product_id}", summary="Change a product", responses={409: {}})
@requires("catalog:write")
async def update_product(session: Session, product_id: ProductId, seen: IfMatch, patch: ProductPatch) -> Product:
    """Change some members and leave the others."""
    row = await service.find(session, product_id)
    seen.check(row)
    await service.replace(session, row, patched(service.draft_of(row), patch))
    seen.changed(row)
    return service.shown(row)


@router.delete("/{product_id}", status_code=204, summary="Delete a product", responses={409: {}})
@requires("catalog:write")
async def delete_product(session: Session, product_id: ProductId, seen: IfMatch) -> None:
    """Delete a product that is not published."""
    row = await service.find(session, product_id)
    seen.check(row)
    await service.remove(session, row)

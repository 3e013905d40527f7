"""Publications over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from ..products import service as products
from . import service
from .models import PublicationRow
from .schemas import Publication, PublicationDraft

router = resource_router("/v1/products/{product_id}/publications", tag="publications")

ProductId = Annotated[UUID, Path(description="the product's id")]
PublicationId = Annotated[UUID, Path(description="the publication's id")]


@router.get("", summary="List a product's publications")
@requires("catalog:read")
async def list_publications(session: Session, page: PageRequest, product_id: ProductId) -> Page[Publication]:
    """List what was published of a product, oldest first; also what is over."""
    await products.find(session, product_id)
    rows, following = await page.fetch(session, service.listed(product_id), PublicationRow.id)
    return Page(items=[Publication.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Publish a product", responses={409: {}})
@idempotent(required=False)
@requires("catalog:write")
async def publish_product(
    session: Session, product_id: ProductId, draft: PublicationDraft, response: Response
) -> Publication:
    """Check the whole product and freeze it as it stands, for its channels, from now or from a later moment on.

    It takes the place of what was published for those channels before. Whether a channel sees it is decided by its
    assortments.
    """
    product = await products.find(session, product_id)
    row = await service.publish(session, product, draft)
    response.headers["Location"] = f"/v1/products/{product_id}/publications/{row.id}"
    response.headers["ETag"] = etag(row)
    return Publication.model_validate(row)


@router.get("/{publication_id}", summary="Read a publication")
@requires("catalog:read")
async def read_publication(
    session: Session, product_id: ProductId, publication_id: PublicationId, copy: IfNoneMatch
) -> Publication:
    """Read one publication."""
    row = await service.find(session, product_id, publication_id)
    copy.check(row)
    return Publication.model_validate(row)


@router.delete("/{publication_id}", status_code=204, summary="Withdraw a publication", responses={409: {}})
@requires("catalog:write")
async def withdraw_publication(
    session: Session, product_id: ProductId, publication_id: PublicationId, seen: IfMatch
) -> None:
    """Take a publication back: touchpoints do not see it any more. The record of it stays.

    What it had replaced does not come back; what it was about to replace stays.
    """
    product = await products.find(session, product_id)
    row = await service.find(session, product_id, publication_id)
    seen.check(row)
    await service.withdraw(session, product, row)

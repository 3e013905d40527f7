"""Documents over HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from chassis.auth import Caller
from chassis.clients import calling
from chassis.database import Session, now
from chassis.operation import idempotent, public, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.problems import Problem

from ..orders.models import DocumentRow
from ..settings import PortalSettings
from . import service
from .links import DocumentLinks
from .schemas import Document, DocumentLink

router = resource_router("/v1/documents", tag="documents")
contents = resource_router("/v1/document-contents", tag="documents")

DocumentId = Annotated[UUID, Path(description="the document's id")]
LinkToken = Annotated[str, Path(min_length=1, max_length=300, description="what a link ends with")]


@router.get("", summary="List documents")
@requires("portal:read")
async def list_documents(
    caller: Caller,
    session: Session,
    page: PageRequest,
    order_id: Annotated[UUID | None, Query(description="only those of this order")] = None,
) -> Page[Document]:
    """List the caller's documents, or everyone's where its roles show them; oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, order_id), DocumentRow.id)
    return Page(items=[Document.model_validate(row) for row in rows], next=following)


@router.get("/{document_id}", summary="Read about a document")
@requires("portal:read")
async def read_document(caller: Caller, session: Session, document_id: DocumentId) -> Document:
    """Read what a document is."""
    return Document.model_validate(await service.find(session, caller, document_id))


@router.post("/{document_id}/links", status_code=201, summary="Ask for a link to a document")
@idempotent(required=False)
@requires("portal:write")
async def create_document_link(
    request: Request, caller: Caller, session: Session, document_id: DocumentId, response: Response
) -> DocumentLink:
    """Make a link that opens the document for a short while, also where no token can be sent along."""
    row = await service.find(session, caller, document_id)
    settings: PortalSettings = request.app.state.settings
    links: DocumentLinks = request.app.state.document_links
    until = now().replace(microsecond=0) + timedelta(seconds=settings.document_link_seconds)
    href = f"/v1/document-contents/{links.make(row.tenant, row.id, until=until)}"
    response.headers["Location"] = href
    return DocumentLink(href=href, expires_at=until)


@contents.get(
    "/{link_token}",
    summary="Read a document",
    response_class=Response,
    responses={200: {"content": {"*/*": {"schema": {"type": "string", "contentMediaType": "*/*"}}}}},
)
@public
async def read_document_content(request: Request, session: Session, link_token: LinkToken) -> Response:
    """Read a document by a link, which is all it takes; it is good for a short while."""
    links: DocumentLinks = request.app.state.document_links
    row = await service.linked(session, links.read(link_token, at=now()))
    store: httpx.AsyncClient | None = request.app.state.document_store
    if store is None:
        raise Problem(503, "document-store-unavailable", "No document store is configured.")
    with calling("The document store"):
        found = await store.send(store.build_request("GET", row.location), stream=True)
        if found.status_code != 200:
            await found.aclose()
            found.raise_for_status()
            raise Problem(503, "document-store-unavailable", "The document store does not hand it out.")
    return StreamingResponse(
        _content(found, wanted=request.method != "HEAD"),
        media_type=row.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name)}",
            "Content-Security-Policy": "sandbox",
            "Referrer-Policy": "no-referrer",
        },
    )


async def _content(found: httpx.Response, *, wanted: bool) -> AsyncIterator[bytes]:
    try:
        if wanted:
            async for chunk in found.aiter_bytes(65_536):
                yield chunk
    finally:
        await found.aclose()

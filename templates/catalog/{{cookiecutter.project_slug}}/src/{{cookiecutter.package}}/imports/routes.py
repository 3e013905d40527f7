"""Imports over HTTP."""

import hashlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Path, Query, Request, Response

from chassis import idempotency
from chassis.database import Database, Session
from chassis.operation import idempotent, large_body, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfNoneMatch, etag
from chassis.problems import FieldError, Problem
from chassis.settings import Settings

from . import files, service, spreadsheets
from .models import ImportRow
from .schemas import ImportedLine, Outcome, ProductImport

router = resource_router("/v1/product-imports", tag="imports")

MAX_BYTES = 100 * 1024 * 1024
ImportId = Annotated[UUID, Path(description="the import's id")]

_NDJSON = (
    '{"key": "c40", "product_type": "pump", "name": {"en": "Circulation pump C40"}, "source": {"system": "erp",'
    ' "reference": "4711", "version": 17}, "variants": [{"sku": "C40-230V", "attributes": {"material": "steel"}}]}\n'
)
_CSV = "key,product_type,name.en,sku,attributes.material\nc40,pump,Circulation pump C40,C40-230V,steel\n"
_ROUTE = "POST /v1/product-imports"
_READERS = {"application/x-ndjson": files.lines, "text/csv": spreadsheets.from_csv}
_FILE = {"type": "string", "maxLength": MAX_BYTES}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "A file in UTF-8, at most 100 MB. NDJSON: one `ProductDraft` a line, with `source` (system, reference,"
            " version) if it comes from another system. CSV: a header line, then one variant a line."
        ),
        "content": {
            "application/x-ndjson": {"schema": _FILE, "example": _NDJSON},
            "text/csv": {"schema": _FILE, "example": _CSV},
        },
    }
}


@router.get("", summary="List imports")
@requires("catalog:read")
async def list_product_imports(session: Session, page: PageRequest) -> Page[ProductImport]:
    """List imports, oldest first."""
    rows, following = await page.fetch(session, service.listed(), ImportRow.id)
    return Page(items=[ProductImport.model_validate(row) for row in rows], next=following)


@router.post(
    "",
    status_code=202,
    summary="Import products",
    openapi_extra=_BODY,
    response_model=ProductImport,
    responses={400: {}, 408: {}, 413: {}, 415: {}, 422: {}},
)
@large_body(max_bytes=MAX_BYTES, seconds=service.LONGEST_UPLOAD_SECONDS)
@idempotent(required=False)
@requires("catalog:write")
async def import_products(
    request: Request,
    publish: Annotated[
        bool, Query(description="publish for every channel what the file makes or changes and is fit to be seen")
    ] = False,
) -> Response:
    """Take in a file of products. The answer comes when it has been received; the work is done afterwards.

    Lines stand for themselves: a broken one is rejected and stops no other. A line with the same `source` reference,
    or the same key, is the same product; one that says nothing new changes nothing, and neither does one whose source
    version was taken in before. Neither of them publishes anything: what was withdrawn stays withdrawn. A product may
    refer to one that a later line brings.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    reader = _READERS.get(media_type)
    if reader is None:
        raise Problem(
            415,
            "unsupported-media-type",
            f"This operation takes {' or '.join(_READERS)}.",
            headers={"Accept": ", ".join(_READERS)},
        )
    # A body that is streamed is known when it has been read; what a key is, before.
    claim = partial(idempotency.claim_of, request, caller=request.state.principal.key, route=_ROUTE, required=False)
    claim(body=b"")
    digest, state = hashlib.sha256(), request.app.state
    pieces = files.pieces(reader(_digested(request.stream(), digest)))
    import_id, count = await service.receive(
        state.database, pieces, publish=publish, lines_days=state.settings.import_lines_days
    )
    if not count:
        await _discard(state.database, import_id)
        raise Problem(422, "empty-file", "There is not one line in the file.")
    return await _queued(state.database, import_id, count, claim(body=digest.digest()), state.settings)


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None:
        """Take in what follows."""
        ...


async def _digested(stream: AsyncIterator[bytes], digest: _Digest) -> AsyncIterator[bytes]:
    async for chunk in stream:
        digest.update(chunk)
        yield chunk


async def _queued(
    database: Database, import_id: UUID, pieces: int, claim: idempotency.Claim | None, settings: Settings
) -> Response:
    """Queue what has arrived, unless the same request has queued it already; the key commits with its effect.

    :raises Problem: 409 while the same request is being answered, 422 when its key was used for another file.
    """
    try:
        async with database.transaction() as session:
            if claim is not None and (repeated := await idempotency.stored(session, claim)) is not None:
                await service.discard(session, import_id)
                return repeated
            row = await service.queue(session, import_id, pieces)
            headers = {
                "Location": f"/v1/product-imports/{row.id}",
                "ETag": etag(row),
                "Content-Type": "application/json",
            }
            response = Response(ProductImport.model_validate(row).model_dump_json(), 202, headers)
            if claim is not None:
                await idempotency.store(session, claim, response, settings.idempotency_seconds)
    except Problem:
        await _discard(database, import_id)
        raise
    return response


async def _discard(database: Database, import_id: UUID) -> None:
    async with database.transaction() as session:
        await service.discard(session, import_id)


@router.get("/{import_id}", summary="Read an import")
@requires("catalog:read")
async def read_product_import(session: Session, import_id: ImportId, copy: IfNoneMatch) -> ProductImport:
    """Read how far an import is."""
    row = await service.find(session, import_id)
    copy.check(row)
    return ProductImport.model_validate(row)


@router.get("/{import_id}/lines", summary="List an import's lines")
@requires("catalog:read")
async def list_import_lines(
    session: Session,
    page: PageRequest,
    import_id: ImportId,
    outcome: Annotated[Outcome | None, Query(description="only lines with this outcome")] = None,
) -> Page[ImportedLine]:
    """List what became of the lines, in their order. It is kept until the import's `lines_kept_until`."""
    await service.find(session, import_id)
    after = int(page.position) if page.position else 0
    rows = await service.lines_of(session, import_id, outcome, after, page.limit + 1)
    following = page.cursor(b"%d" % rows[page.limit - 1].line) if len(rows) > page.limit else None
    items = [
        ImportedLine(
            line=row.line,
            outcome=Outcome(row.outcome),
            key=row.key,
            reasons=[FieldError.model_validate(reason) for reason in row.reasons],
        )
        for row in rows[: page.limit]
    ]
    return Page(items=items, next=following)

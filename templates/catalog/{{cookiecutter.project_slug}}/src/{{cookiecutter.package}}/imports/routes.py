"""Imports over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response

from chassis.database import Session
from chassis.operation import large_body, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfNoneMatch
from chassis.problems import FieldError, Problem

from . import files, service
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
    responses={400: {}, 413: {}, 415: {}, 422: {}},
)
@large_body(max_bytes=MAX_BYTES, seconds=service.LONGEST_UPLOAD_SECONDS)
@requires("catalog:write")
async def import_products(
    request: Request,
    response: Response,
    publish: Annotated[bool, Query(description="publish for every channel what is fit to be seen")] = False,
) -> ProductImport:
    """Take in a file of products. The answer comes when it has been received; the work is done afterwards.

    Lines stand for themselves: a broken one is rejected and stops no other. A line with the same `source` reference,
    or the same key, is the same product; one that says nothing new changes nothing, and neither does one whose source
    version was taken in before. A product may refer to one that a later line brings.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    reader = files.READERS.get(media_type)
    if reader is None:
        raise Problem(
            415,
            "unsupported-media-type",
            f"This operation takes {' or '.join(files.READERS)}.",
            headers={"Accept": ", ".join(files.READERS)},
        )
    pieces = files.pieces(reader(files.lines(request.stream())))
    state = request.app.state
    row = await service.receive(state.database, pieces, publish=publish, lines_days=state.settings.import_lines_days)
    response.headers["Location"] = f"/v1/product-imports/{row.id}"
    return ProductImport.model_validate(row)


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

"""Publishing what an import has written, where that was asked for."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import one_of
from chassis.database import now
from chassis.problems import FieldError, Problem

from ..product_types.definitions import Definitions
from ..products import service as products
from ..products.models import ProductRow
from ..publications import service as publications
from .entries import Verdict

_PUBLISHED_AT_ONCE = 200


async def publish(session: AsyncSession, verdicts: Iterable[Verdict]) -> None:
    """Publish for every channel what was written and is fit to be seen; note at the line why something is not."""
    by_id = {each.product_id: each for each in verdicts if each.product_id is not None}
    if not by_id:
        return
    try:
        targets = await publications.targets_of(session, None)
    except Problem as problem:  # there is no channel
        for verdict in by_id.values():
            verdict.reasons.append(FieldError(pointer="", detail=f"not published: {problem.detail}"))
        return
    definitions: dict[str, Definitions] = {}
    ids = sorted(by_id)
    for start in range(0, len(ids), _PUBLISHED_AT_ONCE):
        query = select(ProductRow).where(one_of(session, ProductRow.id, ids[start : start + _PUBLISHED_AT_ONCE]))
        items = []
        for row in await session.scalars(query.order_by(ProductRow.id).execution_options(populate_existing=True)):
            if row.product_type not in definitions:
                found = await products.definitions_of(session, row.product_type)
                definitions[row.product_type] = Definitions(found)
            item = publications.Item(row=row, draft=products.draft_of(row), definitions=definitions[row.product_type])
            if reasons := publications.unfit(item, targets):
                by_id[row.id].reasons += reasons
            else:
                items.append(item)
        if items:
            await publications.freeze(session, items, targets, now(), None)

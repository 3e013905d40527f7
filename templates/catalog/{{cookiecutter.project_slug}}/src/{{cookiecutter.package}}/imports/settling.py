"""The end of an import: references that wait for later lines are settled, and then it is closed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import insert_rows, one_of
from chassis.problems import FieldError

from ..product_types.definitions import Definitions
from ..products import service as products
from ..products.models import ProductRow
from ..products.schemas import ProductDraft
from . import failures
from .batch import take_in
from .entries import Verdict, leave_out, read
from .models import ImportLine, ImportRow, PendingReference
from .publishing import publish

_SETTLED_AT_ONCE = 200


async def note_pending(session: AsyncSession, job: ImportRow, verdicts: Iterable[Verdict]) -> None:
    """Remember which lines refer to products that are not there yet."""
    pending = [
        {"import_id": job.id, "line": each.line, "target": target, "product": each.key, "said": each.said}
        for each in verdicts
        for target in each.pending
    ]
    await insert_rows(session, PendingReference, pending)


async def finish(session: AsyncSession, job: ImportRow) -> None:
    """Settle references to what later lines brought, or none, and close the import; so many in one turn."""
    there = select(ProductRow.key).where(ProductRow.key == PendingReference.target).exists()
    waiting = select(PendingReference).where(PendingReference.import_id == job.id)
    waiting = waiting.order_by(PendingReference.line, PendingReference.target).limit(_SETTLED_AT_ONCE)
    if come := list(await session.scalars(waiting.where(PendingReference.said.is_not(None), there))):
        await _read_again(session, job, come)
    elif dangling := list(await session.scalars(waiting.where(~there))):
        await _leave_out(session, job, dangling)
    else:
        await session.execute(delete(PendingReference).where(PendingReference.import_id == job.id))
        await failures.close(session, job)


async def _read_again(session: AsyncSession, job: ImportRow, come: Sequence[PendingReference]) -> None:
    """Take in the lines that waited for products which a later line has brought."""
    said = {each.line: each.said for each in come if each.said is not None}
    verdicts = await take_in(session, [read(line, text, {}) for line, text in said.items()], {})
    if job.publish:
        await publish(session, verdicts)
    for each in verdicts:
        row = await session.get_one(ImportLine, (job.id, each.line))
        row.outcome, row.reasons = each.outcome, [one.model_dump(exclude_none=True) for one in each.reasons]
        job.unchanged -= 1
        setattr(job, each.outcome, getattr(job, each.outcome) + 1)
    done = (PendingReference.import_id == job.id, one_of(session, PendingReference.line, said))
    await session.execute(delete(PendingReference).where(*done))
    await note_pending(session, job, verdicts)


async def _leave_out(session: AsyncSession, job: ImportRow, dangling: Sequence[PendingReference]) -> None:
    """Drop references that no line brought, and say so at their lines."""
    lines: dict[int, list[PendingReference]] = {}
    for each in dangling:
        lines.setdefault(each.line, []).append(each)
    for line, found in lines.items():
        targets = [each.target for each in found]
        if found[0].said is None:  # else they were never written
            await _drop(session, found[0].product, set(targets))
        reason = FieldError(pointer="", detail=f"left out, because they are not there: {', '.join(targets)}")
        row = await session.get_one(ImportLine, (job.id, line))
        row.reasons = [*row.reasons, reason.model_dump(exclude_none=True)]
        done = (PendingReference.import_id == job.id, PendingReference.line == line)
        await session.execute(delete(PendingReference).where(*done, PendingReference.target.in_(targets)))


async def _drop(session: AsyncSession, key: str, targets: set[str]) -> None:
    row = await session.scalar(select(ProductRow).where(ProductRow.key == key).with_for_update(key_share=True))
    if row is not None:
        definitions = Definitions.of(await products.definitions_of(session, row.product_type))
        document = leave_out(products.draft_of(row).model_dump(mode="json"), definitions, targets)
        # Nothing is claimed by leaving something out, so nothing can be in its way.
        await products.save(session, row, ProductDraft.model_validate(document), definitions)

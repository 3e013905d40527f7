"""Taking in many lines at once: a few statements for all of them, and a verdict for each.

Everything that can be known is checked before anything is written, so that a broken line costs the others nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import bindparam, delete, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now
from chassis.identifiers import uuid7
from chassis.json_body import JsonLimits, parse
from chassis.problems import FieldError, Problem, invalid

from ..categories.models import CategoryRow
from ..product_types.models import ProductTypeRow
from ..product_types.schemas import AttributeDefinition, ProductTypeDraft
from ..products import events as product_events
from ..products import rules
from ..products.holdings import Holder, store
from ..products.models import ProductClaim, ProductRow
from ..products.schemas import ProductDraft, ProductState
from ..vocabulary.rows import insert_rows
from .files import Line
from .models import SourceVersion
from .schemas import ImportedProduct, Outcome, Source

_LIMITS = JsonLimits(depth=16, string=20_000, items=5_000)


@dataclass(kw_only=True)
class Verdict:
    """What becomes of one line. ``product_id`` is set where the product was written."""

    line: int
    outcome: Outcome
    key: str | None = None
    reasons: list[FieldError] = field(default_factory=list)
    product_id: UUID | None = None
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line that could be read."""

    line: int
    draft: ProductDraft
    document: dict[str, Any]
    source: Source | None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the database knows about a group of lines."""

    products: Mapping[str, ProductRow]
    sources: Mapping[tuple[str, str], SourceVersion]
    types: Mapping[str, Sequence[AttributeDefinition]]
    categories: frozenset[str]
    holders: Mapping[tuple[str, str], UUID]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A product that is to be written."""

    entry: Entry
    row: ProductRow | None
    id: UUID
    claims: Sequence[rules.Claim]


async def take_in(session: AsyncSession, lines: Iterable[Line]) -> list[Verdict]:
    """Take in some lines.

    :returns: a verdict for each of them, in their order.
    """
    verdicts: list[Verdict] = []
    group: dict[str, Entry] = {}
    for number, text in lines:
        read = _read(number, text)
        if isinstance(read, Verdict):
            verdicts.append(read)
            continue
        if read.draft.key in group:  # the same product again: what the first line wrote must be there
            verdicts += await _take_in_group(session, list(group.values()))
            group = {}
        group[read.draft.key] = read
    if group:
        verdicts += await _take_in_group(session, list(group.values()))
    return sorted(verdicts, key=lambda verdict: verdict.line)


def _read(number: int, text: bytes) -> Entry | Verdict:
    try:
        found = ImportedProduct.model_validate(parse(text, _LIMITS))
    except Problem as problem:
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=[_reason("", problem.detail)])
    except ValidationError as error:
        reasons = list(invalid(error.errors(), prefix=("body",)).errors)
        return Verdict(line=number, outcome=Outcome.REJECTED, reasons=reasons)
    source = found.source
    draft = ProductDraft.model_construct(**{name: getattr(found, name) for name in ProductDraft.model_fields})
    if source is not None:
        draft.external_references = draft.external_references | {source.system: source.reference}
    return Entry(line=number, draft=draft, document=rules.written(draft), source=source)


def _reason(pointer: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, detail=detail)


async def _take_in_group(session: AsyncSession, entries: Sequence[Entry]) -> list[Verdict]:
    """Take in lines of different products; if somebody else interferes, one by one."""
    try:
        async with session.begin_nested():
            return await _write(session, entries)
    except IntegrityError:
        if len(entries) == 1:
            reasons = [_reason("", "another product just took one of its values")]
            entry = entries[0]
            return [Verdict(line=entry.line, outcome=Outcome.REJECTED, key=entry.draft.key, reasons=reasons)]
    return [verdict for entry in entries for verdict in await _take_in_group(session, [entry])]


async def _write(session: AsyncSession, entries: Sequence[Entry]) -> list[Verdict]:
    known = await _look_up(session, entries)
    verdicts: list[Verdict] = []
    plans: list[Plan] = []
    taken: dict[tuple[str, str], str] = {}
    for entry in entries:
        judged = _judge(entry, known, taken)
        if isinstance(judged, Verdict):
            verdicts.append(judged)
            continue
        taken |= {(claim.namespace, claim.value): entry.draft.key for claim in judged.claims}
        plans.append(judged)
        outcome = Outcome.CREATED if judged.row is None else Outcome.UPDATED
        verdicts.append(Verdict(line=entry.line, outcome=outcome, key=entry.draft.key, product_id=judged.id))
    await _store(session, plans, known.types)
    await _remember_sources(session, entries, verdicts, known)
    await _note_pending(session, plans, known, {each.line: each for each in verdicts})
    return verdicts


def _judge(entry: Entry, known: Known, taken: Mapping[tuple[str, str], str]) -> Verdict | Plan:
    """Decide about one line without asking the database again."""
    draft, source = entry.draft, entry.source
    before = known.sources.get((source.system, source.reference)) if source else None
    row = known.products.get(draft.key)
    if source and source.version is not None and before is not None and before.version >= source.version:
        older = before.version > source.version
        reasons = [_reason("/source/version", f"version {before.version} was taken in before")] if older else []
        return Verdict(line=entry.line, outcome=Outcome.UNCHANGED, key=draft.key, reasons=reasons)
    claims: list[rules.Claim] = []
    reasons = _faults(entry, row, before, known)
    if not reasons:
        claims = list(rules.claims(entry.document, known.types[draft.product_type]))
        for claim in claims:
            value = (claim.namespace, claim.value)
            holder = known.holders.get(value)
            if value in taken or (holder is not None and (row is None or holder != row.id)):
                reasons.append(_reason(claim.pointer, f"{claim.value} belongs to another product"))
    if reasons:
        return Verdict(line=entry.line, outcome=Outcome.REJECTED, key=draft.key, reasons=reasons)
    if row is not None and row.document == entry.document:
        return Verdict(line=entry.line, outcome=Outcome.UNCHANGED, key=draft.key)
    return Plan(entry=entry, row=row, id=row.id if row else uuid7(), claims=claims)


def _faults(entry: Entry, row: ProductRow | None, before: SourceVersion | None, known: Known) -> list[FieldError]:
    draft = entry.draft
    if before is not None and (row is None or row.id != before.product_id):
        return [_reason("/key", "this reference belongs to a product with another key")]
    if draft.product_type not in known.types:
        return [_reason("/product_type", "there is no such product type")]
    if row is not None and row.product_type != draft.product_type:
        return [_reason("/product_type", f"the type of a product never changes; it is {row.product_type}")]
    if row is not None and draft.archived and row.state == ProductState.PUBLISHED:
        return [_reason("/archived", "the product is published; withdraw it first")]
    reasons = rules.misfits(draft, known.types[draft.product_type])
    for pointer, target, key in rules.references(draft, known.types[draft.product_type]):
        if target == "category" and key not in known.categories:
            reasons.append(_reason(pointer, f"there is no category {key}"))
    return reasons


async def _look_up(session: AsyncSession, entries: Sequence[Entry]) -> Known:
    keys = [entry.draft.key for entry in entries]
    locked = select(ProductRow).where(ProductRow.key.in_(keys)).order_by(ProductRow.id)
    locked = locked.with_for_update(key_share=True).execution_options(populate_existing=True)
    products = {row.key: row for row in await session.scalars(locked)}
    types = await _types(session, {entry.draft.product_type for entry in entries})
    references = [(entry.source.system, entry.source.reference) for entry in entries if entry.source]
    sources = {}
    if references:
        query = select(SourceVersion).where(tuple_(SourceVersion.system, SourceVersion.reference).in_(references))
        sources = {(each.system, each.reference): each for each in await session.scalars(query)}
    wanted = {
        key
        for entry in entries
        for _, target, key in rules.references(entry.draft, types.get(entry.draft.product_type, ()))
        if target == "category"
    }
    places = select(CategoryRow.key).where(CategoryRow.key.in_(wanted)).order_by(CategoryRow.id)
    # What is named stays until the end of this transaction.
    categories = await session.scalars(places.with_for_update(read=True, key_share=True)) if wanted else ()
    return Known(
        products=products,
        sources=sources,
        types=types,
        categories=frozenset(categories),
        holders=await _holders(session, entries, types),
    )


async def _types(session: AsyncSession, keys: set[str]) -> dict[str, Sequence[AttributeDefinition]]:
    query = select(ProductTypeRow).where(ProductTypeRow.key.in_(keys)).order_by(ProductTypeRow.id)
    rows = await session.scalars(query.with_for_update(read=True))
    return {row.key: ProductTypeDraft.model_validate(row).attributes for row in rows}


async def _holders(
    session: AsyncSession, entries: Sequence[Entry], types: Mapping[str, Sequence[AttributeDefinition]]
) -> dict[tuple[str, str], UUID]:
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        for claim in rules.claims(entry.document, types.get(entry.draft.product_type, ())):
            wanted.setdefault(claim.namespace, set()).add(claim.value)
    found: dict[tuple[str, str], UUID] = {}
    for namespace, values in wanted.items():
        query = select(ProductClaim.value, ProductClaim.product_id).where(
            ProductClaim.namespace == namespace, ProductClaim.value.in_(values)
        )
        found |= {(namespace, row.value): row.product_id for row in await session.execute(query)}
    return found


async def _store(
    session: AsyncSession, plans: Sequence[Plan], types: Mapping[str, Sequence[AttributeDefinition]]
) -> None:
    """Write the products and the rows beside them."""
    if not plans:
        return
    moment = now()
    fresh = [_columns(plan) | {"version": 1, "created_at": moment} for plan in plans if plan.row is None]
    if fresh:
        rows = [each | {"updated_at": moment, "published_version": None, "published_at": None} for each in fresh]
        await insert_rows(session, ProductRow, rows)
    changed = [plan for plan in plans if plan.row is not None]
    if changed:
        table = ProductRow
        statement = (
            update(table)
            .where(table.id == bindparam("which"))
            .values(
                document=bindparam("new"),
                state=bindparam("standing"),
                version=table.version + 1,
                updated_at=moment,
            )
        )
        values = [
            {"which": plan.id, "new": plan.entry.document, "standing": _columns(plan)["state"]} for plan in changed
        ]
        connection = await session.connection()
        await connection.execute(statement, values)
    await store(session, [_holder(plan, types) for plan in plans])
    await product_events.tell_all(
        session,
        [(plan.id, plan.entry.draft.key, plan.row.version + 1 if plan.row else 1, plan.row is None) for plan in plans],
    )


def _holder(plan: Plan, types: Mapping[str, Sequence[AttributeDefinition]]) -> Holder:
    draft = plan.entry.draft
    return Holder(
        id=plan.id,
        draft=draft,
        document=plan.entry.document,
        definitions=types[draft.product_type],
        new=plan.row is None,
    )


def _columns(plan: Plan) -> dict[str, Any]:
    draft, row = plan.entry.draft, plan.row
    state = ProductState.ARCHIVED if draft.archived else ProductState.DRAFT
    if row is not None and row.state == ProductState.PUBLISHED:
        state = ProductState.PUBLISHED
    return {
        "id": plan.id,
        "key": draft.key,
        "product_type": draft.product_type,
        "state": state,
        "document": plan.entry.document,
    }


async def _remember_sources(
    session: AsyncSession, entries: Sequence[Entry], verdicts: Sequence[Verdict], known: Known
) -> None:
    """Remember which version of the other system's products is in, also where it changed nothing."""
    accepted = {each.line: each for each in verdicts if each.outcome is not Outcome.REJECTED}
    rows, replaced = [], list[tuple[str, str]]()
    for entry in entries:
        source, verdict = entry.source, accepted.get(entry.line)
        if source is None or source.version is None or verdict is None:
            continue
        before = known.sources.get((source.system, source.reference))
        if before is None or before.version < source.version:
            product_id = verdict.product_id or known.products[entry.draft.key].id
            if before is not None:
                replaced.append((source.system, source.reference))
            rows.append(
                {
                    "system": source.system,
                    "reference": source.reference,
                    "product_id": product_id,
                    "version": source.version,
                }
            )
    if replaced:
        table = SourceVersion
        await session.execute(delete(table).where(tuple_(table.system, table.reference).in_(replaced)))
    await insert_rows(session, SourceVersion, rows)


async def _note_pending(
    session: AsyncSession, plans: Sequence[Plan], known: Known, verdicts: Mapping[int, Verdict]
) -> None:
    """Note which products are referred to and not there yet."""
    wanted = {plan.entry.line: tuple(_referred(plan, known)) for plan in plans}
    keys = {key for found in wanted.values() for key in found}
    if not keys:
        return
    query = select(ProductRow.key).where(ProductRow.key.in_(keys)).order_by(ProductRow.id)
    there = set(await session.scalars(query.with_for_update(read=True, key_share=True)))
    for line, found in wanted.items():
        verdicts[line].pending = tuple(key for key in dict.fromkeys(found) if key not in there)


def _referred(plan: Plan, known: Known) -> Iterator[str]:
    draft = plan.entry.draft
    return (key for _, target, key in rules.references(draft, known.types[draft.product_type]) if target == "product")

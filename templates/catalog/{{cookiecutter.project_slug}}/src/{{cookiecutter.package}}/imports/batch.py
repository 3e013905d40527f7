"""Taking in many lines at once: a few statements for all of them, and a verdict for each.

Everything that can be known is checked before anything is written, so that a broken line costs the others nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import find_rows, insert_rows, one_of
from chassis.database import now
from chassis.identifiers import uuid7
from chassis.problems import FieldError

from ..categories.models import CategoryRow
from ..product_types.definitions import Definitions
from ..product_types.models import ProductTypeRow
from ..product_types.schemas import ProductTypeDraft
from ..products import events as product_events
from ..products.holdings import Holder, Value, named, store
from ..products.models import ProductClaim, ProductRow
from ..products.schemas import ProductState
from .entries import UNKNOWN, Entry, Verdict, read, reason
from .models import SourceVersion
from .schemas import Outcome

_AT_ONCE = 32


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the database knows about a group of lines."""

    products: Mapping[str, ProductRow]
    sources: Mapping[tuple[str, str], Row[Any]]
    types: Mapping[str, Definitions]
    categories: frozenset[str]
    holders: Mapping[Value, UUID]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A product that is to be written."""

    entry: Entry
    row: ProductRow | None
    id: UUID

    @property
    def state(self) -> ProductState:
        """Where the product stands from now on."""
        if self.row is not None and self.row.state == ProductState.PUBLISHED:
            return ProductState.PUBLISHED
        return ProductState.ARCHIVED if self.entry.archived else ProductState.DRAFT


async def take_in(
    session: AsyncSession, lines: Iterable[Entry | Verdict], types: dict[str, Definitions]
) -> list[Verdict]:
    """Take in some lines.

    :param types: product types as they were when the lines were read; kept up to date for those that follow.
    :returns: a verdict for each of them, in their order.
    """
    verdicts: list[Verdict] = []
    group: dict[str, Entry] = {}
    for each in lines:
        if isinstance(each, Verdict):
            verdicts.append(each)
            continue
        if each.key in group:  # the same product again: what the first line wrote must be there
            verdicts += await _take_in_group(session, list(group.values()), types)
            group = {}
        group[each.key] = each
    if group:
        verdicts += await _take_in_group(session, list(group.values()), types)
    return sorted(verdicts, key=lambda verdict: verdict.line)


async def _take_in_group(
    session: AsyncSession, entries: Sequence[Entry], types: dict[str, Definitions]
) -> list[Verdict]:
    """Take in lines of different products; if somebody else interferes, one by one."""
    try:
        async with session.begin_nested():
            return await _write(session, entries, types)
    except IntegrityError:
        if len(entries) == 1:
            reasons = [reason("", "another product just took one of its values")]
            return [Verdict(line=entries[0].line, outcome=Outcome.REJECTED, key=entries[0].key, reasons=reasons)]
    return [verdict for each in entries for verdict in await _take_in_group(session, [each], types)]


async def _write(session: AsyncSession, given: Sequence[Entry], before: dict[str, Definitions]) -> list[Verdict]:
    types = await _types(session, {each.product_type for each in given}, before)
    entries = await _read_again(given, types)
    known = await _look_up(session, entries, types)
    verdicts: list[Verdict] = []
    plans: list[Plan] = []
    taken: set[Value] = set()
    hanging = await _hanging(session, entries, known)
    for each in entries:
        judged = _judge(each, known, taken)
        if isinstance(judged, Plan) and each.line in hanging:
            pending = hanging[each.line]
            verdicts.append(
                Verdict(line=each.line, outcome=Outcome.UNCHANGED, key=each.key, pending=pending, said=each.raw)
            )
            continue
        if isinstance(judged, Verdict):
            verdicts.append(judged)
            continue
        taken |= each.values
        plans.append(judged)
        outcome = Outcome.CREATED if judged.row is None else Outcome.UPDATED
        verdicts.append(Verdict(line=each.line, outcome=outcome, key=each.key, product_id=judged.id))
    await _store(session, plans)
    await _remember_sources(session, entries, verdicts, known)
    await _note_pending(session, plans, {each.line: each for each in verdicts})
    return verdicts


async def _read_again(entries: Sequence[Entry], types: Mapping[str, Definitions]) -> list[Entry]:
    """Read again what was compared with another state of its type than the one that is locked now.

    Nobody gets a turn where nothing has changed: the lines of the next piece, which are read whenever there is one,
    are read while the database works instead.
    """
    found = list(entries)
    present = [types.get(each.product_type, UNKNOWN) for each in entries]
    changed = [place for place, each in enumerate(entries) if each.definitions is not present[place]]
    for number, place in enumerate(changed, start=1):
        again = read(entries[place].line, entries[place].raw, types)
        assert isinstance(again, Entry)  # noqa: S101 - what could be read once can be read again
        found[place] = again
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)  # requests have their turn
    return found


def _judge(entry: Entry, known: Known, taken: set[Value]) -> Verdict | Plan:
    """Decide about one line without asking the database again."""
    source = entry.source
    before = known.sources.get((source.system, source.reference)) if source else None
    row = known.products.get(entry.key)
    if source and source.version is not None and before is not None and before.version >= source.version:
        older = before.version > source.version
        reasons = [reason("/source/version", f"version {before.version} was taken in before")] if older else []
        return Verdict(line=entry.line, outcome=Outcome.UNCHANGED, key=entry.key, reasons=reasons)
    reasons = _faults(entry, row, before, known)
    if not reasons and not (taken.isdisjoint(entry.values) and known.holders.keys().isdisjoint(entry.values)):
        for claim in entry.claims():
            value = (claim.namespace, claim.value)
            holder = known.holders.get(value)
            if value in taken or (holder is not None and (row is None or holder != row.id)):
                reasons.append(reason(claim.pointer, f"{claim.value} belongs to another product"))
    if reasons:
        return Verdict(line=entry.line, outcome=Outcome.REJECTED, key=entry.key, reasons=reasons)
    if row is not None and row.document == entry.document():
        return Verdict(line=entry.line, outcome=Outcome.UNCHANGED, key=entry.key)
    return Plan(entry=entry, row=row, id=row.id if row else uuid7())


def _faults(entry: Entry, row: ProductRow | None, before: Row[Any] | None, known: Known) -> list[FieldError]:
    if before is not None and (row is None or row.id != before.product_id):
        return [reason("/key", "this reference belongs to a product with another key")]
    if entry.product_type not in known.types:
        return [reason("/product_type", "there is no such product type")]
    if row is not None and row.product_type != entry.product_type:
        return [reason("/product_type", f"the type of a product never changes; it is {row.product_type}")]
    if row is not None and entry.archived and row.state == ProductState.PUBLISHED:
        return [reason("/archived", "the product is published; withdraw it first")]
    reasons = list(entry.misfits)
    for pointer, target, key in entry.references:
        if target == "category" and key not in known.categories:
            reasons.append(reason(pointer, f"there is no category {key}"))
    return reasons


async def _types(session: AsyncSession, keys: set[str], before: dict[str, Definitions]) -> dict[str, Definitions]:
    """Lock the types and read them; one that is as it was before is the same object as then."""
    query = select(ProductTypeRow).where(ProductTypeRow.key.in_(keys)).order_by(ProductTypeRow.id)
    found = {}
    for row in await session.scalars(query.with_for_update(read=True)):
        present = Definitions(ProductTypeDraft.model_validate(row).attributes)
        found[row.key] = before[row.key] if before.get(row.key) == present else present
    before.update(found)
    return found


async def _look_up(session: AsyncSession, entries: Sequence[Entry], types: Mapping[str, Definitions]) -> Known:
    keys = [each.key for each in entries]
    locked = select(ProductRow).where(one_of(session, ProductRow.key, keys)).order_by(ProductRow.id)
    locked = locked.with_for_update(key_share=True).execution_options(populate_existing=True)
    products = {row.key: row for row in await session.scalars(locked)}
    wanted = {key for each in entries for key in each.referred("category")}
    places = select(CategoryRow.key).where(one_of(session, CategoryRow.key, wanted)).order_by(CategoryRow.id)
    # What is named stays until the end of this transaction.
    categories = await session.scalars(places.with_for_update(read=True, key_share=True)) if wanted else ()
    return Known(
        products=products,
        sources=await _sources(session, entries),
        types=types,
        categories=frozenset(categories),
        holders=await _holders(session, entries),
    )


async def _sources(session: AsyncSession, entries: Sequence[Entry]) -> dict[tuple[str, str], Row[Any]]:
    wanted = [(source.system, source.reference) for source in (each.source for each in entries) if source]
    place = (SourceVersion.system, SourceVersion.reference)
    found = await find_rows(session, (*place, SourceVersion.product_id, SourceVersion.version), place, wanted)
    return {(row.system, row.reference): row for row in found}


async def _holders(session: AsyncSession, entries: Sequence[Entry]) -> dict[Value, UUID]:
    wanted = [value for each in entries for value in each.values]
    place = (ProductClaim.namespace, ProductClaim.value)
    found = await find_rows(session, (*place, ProductClaim.product_id), place, wanted)
    return {(row.namespace, row.value): row.product_id for row in found}


async def _store(session: AsyncSession, plans: Sequence[Plan]) -> None:
    """Write the products and the rows beside them."""
    moment = now()
    await insert_rows(session, ProductRow, [_row(plan, moment) for plan in plans if plan.row is None])
    changed = [
        {"which": plan.id, "new": plan.entry.document(), "standing": plan.state}
        for plan in plans
        if plan.row is not None
    ]
    if changed:
        table = ProductRow
        statement = update(table).where(table.id == bindparam("which"))
        statement = statement.values(
            document=bindparam("new"),
            state=bindparam("standing"),
            version=table.version + 1,
            updated_at=moment,
        )
        connection = await session.connection()
        await connection.execute(statement, changed)
    await store(session, [_holder(plan) for plan in plans])
    await product_events.tell_all(
        session,
        [(plan.id, plan.entry.key, plan.row.version + 1 if plan.row else 1, plan.row is None) for plan in plans],
    )


def _row(plan: Plan, moment: datetime) -> dict[str, Any]:
    return {
        "id": plan.id,
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
        "key": plan.entry.key,
        "product_type": plan.entry.product_type,
        "state": plan.state,
        "published_version": None,
        "published_at": None,
        "document": plan.entry.text,
    }


def _holder(plan: Plan) -> Holder:
    entry = plan.entry
    return Holder(
        id=plan.id,
        claims=entry.values,
        named=named(entry.references),
        categories=entry.categories,
        definitions=entry.definitions,
        new=plan.row is None,
    )


async def _remember_sources(
    session: AsyncSession, entries: Sequence[Entry], verdicts: Sequence[Verdict], known: Known
) -> None:
    """Remember which version of the other system's products is in, also where it changed nothing."""
    accepted = {each.line: each for each in verdicts if each.outcome is not Outcome.REJECTED}
    rows: list[dict[str, Any]] = []
    replaced: dict[str, list[str]] = {}
    for entry in entries:
        source, verdict = entry.source, accepted.get(entry.line)
        if source is None or source.version is None or verdict is None:
            continue
        before = known.sources.get((source.system, source.reference))
        if before is None or before.version < source.version:
            product_id = verdict.product_id or known.products[entry.key].id
            if before is not None:
                replaced.setdefault(source.system, []).append(source.reference)
            rows.append(
                {
                    "system": source.system,
                    "reference": source.reference,
                    "product_id": product_id,
                    "version": source.version,
                }
            )
    table = SourceVersion
    for system, references in replaced.items():
        here = table.system == system, one_of(session, table.reference, references)
        await session.execute(delete(table).where(*here))
    await insert_rows(session, SourceVersion, rows)


async def _hanging(session: AsyncSession, entries: Sequence[Entry], known: Known) -> dict[int, tuple[str, ...]]:
    """Find the lines that say what is there, but for references to products that are not.

    Such a product is written if a later line brings one of those, and stays as it is otherwise: a file that is sent
    every night changes nothing. What has a version of its source is new by its own word.

    :returns: the products that are not there, by line.
    """
    changed = []
    for each in entries:
        row = known.products.get(each.key)
        versioned = each.source is not None and each.source.version is not None
        if row is not None and not versioned and any(each.referred("product")) and row.document != each.document():
            changed.append((each, row))
    there = await _there(session, {key for each, _ in changed for key in each.referred("product")})
    found = {}
    for each, row in changed:
        gone = dict.fromkeys(key for key in each.referred("product") if key not in there)
        if gone and each.without(gone.keys()) == row.document:
            found[each.line] = tuple(gone)
    return found


async def _there(session: AsyncSession, keys: Set[str]) -> set[str]:
    """Find out which of these products are there, and keep them until the end of this transaction."""
    if not keys:
        return set()
    query = select(ProductRow.key).where(one_of(session, ProductRow.key, keys)).order_by(ProductRow.id)
    return set(await session.scalars(query.with_for_update(read=True, key_share=True)))


async def _note_pending(session: AsyncSession, plans: Sequence[Plan], verdicts: Mapping[int, Verdict]) -> None:
    """Note which products are referred to and not there yet."""
    wanted = {plan.entry.line: dict.fromkeys(plan.entry.referred("product")) for plan in plans}
    there = await _there(session, {key for found in wanted.values() for key in found})
    for line, found in wanted.items():
        verdicts[line].pending = tuple(key for key in found if key not in there)

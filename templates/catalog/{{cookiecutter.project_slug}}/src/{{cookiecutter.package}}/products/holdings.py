"""The rows beside the products' documents: what they claim, what they name, the categories they are in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from ..product_types.schemas import AttributeDefinition
from ..publications.models import PublicationRow
from ..vocabulary.rows import insert_rows
from . import rules
from .models import ProductCategory, ProductClaim, ProductReference
from .schemas import ProductDraft

_MOST_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A product whose rows are to be written: as callers wrote it, and as it is stored."""

    id: UUID
    draft: ProductDraft
    document: Mapping[str, Any]
    definitions: Sequence[AttributeDefinition]
    new: bool = False


async def store(session: AsyncSession, holders: Sequence[Holder]) -> None:
    """Write the rows of products anew, in a few statements for all of them.

    :raises sqlalchemy.exc.IntegrityError: when another product was faster to take one of the values.
    """
    changed = [each.id for each in holders if not each.new]
    shown = await _shown_claims(session, holders, changed)
    if changed:
        for table in (ProductClaim, ProductReference, ProductCategory):
            await session.execute(delete(table).where(table.product_id.in_(changed)))
    wanted = {
        each.id: _values(rules.claims(each.document, each.definitions)) | shown.get(each.id, set()) for each in holders
    }
    claims = [
        {"namespace": namespace, "value": value, "product_id": product_id}
        for product_id, values in wanted.items()
        for namespace, value in sorted(values)
    ]
    await insert_rows(session, ProductClaim, claims)
    named = [
        {"target": target, "key": key, "product_id": each.id}
        for each in holders
        for target, key in dict.fromkeys(
            (target, key)
            for pointer, target, key in rules.references(each.draft, each.definitions)
            if not pointer.startswith("/categories/")  # these have a table of their own
        )
    ]
    await insert_rows(session, ProductReference, named)
    places = [{"category": key, "product_id": each.id} for each in holders for key in each.draft.categories]
    await insert_rows(session, ProductCategory, places)


async def _shown_claims(
    session: AsyncSession, holders: Sequence[Holder], changed: Sequence[UUID]
) -> dict[UUID, set[tuple[str, str]]]:
    """Return what publications that are not over hold: nobody else may show that at the same time."""
    definitions = {each.id: each.definitions for each in holders}
    found: dict[UUID, set[tuple[str, str]]] = {}
    for product_id, document in await _live(session, changed):
        found.setdefault(product_id, set()).update(_values(rules.claims(document, definitions[product_id])))
    return found


async def _live(session: AsyncSession, products: Sequence[UUID]) -> Sequence[Any]:
    if not products:
        return ()
    query = select(PublicationRow.product_id, PublicationRow.document)
    return (
        await session.execute(query.where(PublicationRow.product_id.in_(products), PublicationRow.ended.is_(False)))
    ).all()


def _values(claims: Iterable[rules.Claim]) -> set[tuple[str, str]]:
    return {(each.namespace, each.value) for each in claims}


async def release(session: AsyncSession, over: Sequence[tuple[Holder, Mapping[str, Any]]]) -> None:
    """Give free what publications held that are over, unless the product still says it.

    :param over: each product as it stands, with the document that was published.
    """
    freed = {
        holder.id: _values(rules.claims(document, holder.definitions))
        - _values(rules.claims(holder.document, holder.definitions))
        for holder, document in over
    }
    freed = {product_id: values for product_id, values in freed.items() if values}
    if not freed:
        return
    definitions = {holder.id: holder.definitions for holder, _ in over}
    for product_id, document in await _live(session, list(freed)):
        freed[product_id] -= _values(rules.claims(document, definitions[product_id]))
    rows = [(namespace, value, product_id) for product_id, values in freed.items() for namespace, value in values]
    where = tuple_(ProductClaim.namespace, ProductClaim.value, ProductClaim.product_id)
    for start in range(0, len(rows), _MOST_AT_ONCE):
        await session.execute(delete(ProductClaim).where(where.in_(rows[start : start + _MOST_AT_ONCE])))

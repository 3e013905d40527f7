"""The rows beside the products' documents: what they claim, what they name, the categories they are in."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.bulk import insert_rows, one_of

from ..product_types.schemas import AttributeDefinition
from ..publications.models import PublicationRow
from . import rules
from .models import ProductCategory, ProductClaim, ProductReference
from .schemas import ProductDraft

_MOST_AT_ONCE = 1000

Value = tuple[str, str]
"""A namespace and a value in it that only one product may hold."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A product whose rows are to be written.

    :param claims: what it says that only one product may say.
    :param named: what it names besides its categories: ``product`` or ``category``, and the key.
    :param categories: keys of the categories that it is in.
    :param definitions: of the attributes of its type, by which claims are found in what is published of it.
    """

    id: UUID
    claims: Set[Value]
    named: Collection[tuple[str, str]]
    categories: Sequence[str]
    definitions: Sequence[AttributeDefinition]
    new: bool = False


def holder(
    product_id: UUID, draft: ProductDraft, definitions: Sequence[AttributeDefinition], *, new: bool = False
) -> Holder:
    """Return what a product holds, as callers wrote it."""
    return Holder(
        id=product_id,
        claims=values_of(rules.claims_of(draft, definitions)),
        named=named(rules.references(draft, definitions)),
        categories=draft.categories,
        definitions=definitions,
        new=new,
    )


def named(references: Iterable[tuple[str, str, str]]) -> Collection[tuple[str, str]]:
    """Return what a product names besides its categories, which have a table of their own.

    :param references: as :func:`rules.references` yields them.
    """
    return dict.fromkeys((target, key) for pointer, target, key in references if not pointer.startswith("/categories/"))


async def store(session: AsyncSession, holders: Sequence[Holder]) -> None:
    """Write the rows of products anew, in a few statements for all of them.

    :raises sqlalchemy.exc.IntegrityError: when another product was faster to take one of the values.
    """
    changed = [each.id for each in holders if not each.new]
    shown = await _shown_claims(session, holders, changed)
    for table in (ProductClaim, ProductReference, ProductCategory) if changed else ():
        await session.execute(delete(table).where(one_of(session, table.product_id, changed)))
    claims = [
        {"namespace": namespace, "value": value, "product_id": each.id}
        for each in holders
        for namespace, value in sorted(each.claims | shown.get(each.id, frozenset()))
    ]
    await insert_rows(session, ProductClaim, claims)
    found = [{"target": target, "key": key, "product_id": each.id} for each in holders for target, key in each.named]
    await insert_rows(session, ProductReference, found)
    places = [{"category": key, "product_id": each.id} for each in holders for key in each.categories]
    await insert_rows(session, ProductCategory, places)


async def _shown_claims(
    session: AsyncSession, holders: Sequence[Holder], changed: Sequence[UUID]
) -> dict[UUID, set[Value]]:
    """Return what publications that are not over hold: nobody else may show that at the same time."""
    definitions = {each.id: each.definitions for each in holders}
    found: dict[UUID, set[Value]] = {}
    for product_id, document in await _live(session, changed):
        found.setdefault(product_id, set()).update(values_of(rules.claims(document, definitions[product_id])))
    return found


async def _live(session: AsyncSession, products: Sequence[UUID]) -> Sequence[Any]:
    if not products:
        return ()
    query = select(PublicationRow.product_id, PublicationRow.document).where(PublicationRow.ended.is_(False))
    return (await session.execute(query.where(one_of(session, PublicationRow.product_id, products)))).all()


def values_of(claims: Iterable[rules.Claim]) -> set[Value]:
    """Return what is claimed, without where that stands."""
    return {(namespace, value) for namespace, value, _ in claims}


async def release(session: AsyncSession, over: Sequence[tuple[Holder, Mapping[str, Any]]]) -> None:
    """Give free what publications held that are over, unless the product still says it.

    :param over: each product as it stands, with the document that was published.
    """
    freed = {
        holder.id: values_of(rules.claims(document, holder.definitions)) - holder.claims for holder, document in over
    }
    freed = {product_id: values for product_id, values in freed.items() if values}
    if not freed:
        return
    definitions = {holder.id: holder.definitions for holder, _ in over}
    for product_id, document in await _live(session, list(freed)):
        freed[product_id] -= values_of(rules.claims(document, definitions[product_id]))
    rows = [(namespace, value, product_id) for product_id, values in freed.items() for namespace, value in values]
    where = tuple_(ProductClaim.namespace, ProductClaim.value, ProductClaim.product_id)
    for start in range(0, len(rows), _MOST_AT_ONCE):
        await session.execute(delete(ProductClaim).where(where.in_(rows[start : start + _MOST_AT_ONCE])))

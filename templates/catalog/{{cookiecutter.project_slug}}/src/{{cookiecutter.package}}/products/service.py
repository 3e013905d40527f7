"""What can be done with products while they are being worked on. Nothing here reaches a touchpoint."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.problems import FieldError, Problem

from ..assortments import service as assortments
from ..categories.models import CategoryPath, CategoryRow
from ..product_types.models import ProductTypeRow
from ..product_types.schemas import AttributeDefinition, ProductTypeDraft
from . import events, rules
from .holdings import holder, store
from .models import ProductCategory, ProductClaim, ProductReference, ProductRow
from .schemas import Product, ProductDraft, ProductState

_MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """Which products are asked for; what is ``None`` does not count.

    ``reference`` is another system and what it calls the product; ``category`` means in it or below.
    """

    key: str | None = None
    sku: str | None = None
    reference: tuple[str, str] | None = None
    category: str | None = None
    product_type: str | None = None
    state: str | None = None


def listed(wanted: ProductFilter) -> Select[ProductRow]:
    """Return the query for products."""
    query = select(ProductRow)
    for column, value in (
        (ProductRow.key, wanted.key),
        (ProductRow.product_type, wanted.product_type),
        (ProductRow.state, wanted.state),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.sku is not None:
        query = query.where(ProductRow.id.in_(_holders("sku", wanted.sku)))
    if wanted.reference is not None:
        system, reference = wanted.reference
        query = query.where(ProductRow.id.in_(_holders(f"reference:{system}", reference)))
    if wanted.category is not None:
        members = (
            select(ProductCategory.product_id)
            .join(CategoryPath, CategoryPath.descendant == ProductCategory.category)
            .where(CategoryPath.ancestor == wanted.category)
        )
        query = query.where(ProductRow.id.in_(members))
    return query


def _holders(namespace: str, value: str) -> Select[UUID]:
    return select(ProductClaim.product_id).where(ProductClaim.namespace == namespace, ProductClaim.value == value)


def shown(row: ProductRow) -> Product:
    """Return a product as callers see it."""
    return Product.model_validate(
        row.document
        | {
            "id": row.id,
            "version": row.version,
            "state": row.state,
            "published_version": row.published_version,
            "published_at": row.published_at,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def draft_of(row: ProductRow) -> ProductDraft:
    """Return what callers wrote."""
    return ProductDraft.model_validate(row.document)


async def find(session: AsyncSession, product_id: UUID) -> ProductRow:
    """Return one product.

    :raises Problem: 404 when there is none.
    """
    row = await session.get(ProductRow, product_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such product.")
    return row


async def create(session: AsyncSession, draft: ProductDraft) -> ProductRow:
    """Store a new product.

    :raises Problem: 409 when something it claims is taken, 422 when it does not fit its type or refers to nothing.
    """
    definitions = await definitions_of(session, draft.product_type)
    if await session.scalar(select(ProductRow.id).where(ProductRow.key == draft.key)):
        raise Problem(409, "key-taken", f"There is a product {draft.key} already.")
    row = ProductRow(
        key=draft.key,
        product_type=draft.product_type,
        state=ProductState.ARCHIVED if draft.archived else ProductState.DRAFT,
        document=rules.written(draft),
    )
    await _check(session, draft, definitions)
    session.add(row)
    await _flush(session)
    await _store_rows(session, row, draft, definitions, new=True)
    await events.tell(session, row, "created")
    return row


async def replace(session: AsyncSession, row: ProductRow, draft: ProductDraft) -> None:
    """Replace what callers wrote; what touchpoints see stays as it is until the next publication.

    :raises Problem: as :func:`create`, and 409 when key or type would change, or a published product be archived.
    """
    if draft.key != row.key or draft.product_type != row.product_type:
        raise Problem(409, "key-changed", "The key and the type of a product never change.")
    definitions = await definitions_of(session, draft.product_type)
    if draft.archived and row.state == ProductState.PUBLISHED:
        raise Problem(409, "published", "The product is published; withdraw it before you archive it.")
    document = rules.written(draft)
    if document == row.document:
        return
    await _check(session, draft, definitions)
    await save(session, row, draft, definitions)


async def save(
    session: AsyncSession, row: ProductRow, draft: ProductDraft, definitions: Sequence[AttributeDefinition]
) -> None:
    """Store what a product is from now on, after it was checked.

    :raises Problem: 409 when something it claims is taken.
    """
    row.document = rules.written(draft)
    if row.state != ProductState.PUBLISHED:
        row.state = ProductState.ARCHIVED if draft.archived else ProductState.DRAFT
    await _flush(session)
    await _store_rows(session, row, draft, definitions, new=False)
    await events.tell(session, row, "changed")


async def remove(session: AsyncSession, row: ProductRow) -> None:
    """Delete a product that touchpoints do not see and nothing names.

    :raises Problem: 409 when it is published, or another product or an assortment names it.
    """
    if row.state == ProductState.PUBLISHED:
        raise Problem(409, "published", "The product is published; withdraw it before you delete it.")
    # Whoever names a product locks it: none can slip in behind this look.
    await session.execute(select(ProductRow.id).where(ProductRow.id == row.id).with_for_update())
    if products := await naming(session, "product", [row.key], but=row.id):
        raise Problem(409, "in-use", f"Products name it, such as {', '.join(products)}.")
    if offering := await assortments.naming(session, "products", [row.key]):
        raise Problem(409, "in-use", f"Assortments name it, such as {', '.join(offering)}.")
    await session.delete(row)
    await session.flush()
    await events.tell(session, row, "deleted")


async def naming(
    session: AsyncSession, target: Literal["product", "category"], keys: Sequence[str], *, but: UUID | None = None
) -> list[str]:
    """Return the keys of some products, ``but`` not that one, that name one of these: as related or in an attribute."""
    query = select(ProductRow.key).join(ProductReference, ProductReference.product_id == ProductRow.id)
    query = query.where(ProductReference.target == target, ProductReference.key.in_(keys))
    if but is not None:
        query = query.where(ProductRow.id != but)
    return list(await session.scalars(query.distinct().order_by(ProductRow.key).limit(_MOST_NAMED)))


async def definitions_of(session: AsyncSession, product_type: str) -> list[AttributeDefinition]:
    """Return the attributes of a type, and keep the type as it is until this transaction ends.

    :raises Problem: 422 when there is no such type.
    """
    query = select(ProductTypeRow).where(ProductTypeRow.key == product_type).with_for_update(read=True)
    row = await session.scalar(query)
    if row is None:
        raise _refused([FieldError(pointer="/product_type", parameter=None, detail="there is no such product type")])
    return ProductTypeDraft.model_validate(row).attributes


async def _check(session: AsyncSession, draft: ProductDraft, definitions: Sequence[AttributeDefinition]) -> None:
    errors = rules.misfits(draft, definitions)
    errors += await dangling(session, draft, definitions)
    if errors:
        raise _refused(errors)


def _refused(errors: Sequence[FieldError]) -> Problem:
    return Problem(422, "invalid-product", "The product breaks a rule of its type or of the catalog.", errors=errors)


async def dangling(
    session: AsyncSession, draft: ProductDraft, definitions: Sequence[AttributeDefinition]
) -> list[FieldError]:
    """Return every reference of a product to something that is not there; what is there stays until the end."""
    found = list(rules.references(draft, definitions))
    missing: dict[str, set[str]] = {}
    for target, table in (("category", CategoryRow), ("product", ProductRow)):
        keys = {key for _, kind, key in found if kind == target}
        query = select(table.key).where(table.key.in_(keys)).order_by(table.id)
        known = set(await session.scalars(query.with_for_update(read=True, key_share=True))) if keys else set()
        missing[target] = keys - known - ({draft.key} if target == "product" else set())
    return [
        FieldError(pointer=pointer, parameter=None, detail=f"there is no {target} {key}")
        for pointer, target, key in found
        if key in missing[target]
    ]


async def _store_rows(
    session: AsyncSession,
    row: ProductRow,
    draft: ProductDraft,
    definitions: Sequence[AttributeDefinition],
    *,
    new: bool,
) -> None:
    await _refuse_taken(session, row.id, rules.claims_of(draft, definitions))
    try:
        await store(session, [holder(row.id, draft, definitions, new=new)])
    except IntegrityError:  # somebody else was faster by a blink
        raise Problem(409, "taken", "Another product just took one of these values; try again.") from None


async def _refuse_taken(session: AsyncSession, product_id: UUID, wanted: Iterable[rules.Claim]) -> None:
    by_value = {(each.namespace, each.value): each for each in wanted}
    if not by_value:
        return
    query = (
        select(ProductClaim.namespace, ProductClaim.value, ProductRow.key)
        .join(ProductRow, ProductRow.id == ProductClaim.product_id)
        .where(tuple_(ProductClaim.namespace, ProductClaim.value).in_(list(by_value)), ProductRow.id != product_id)
    )
    errors = [
        FieldError(pointer=by_value[namespace, value].pointer, parameter=None, detail=f"{value} belongs to {key}")
        for namespace, value, key in (await session.execute(query)).all()
    ]
    if errors:
        raise Problem(409, "taken", "Another product holds what only one may hold.", errors=errors)


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError:  # the key, by a blink
        raise Problem(409, "taken", "Another product just took this key; try again.") from None

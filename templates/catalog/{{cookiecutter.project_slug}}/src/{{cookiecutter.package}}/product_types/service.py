"""What can be done with product types, and what must hold for the products that have one."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.problems import FieldError, Problem

from ..products.models import ProductRow
from . import attributes, events
from .models import ProductTypeRow
from .schemas import AttributeDefinition, Constraint, ProductTypeDraft

_BATCH = 500
_MOST_NAMED = 20


def listed(key: str | None = None) -> Select[ProductTypeRow]:
    """Return the query for product types, or for the one with that key."""
    query = select(ProductTypeRow)
    return query if key is None else query.where(ProductTypeRow.key == key)


async def find(session: AsyncSession, product_type_id: UUID) -> ProductTypeRow:
    """Return one product type.

    :raises Problem: 404 when there is none.
    """
    row = await session.get(ProductTypeRow, product_type_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such product type.")
    return row


async def create(session: AsyncSession, draft: ProductTypeDraft) -> ProductTypeRow:
    """Store a new product type.

    :raises Problem: 409 when the key is taken.
    """
    if await session.scalar(select(ProductTypeRow.id).where(ProductTypeRow.key == draft.key)):
        raise Problem(409, "key-taken", f"There is a product type {draft.key} already.")
    row = ProductTypeRow(**draft.model_dump(mode="json"))
    session.add(row)
    await session.flush()
    await events.tell(session, row, "created")
    return row


async def replace(session: AsyncSession, row: ProductTypeRow, draft: ProductTypeDraft) -> None:
    """Replace a product type, unless one of its products would no longer fit.

    :raises Problem: 409 naming the products that do not fit, or when the key would change.
    """
    if draft.key != row.key:
        raise Problem(409, "key-changed", f"The key of a product type never changes; it is {row.key}.")
    written = draft.model_dump(mode="json")
    if written["attributes"] != row.attributes:
        await _refuse_if_broken(session, row, draft.attributes)
    before = row.version
    for name, value in written.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    await session.flush()
    if row.version != before:
        await events.tell(session, row, "changed")


async def _refuse_if_broken(session: AsyncSession, row: ProductTypeRow, changed: list[AttributeDefinition]) -> None:
    # Whoever saves a product locks its type for sharing: none can slip in behind this check.
    await session.execute(select(ProductTypeRow.id).where(ProductTypeRow.id == row.id).with_for_update())
    broken: list[FieldError] = []
    taken: dict[tuple[str, str], str] = {}
    async for key, document in _products_of(session, row.key):
        variants = [variant["attributes"] for variant in document["variants"]]
        sentences = [_sentence(fault) for fault in attributes.faults(changed, variants)]
        for name, value in _unique_values(changed, variants):
            if (owner := taken.setdefault((name, value), key)) != key:
                sentences.append(f"{name} has the value that {owner} has")
        broken += [FieldError(pointer=None, parameter=None, detail=f"{key}: {sentence}") for sentence in sentences]
    if broken:
        raise Problem(
            409,
            "products-would-break",
            f"The change does not fit what products hold in {len(broken)} places; change those products first.",
            errors=broken[:_MOST_NAMED],
        )


async def _products_of(session: AsyncSession, product_type: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield key and document of every product of a type, in batches."""
    last: UUID | None = None
    query = select(ProductRow.id, ProductRow.key, ProductRow.document).where(ProductRow.product_type == product_type)
    query = query.order_by(ProductRow.id).limit(_BATCH)
    while found := (await session.execute(query if last is None else query.where(ProductRow.id > last))).all():
        for _, key, document in found:
            yield key, document
        last = found[-1].id


def _unique_values(changed: list[AttributeDefinition], variants: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    unique = [each.name for each in changed if each.constraint is Constraint.UNIQUE]
    return ((name, attributes.canonical(values[name])) for values in variants for name in unique if name in values)


def _sentence(fault: attributes.Fault) -> str:
    index, _, name = fault.path
    return f"variant {int(index) + 1}, {name}: {fault.detail}"


async def delete(session: AsyncSession, row: ProductTypeRow) -> None:
    """Delete a product type that no product has.

    :raises Problem: 409 when it is in use.
    """
    using = select(ProductRow.key).where(ProductRow.product_type == row.key).order_by(ProductRow.id).limit(_MOST_NAMED)
    products = list(await session.scalars(using))
    if products:
        raise Problem(409, "in-use", f"Products have this type, such as {', '.join(products)}.")
    await session.delete(row)
    await session.flush()
    await events.tell(session, row, "deleted")

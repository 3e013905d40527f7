"""What can be done with product types, and what must hold for the products that have one."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from chassis.bulk import insert_rows
from chassis.database import take_turns
from chassis.problems import FieldError, Problem

from ..products import rules
from ..products.models import ProductClaim, ProductRow
from ..publications import rebuild
from ..publications.models import PublicationRow
from . import attributes, events
from .canonical import distinctive
from .definitions import Definitions, in_words
from .models import ProductTypeRow
from .schemas import AttributeDefinition, ProductTypeDraft

_TYPES = "product-types"
"""What those take turns for who define product types: of two that do not go together the second one is told so."""

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

    :raises Problem: 409 when the key is taken, or another type means something else by a searchable attribute.
    """
    await take_turns(session, _TYPES)
    if await session.scalar(select(ProductTypeRow.id).where(ProductTypeRow.key == draft.key)):
        raise Problem(409, "key-taken", f"There is a product type {draft.key} already.")
    await _refuse_other_meaning(session, draft.attributes, draft.key)
    row = ProductTypeRow(**draft.model_dump(mode="json"))
    session.add(row)
    await session.flush()
    await events.tell(session, row, "created")
    return row


async def replace(session: AsyncSession, row: ProductTypeRow, draft: ProductTypeDraft) -> None:
    """Replace a product type, unless one of its products would no longer fit, as it stands or as it is published.

    What is published is written anew by a worker, with the new labels and without what became internal.

    :raises Problem: 409 naming the products that do not fit, or when the key would change; and as :func:`create`.
    """
    if draft.key != row.key:
        raise Problem(409, "key-changed", f"The key of a product type never changes; it is {row.key}.")
    written = draft.model_dump(mode="json")
    if written["attributes"] != row.attributes:
        changed = [each for each in draft.attributes if each.model_dump(mode="json") not in row.attributes]
        await take_turns(session, _TYPES)
        await _refuse_other_meaning(session, changed, row.key)
        await _refuse_if_broken(session, row, draft.attributes)
        await rebuild.order(session, "product_type", row.key)
    before = row.version
    for name, value in written.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    await session.flush()
    if row.version != before:
        await events.tell(session, row, "changed")


async def _refuse_other_meaning(session: AsyncSession, wanted: Sequence[AttributeDefinition], key: str) -> None:
    """Refuse searchable attributes that are of another kind, or measured in another unit, in another type.

    Facets count the values of all types together, and filters compare them: 1 m would be shown as 1 mm.
    """
    searchable = {each.name: in_words(each.type) for each in wanted if each.searchable}
    if not searchable:
        return
    others = select(ProductTypeRow.key, ProductTypeRow.attributes).where(ProductTypeRow.key != key)
    differing: dict[str, FieldError] = {}
    for other, definitions in await session.execute(others.order_by(ProductTypeRow.key)):
        for each in (AttributeDefinition.model_validate(one) for one in definitions if one["name"] in searchable):
            there = in_words(each.type)
            if each.searchable and searchable[each.name] != there:
                differing.setdefault(each.name, _named(f"{each.name} is {there} in {other}"))
    if differing:
        raise Problem(
            409,
            "other-meaning",
            "Search counts an attribute of all product types together; give what means something else another name.",
            errors=list(differing.values()),
        )


async def _refuse_if_broken(session: AsyncSession, row: ProductTypeRow, changed: list[AttributeDefinition]) -> None:
    await _lock(session, row)
    present = [AttributeDefinition.model_validate(each) for each in row.attributes]
    unique = set(rules.unique_attributes(changed)) - set(rules.unique_attributes(present))
    wanted = Definitions(changed)
    broken: list[FieldError] = []
    taken: dict[tuple[str, str], tuple[UUID, str]] = {}
    async for product in _products_of(session, row.key):
        sentences = list(_misfits(wanted, product))
        for name, value in _values(unique, product.document):
            owner_id, owner = taken.setdefault((name, value), (product.id, product.key))
            if owner_id != product.id:
                sentences.append(f"{name} has the value that {owner} has")
        broken += [_named(f"{product.key}: {sentence}") for sentence in sentences][: _MOST_NAMED + 1 - len(broken)]
    if broken:
        count = len(broken) if len(broken) <= _MOST_NAMED else f"more than {_MOST_NAMED}"
        raise Problem(
            409,
            "products-would-break",
            f"The change does not fit what products hold in {count} places; change those products first.",
            errors=broken[:_MOST_NAMED],
        )
    await _claim(session, row.key, unique, taken)


async def _lock(session: AsyncSession, row: ProductTypeRow) -> None:
    """Wait for whoever saves a product of a type, which locks it for sharing: none slips in behind what comes next."""
    await session.execute(select(ProductTypeRow.id).where(ProductTypeRow.id == row.id).with_for_update())


@dataclass(frozen=True, kw_only=True)
class _Held:
    """What a product holds: as it stands, or as it is published."""

    id: UUID
    key: str
    document: dict[str, Any]
    published: bool


async def _products_of(session: AsyncSession, product_type: str) -> AsyncIterator[_Held]:
    """Yield every product of a type as it stands, and then what is published of them, in batches."""
    staged = select(ProductRow.id, ProductRow.id, ProductRow.key, ProductRow.document)
    staged = staged.where(ProductRow.product_type == product_type)
    async for _, product_id, key, document in _batches(session, staged, ProductRow.id):
        yield _Held(id=product_id, key=key, document=document, published=False)
    shown = select(PublicationRow.id, PublicationRow.product_id, PublicationRow.product, PublicationRow.document)
    shown = shown.join(ProductRow, ProductRow.id == PublicationRow.product_id)
    shown = shown.where(ProductRow.product_type == product_type, PublicationRow.ended.is_(False))
    async for _, product_id, key, document in _batches(session, shown, PublicationRow.id):
        yield _Held(id=product_id, key=key, document=document, published=True)


async def _batches(session: AsyncSession, query: Select[Any], order: InstrumentedAttribute[UUID]) -> AsyncIterator[Any]:
    last: UUID | None = None
    query = query.order_by(order).limit(_BATCH)
    while found := (await session.execute(query if last is None else query.where(order > last))).all():
        for row in found:
            yield row
        last = found[-1][0]


def _misfits(changed: Definitions, product: _Held) -> Iterator[str]:
    """Say what does not fit; a draft may lack what is required, what is published may not."""
    variants = [variant["attributes"] for variant in product.document["variants"]]
    found = list(attributes.faults(changed, variants))
    if product.published:
        found += attributes.missing(changed, variants)
    return (_sentence(fault, published=product.published) for fault in found)


def _values(unique: Iterable[str], document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    return (
        (name, distinctive(variant["attributes"][name]))
        for variant in document["variants"]
        for name in unique
        if name in variant["attributes"]
    )


async def _claim(
    session: AsyncSession, product_type: str, unique: set[str], taken: dict[tuple[str, str], tuple[UUID, str]]
) -> None:
    """Note who holds the values that only one product may hold from now on."""
    rows = [
        {"namespace": rules.unique_namespace(product_type, name), "value": value, "product_id": product_id}
        for (name, value), (product_id, _) in taken.items()
    ]
    # What was unique once may be again, and its former claims are not what products hold by now.
    namespaces = [rules.unique_namespace(product_type, name) for name in unique]
    await session.execute(delete(ProductClaim).where(ProductClaim.namespace.in_(namespaces)))
    await insert_rows(session, ProductClaim, rows)


def _named(detail: str) -> FieldError:
    return FieldError(pointer=None, parameter=None, detail=detail)


def _sentence(fault: attributes.Fault, *, published: bool) -> str:
    index, _, name = fault.path
    where = "published variant" if published else "variant"
    return f"{where} {int(index) + 1}, {name}: {fault.detail}"


async def remove(session: AsyncSession, row: ProductTypeRow) -> None:
    """Delete a product type that no product has.

    :raises Problem: 409 when it is in use.
    """
    await _lock(session, row)
    using = select(ProductRow.key).where(ProductRow.product_type == row.key).order_by(ProductRow.id).limit(_MOST_NAMED)
    products = list(await session.scalars(using))
    if products:
        raise Problem(409, "in-use", f"Products have this type, such as {', '.join(products)}.")
    await session.delete(row)
    await session.flush()
    await events.tell(session, row, "deleted")

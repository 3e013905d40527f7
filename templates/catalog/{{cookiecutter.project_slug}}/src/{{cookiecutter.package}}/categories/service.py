"""What can be done with the tree of categories. It stays a tree, whoever changes it at the same time."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from chassis.database import take_turns
from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from ..assortments import service as assortments
from ..products import service as products
from ..products.models import ProductCategory, ProductRow
from ..publications.models import PublicationCategory, PublicationRow
from . import events
from .models import MAX_DEPTH, MAX_SIBLINGS, CategoryPath, CategoryRow, CategorySlug
from .schemas import CategoryDraft

_TREE = "categories"
"""What those take turns for who change the tree or its slugs: two moves that are fine alone can make a circle."""

_MOST_NAMED = 20


def listed(key: str | None = None, parent: str | None = None) -> Select[CategoryRow]:
    """Return the query for categories: all, the one with that key, or those directly below a parent."""
    query = select(CategoryRow)
    if key is not None:
        query = query.where(CategoryRow.key == key)
    return query if parent is None else query.where(CategoryRow.parent == parent)


async def find(session: AsyncSession, category_id: UUID) -> CategoryRow:
    """Return one category.

    :raises Problem: 404 when there is none.
    """
    row = await session.get(CategoryRow, category_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such category.")
    return row


async def create(session: AsyncSession, draft: CategoryDraft) -> CategoryRow:
    """Store a new category at its place in the tree.

    :raises Problem: 409 when the key or a slug is taken, the parent is missing, or the tree would get too big.
    """
    await take_turns(session, _TREE)
    key = draft.key or uuid7().hex
    if await session.scalar(select(CategoryRow.id).where(CategoryRow.key == key)):
        raise Problem(409, "key-taken", f"There is a category {key} already.")
    depth = await _depth_below(session, draft.parent)
    _refuse_too_deep(depth)
    await _refuse_too_many(session, draft.parent)
    row = CategoryRow(**draft.model_dump() | {"key": key})
    session.add(row)
    await session.flush()
    await session.execute(insert(CategoryPath).values(ancestor=row.key, descendant=row.key, depth=0))
    await _hang(session, row.key, draft.parent)
    await _claim_slugs(session, row)
    await events.tell(session, row, "created")
    return row


async def replace(session: AsyncSession, row: CategoryRow, draft: CategoryDraft) -> None:
    """Replace a category; another parent moves it with everything below.

    :raises Problem: 409 when the key would change, a slug is taken, or the move would make a circle.
    """
    if draft.key not in (None, row.key):
        raise Problem(409, "key-changed", f"The key of a category never changes; it is {row.key}.")
    slugs_differ, before = draft.slug != row.slug, row.version
    if slugs_differ or draft.parent != row.parent:
        await take_turns(session, _TREE)
    if draft.parent != row.parent:
        await _move(session, row, draft.parent)
    for name, value in draft.model_dump(exclude={"key"}).items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    await session.flush()
    if slugs_differ:
        await _claim_slugs(session, row)
    if row.version != before:
        await events.tell(session, row, "changed")


async def remove(session: AsyncSession, row: CategoryRow, *, subtree: bool) -> None:
    """Delete a category, with everything below it if ``subtree``.

    :raises Problem: 409 when there is something below it and ``subtree`` is not set, or products are in it,
        staged or published, or a product's attribute or an assortment names it.
    """
    await take_turns(session, _TREE)
    query = select(CategoryPath.descendant).where(CategoryPath.ancestor == row.key)
    keys = list(await session.scalars(query.order_by(CategoryPath.depth.desc())))
    # Whoever names a category locks it: none can slip in behind what is looked at now.
    locked = select(CategoryRow.id).where(CategoryRow.key.in_(keys)).order_by(CategoryRow.id)
    await session.execute(locked.with_for_update())
    if len(keys) > 1 and not subtree:
        raise Problem(409, "has-children", f"There are {len(keys) - 1} categories below it; delete with subtree=true.")
    held = (
        select(ProductRow.key)
        .join(ProductCategory, ProductCategory.product_id == ProductRow.id)
        .where(ProductCategory.category.in_(keys))
        .distinct()
        .order_by(ProductRow.key)
        .limit(_MOST_NAMED)
    )
    if found := list(await session.scalars(held)):
        raise Problem(409, "in-use", f"Products are in it, such as {', '.join(found)}.")
    if found := await products.naming(session, "category", keys):
        raise Problem(409, "in-use", f"Products name it, such as {', '.join(found)}.")
    await _refuse_if_shown(session, keys)
    below = select(CategoryRow).where(CategoryRow.key.in_(keys[:-1]))
    children = {child.key: child for child in await session.scalars(below)}
    for gone in [*(children[key] for key in keys[:-1]), row]:  # the deepest first: none loses its parent before itself
        await session.delete(gone)
        await session.flush()
        await events.tell(session, gone, "deleted")


async def _refuse_if_shown(session: AsyncSession, keys: Sequence[str]) -> None:
    shown = (
        select(PublicationRow.product)
        .join(PublicationCategory, PublicationCategory.publication_id == PublicationRow.id)
        .where(PublicationCategory.category.in_(keys))
        .distinct()
        .order_by(PublicationRow.product)
        .limit(_MOST_NAMED)
    )
    if found := list(await session.scalars(shown)):
        raise Problem(409, "in-use", f"Published products are in it, such as {', '.join(found)}.")
    if naming := await assortments.naming(session, "categories", keys):
        raise Problem(409, "in-use", f"Assortments name it, such as {', '.join(naming)}.")


async def _depth_below(session: AsyncSession, parent: str | None) -> int:
    """Return the depth that a child of ``parent`` has, 1 at the top."""
    if parent is None:
        return 1
    query = select(CategoryPath.depth).where(CategoryPath.descendant == parent)
    depths = list(await session.scalars(query.order_by(CategoryPath.depth.desc()).limit(1)))
    if not depths:
        detail = f"There is no category {parent}."
        raise Problem(409, "no-parent", detail, errors=[FieldError(pointer="/parent", parameter=None, detail=detail)])
    return depths[0] + 2


def _refuse_too_deep(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Problem(409, "too-deep", f"Categories nest at most {MAX_DEPTH} deep.")


async def _refuse_too_many(session: AsyncSession, parent: str | None) -> None:
    """Refuse one more category below a parent, or at the top: touchpoints get the tree whole."""
    siblings = select(func.count()).select_from(CategoryRow).where(CategoryRow.parent.is_not_distinct_from(parent))
    if (await session.scalar(siblings) or 0) >= MAX_SIBLINGS:
        raise Problem(409, "too-many", f"There are at most {MAX_SIBLINGS} categories at one place of the tree.")


async def _hang(session: AsyncSession, key: str, parent: str | None) -> None:
    """Put the subtree of ``key`` below ``parent``: pair everything above with everything below."""
    if parent is None:
        return
    above, below = aliased(CategoryPath), aliased(CategoryPath)
    pairs = (
        select(above.ancestor, below.descendant, above.depth + below.depth + 1)
        .join(below, below.ancestor == key)
        .where(above.descendant == parent)
    )
    await session.execute(insert(CategoryPath).from_select(["ancestor", "descendant", "depth"], pairs))


async def _move(session: AsyncSession, row: CategoryRow, parent: str | None) -> None:
    query = select(CategoryPath.descendant, CategoryPath.depth).where(CategoryPath.ancestor == row.key)
    subtree = {found.descendant: found.depth for found in await session.execute(query)}
    if parent in subtree:
        raise Problem(
            409, "category-circle", f"{parent} lies below {row.key}, or is it; it cannot be above it as well."
        )
    _refuse_too_deep(await _depth_below(session, parent) + max(subtree.values()))
    await _refuse_too_many(session, parent)
    outside = select(CategoryPath.ancestor).where(CategoryPath.descendant == row.key, CategoryPath.depth > 0)
    await session.execute(
        delete(CategoryPath).where(
            CategoryPath.descendant.in_(list(subtree)), CategoryPath.ancestor.in_(list(await session.scalars(outside)))
        )
    )
    await _hang(session, row.key, parent)
    await take_turns(session, assortments.LISTINGS)
    moved = select(PublicationCategory.publication_id).where(PublicationCategory.category.in_(list(subtree)))
    await assortments.relist(session, moved.distinct())


async def _claim_slugs(session: AsyncSession, row: CategoryRow) -> None:
    wanted = list(row.slug.items())
    query = select(CategorySlug.locale, CategorySlug.slug).where(
        tuple_(CategorySlug.locale, CategorySlug.slug).in_(wanted), CategorySlug.category_id != row.id
    )
    taken = (await session.execute(query)).all()
    if taken:
        raise Problem(
            409,
            "slug-taken",
            "Another category has this slug.",
            errors=[
                FieldError(pointer=f"/slug/{locale}", parameter=None, detail=f"{slug} is taken")
                for locale, slug in taken
            ],
        )
    await session.execute(delete(CategorySlug).where(CategorySlug.category_id == row.id))
    if wanted:
        values = [{"locale": locale, "slug": slug, "category_id": row.id} for locale, slug in wanted]
        await session.execute(insert(CategorySlug), values)


async def unknown(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that no category has."""
    if not keys:
        return set()
    return set(keys) - set(await session.scalars(select(CategoryRow.key).where(CategoryRow.key.in_(keys))))

"""What can be done with assortments, and working out which channel may see which product."""

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, insert, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import take_turns
from chassis.problems import FieldError, Problem

from ..categories.models import CategoryPath, CategoryRow
from ..channels.models import ChannelRow
from ..products.models import ProductRow
from ..publications.models import PublicationCategory, PublicationRow
from ..vocabulary.moments import window
from .models import AssortmentRow, Listing
from .schemas import AssortmentDraft

LISTINGS = "listings"
"""What those take turns for who work out what is listed, so that none overlooks what another one is about to commit."""

_MOST_NAMED = 20


def listed(key: str | None = None) -> Select[AssortmentRow]:
    """Return the query for assortments, or for the one with that key."""
    query = select(AssortmentRow)
    return query if key is None else query.where(AssortmentRow.key == key)


async def find(session: AsyncSession, assortment_id: UUID) -> AssortmentRow:
    """Return one assortment.

    :raises Problem: 404 when there is none.
    """
    row = await session.get(AssortmentRow, assortment_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such assortment.")
    return row


async def naming(
    session: AsyncSession, member: Literal["channels", "categories", "products"], keys: Iterable[str]
) -> list[str]:
    """Return the keys of some assortments that name one of these keys as a member."""
    named = set(keys)
    rows = await session.scalars(select(AssortmentRow).order_by(AssortmentRow.key))
    return [row.key for row in rows if not named.isdisjoint(getattr(row, member))][:_MOST_NAMED]


async def create(session: AsyncSession, draft: AssortmentDraft) -> AssortmentRow:
    """Store a new assortment; its channels see its products at once.

    :raises Problem: 409 when the key is taken, 422 when it names something that is not there.
    """
    await take_turns(session, LISTINGS)
    if await session.scalar(select(AssortmentRow.id).where(AssortmentRow.key == draft.key)):
        raise Problem(409, "key-taken", f"There is an assortment {draft.key} already.")
    await _refuse_dangling(session, draft)
    row = AssortmentRow(**draft.model_dump())
    session.add(row)
    await session.flush()
    await _list(session, row)
    return row


async def replace(session: AsyncSession, row: AssortmentRow, draft: AssortmentDraft) -> None:
    """Replace an assortment; what its channels see changes at once.

    :raises Problem: as :func:`create`, and 409 when the key would change.
    """
    if draft.key != row.key:
        raise Problem(409, "key-changed", f"The key of an assortment never changes; it is {row.key}.")
    await take_turns(session, LISTINGS)
    await _refuse_dangling(session, draft)
    before = row.version
    for name, value in draft.model_dump().items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    await session.flush()
    if row.version != before:
        await session.execute(delete(Listing).where(Listing.assortment_id == row.id))
        await _list(session, row)


async def remove(session: AsyncSession, row: AssortmentRow) -> None:
    """Delete an assortment; what only it offered is gone from its channels at once."""
    await take_turns(session, LISTINGS)
    await session.delete(row)
    await session.flush()


async def relist(session: AsyncSession, publications: Sequence[UUID] | Select[UUID], *, new: bool = False) -> None:
    """Work out again which channels may see these publications.

    Call it when categories move, in turns (:data:`LISTINGS`), and for new publications, among each other together.
    """
    if not new:
        await session.execute(delete(Listing).where(Listing.publication_id.in_(publications)))
    for assortment in await session.scalars(select(AssortmentRow)):
        await _list(session, assortment, publications)


async def _list(session: AsyncSession, row: AssortmentRow, only: Sequence[UUID] | Select[UUID] | None = None) -> None:
    """Pair the assortment's channels with the publications of its products, in the database."""
    conditions: list[ColumnElement[bool]] = []
    if row.everything:
        conditions.append(true())
    if row.products:
        conditions.append(PublicationRow.product.in_(row.products))
    if row.categories:
        members = (
            select(PublicationCategory.publication_id)
            .join(CategoryPath, CategoryPath.descendant == PublicationCategory.category)
            .where(CategoryPath.ancestor.in_(row.categories))
        )
        if only is not None:  # or everything that is in these categories is looked at for each few
            members = members.where(PublicationCategory.publication_id.in_(only))
        conditions.append(PublicationRow.id.in_(members))
    if not conditions:
        return
    begin, end = window(row.valid_from, row.valid_until)
    for channel in row.channels:
        chosen = select(
            literal(row.id, Listing.assortment_id.type),
            literal(channel),
            PublicationRow.id,
            literal(begin, Listing.visible_from.type),
            literal(end, Listing.visible_until.type),
        ).where(or_(*conditions), PublicationRow.ended.is_(False))
        if only is not None:
            chosen = chosen.where(PublicationRow.id.in_(only))
        names = ["assortment_id", "channel", "publication_id", "visible_from", "visible_until"]
        await session.execute(insert(Listing).from_select(names, chosen))


async def _refuse_dangling(session: AsyncSession, draft: AssortmentDraft) -> None:
    errors = []
    for member, table in (("channels", ChannelRow), ("categories", CategoryRow), ("products", ProductRow)):
        keys: list[str] = getattr(draft, member)
        # What is named stays until the end of this transaction.
        query = select(table.key).where(table.key.in_(keys)).order_by(table.id)
        known = set(await session.scalars(query.with_for_update(read=True, key_share=True))) if keys else set()
        errors += [
            FieldError(pointer=f"/{member}/{index}", parameter=None, detail=f"there is no {key}")
            for index, key in enumerate(keys)
            if key not in known
        ]
    if errors:
        raise Problem(422, "invalid-assortment", "The assortment names what is not there.", errors=errors)

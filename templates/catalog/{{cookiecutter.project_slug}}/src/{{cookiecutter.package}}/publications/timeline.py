"""Which publication of a product is seen when, and what happens when one is over."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now

from ..products import service as products
from ..products.holdings import holder, release
from ..products.models import ProductRow
from ..products.schemas import ProductState
from ..vocabulary.moments import microseconds, window
from . import events
from .entries import forget, forget_entries
from .models import Entry, PublicationRow


async def settle(session: AsyncSession, found: Sequence[ProductRow]) -> list[PublicationRow]:
    """Decide which publication of each product is seen when, and drop what will never be seen again.

    In each channel a publication is seen from its beginning until its end, its withdrawal, or the beginning of the
    next one. One that was withdrawn before it began is as if it had never been. What those that are over held, other
    products may take.

    :returns: the publications that are over since the last time.
    """
    by_key = {row.key: row for row in found}
    # The rows stay as they are until the end: nobody writes entries of a publication while this decides about it.
    query = select(PublicationRow).where(PublicationRow.product.in_(by_key), _still_counts())
    rows = (await session.scalars(query.order_by(PublicationRow.id).with_for_update())).all()
    by_product: dict[str, list[PublicationRow]] = {}
    for row in sorted(rows, key=lambda each: (each.valid_from, each.id)):
        by_product.setdefault(row.product, []).append(row)
    over = [row for timeline in by_product.values() for row in await _settle_one(session, timeline)]
    if over:
        await forget(session, [row.id for row in over])
        await session.flush()
        await _release(session, by_key, over)
    return over


async def _settle_one(session: AsyncSession, timeline: Sequence[PublicationRow]) -> list[PublicationRow]:
    present, over = microseconds(now()), []
    for row in timeline:
        alive = False
        for channel in row.channels:
            begin, end = _window(row, channel, timeline)
            alive = alive or (end > present and begin < end)
            if not row.ended and (len(timeline) > 1 or row.withdrawn_at is not None):
                here = update(Entry).where(Entry.publication_id == row.id, Entry.channel == channel)
                await session.execute(here.values(visible_from=begin, visible_until=end))
        if not alive and not row.ended:
            row.ended = True
            over.append(row)
    return over


async def _release(session: AsyncSession, by_key: Mapping[str, ProductRow], over: Sequence[PublicationRow]) -> None:
    freed = []
    for row in over:
        product = by_key[row.product]
        if row.document != product.document:
            definitions = await products.definitions_of(session, product.product_type)
            freed.append((holder(product.id, products.draft_of(product), definitions), row.document))
    await release(session, freed)


async def close(session: AsyncSession, found: Sequence[ProductRow]) -> None:
    """Make drafts of the published products of which nothing is published any more; of others tell what is left."""
    query = select(PublicationRow.product_id, PublicationRow.product_version, PublicationRow.created_at).where(
        PublicationRow.product_id.in_([row.id for row in found]), PublicationRow.ended.is_(False)
    )
    left = {each.product_id: each for each in await session.execute(query.order_by(PublicationRow.id))}
    for row in found:
        if row.state != ProductState.PUBLISHED:
            continue
        if (latest := left.get(row.id)) is None:
            row.state = ProductState.DRAFT
            row.published_version = row.published_at = None
        elif row.published_version != latest.product_version + 1:  # publishing counts as a change
            row.published_version, row.published_at = latest.product_version + 1, latest.created_at
    await session.flush()


async def lapse(session: AsyncSession, limit: int) -> bool:
    """Close publications whose time is over: tell it, free what they held, and delete what nobody will see again.

    :param limit: how many products to look after at once.
    :returns: whether there were any.
    """
    present = microseconds(now())
    late = select(Entry.product).where(Entry.visible_until <= present).distinct().limit(limit)
    query = select(ProductRow).where(ProductRow.key.in_(late)).order_by(ProductRow.id)
    found = (await session.scalars(query.with_for_update(skip_locked=True, key_share=True))).all()
    if not found:
        return False
    await catch_up(session, found)
    # In one channel it may be over, and go on in another one.
    past = select(Entry.id).where(Entry.product.in_([row.key for row in found]), Entry.visible_until <= present)
    await forget_entries(session, list(await session.scalars(past)))
    return True


async def catch_up(session: AsyncSession, found: Sequence[ProductRow]) -> None:
    """Settle the publications of products, close what time has closed, and tell it."""
    over = await settle(session, found)
    await close(session, found)
    by_key = {row.key: row for row in found}
    for publication in over:
        if publication.valid_until is not None and publication.valid_until <= now():
            await events.tell(session, events.UNPUBLISHED, by_key[publication.product], publication)


def _still_counts() -> ColumnElement[bool]:
    return PublicationRow.ended.is_(False) | PublicationRow.withdrawn_at.is_not(None)


def _window(row: PublicationRow, channel: str, timeline: Sequence[PublicationRow]) -> tuple[int, int]:
    begin, end = window(row.valid_from, row.valid_until)
    if row.withdrawn_at is not None:
        end = min(end, microseconds(row.withdrawn_at))
    for later in timeline[timeline.index(row) + 1 :]:
        never_began = later.withdrawn_at is not None and later.withdrawn_at <= later.valid_from
        if channel in later.channels and not never_began:
            end = min(end, microseconds(later.valid_from))
    return begin, end

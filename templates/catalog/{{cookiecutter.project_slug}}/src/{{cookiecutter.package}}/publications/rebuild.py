"""Writing anew what touchpoints read, piece by piece, when a channel or a product type has changed.

Each piece is a transaction of its own. Until its turn comes, what was written before stays valid: readers never find
nothing where there was something, and a change never takes longer than its own request, however much is published.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, now
from chassis.logs import logger
from chassis.problems import Problem

from ..channels.models import ChannelRow
from ..product_types.schemas import AttributeDefinition
from ..products import service as products
from ..products.models import ProductRow
from ..products.schemas import ProductDraft
from ..storefront.reading import forget_languages
from .entries import Frozen, forget_entries, rewrite
from .models import Entry, PublicationRow, Rebuild
from .representation import Subject
from .service import target_of
from .timeline import catch_up

Kind = Literal["channel", "product_type"]

_PIECE = 100
_MOST_ENTRIES = 500
_AFTER_A_FAILURE = timedelta(minutes=1)
_OTHERS_NOTICE = timedelta(seconds=10)
"""How long other processes may go on answering in the languages that a channel has left."""


async def order(session: AsyncSession, kind: Kind, key: str) -> None:
    """Have everything written anew that a channel shows, or that is of a product type."""
    session.add(Rebuild(kind=kind, key=key, position=None, written=False, due_at=now()))
    await session.flush()


async def pending(session: AsyncSession, kind: Kind, key: str) -> bool:
    """Return whether something is still to be written anew."""
    found = await session.scalar(select(exists().where(Rebuild.kind == kind, Rebuild.key == key)))
    return bool(found)


async def work_off_next(database: Database) -> bool:
    """Work off one piece of the oldest order that is due, in one transaction.

    One that fails is tried again after a while, and the others have their turn meanwhile.

    :returns: whether there was something to do that nobody else is at.
    :raises Problem: 503 when the database is away: that is no failure of the order.
    """
    job_id: UUID | None = None
    async with database.reading() as session:  # most often there is nothing, and nobody's lock is taken for that
        if await session.scalar(select(Rebuild.id).limit(1)) is None:
            return False
    try:
        async with database.transaction() as session:
            oldest = select(Rebuild.id).where(Rebuild.due_at <= now()).order_by(Rebuild.id).limit(1).scalar_subquery()
            # One at a time: whoever holds the oldest order is at work, and the next one may be about the same entries.
            job = await session.scalar(select(Rebuild).where(Rebuild.id == oldest).with_for_update(skip_locked=True))
            if job is None:
                return False
            job_id = job.id
            newer = exists().where(Rebuild.kind == job.kind, Rebuild.key == job.key, Rebuild.id > job.id)
            if await session.scalar(select(newer)):
                await session.delete(job)
            elif job.kind == "product_type":
                await _type_piece(session, job)
            elif (channel := await _locked_channel(session, job.key)) is None:
                await _clearing_piece(session, job)
            elif job.written:
                await _leaving_piece(session, job, channel)
            else:
                await _channel_piece(session, job, channel)
    except Exception as error:  # whatever it is: it is tried again later, and holds up no other order
        if job_id is None or (isinstance(error, Problem) and error.status == 503):
            raise
        await _postpone(database, job_id, error)
    forget_languages()
    return True


async def _postpone(database: Database, job_id: UUID, error: Exception) -> None:
    """Have an order tried again later: there is a defect, of the service or of what is stored, for somebody to mend."""
    async with database.transaction() as session:
        job = await session.get(Rebuild, job_id, with_for_update=True)
        if job is not None:
            logger().error("rebuild failed", kind=job.kind, key=job.key, exc_info=error)
            job.due_at = now() + _AFTER_A_FAILURE


async def _locked_channel(session: AsyncSession, key: str) -> ChannelRow | None:
    query = select(ChannelRow).where(ChannelRow.key == key)
    found: ChannelRow | None = await session.scalar(query.with_for_update(key_share=True))
    return found


async def _next_publications(session: AsyncSession, job: Rebuild) -> Sequence[PublicationRow]:
    """Return the next live publications, and keep them as they are: none ends while it is written."""
    query = select(PublicationRow).where(PublicationRow.ended.is_(False)).order_by(PublicationRow.id).limit(_PIECE)
    if job.position is not None:
        query = query.where(PublicationRow.id > job.position)
    if job.kind == "product_type":
        of_type = select(ProductRow.id).where(ProductRow.product_type == job.key)
        query = query.where(PublicationRow.product_id.in_(of_type))
    found = (await session.scalars(query.with_for_update(key_share=True))).all()
    if found:
        job.position = found[-1].id
    return found


async def _channel_piece(session: AsyncSession, job: Rebuild, channel: ChannelRow) -> None:
    """Write the next publications in the channel's new languages; after the last one these are what is answered in."""
    found = await _next_publications(session, job)
    shown = [each for each in found if job.key in each.channels]
    if shown:
        target = target_of(channel)
        await rewrite(session, await _frozen(session, shown, {}), [target])
        await catch_up(session, await _products_of(session, shown))
    if not found:
        # Not a change of the channel as its caller knows it: its version stays.
        await session.execute(
            update(ChannelRow).where(ChannelRow.id == channel.id).values(live_locales=channel.locales)
        )
        job.written, job.due_at = True, now() + _OTHERS_NOTICE
        _tell_done(job)


async def _leaving_piece(session: AsyncSession, job: Rebuild, channel: ChannelRow) -> None:
    """Delete entries in the languages that the channel has left."""
    kept = [each["locale"] for each in channel.live_locales]
    query = select(Entry.id).where(Entry.channel == job.key, Entry.locale.not_in(kept)).limit(_MOST_ENTRIES)
    entries = list(await session.scalars(query))
    if entries:
        await forget_entries(session, entries)
    else:
        await session.delete(job)


async def _clearing_piece(session: AsyncSession, job: Rebuild) -> None:
    """Delete what a channel showed that is no more."""
    found = await _next_publications(session, job)
    shown = [each for each in found if job.key in each.channels]
    for publication in shown:
        publication.channels = [key for key in publication.channels if key != job.key]
    ids = [each.id for each in shown]
    query = select(Entry.id).where(Entry.publication_id.in_(ids), Entry.channel == job.key)
    await forget_entries(session, list(await session.scalars(query)))
    if shown:
        await catch_up(session, await _products_of(session, shown))
    if not found:
        await session.delete(job)
        _tell_done(job)


async def _type_piece(session: AsyncSession, job: Rebuild) -> None:
    """Write the next publications of a product type with its present labels and flags."""
    # In the order in which publishing locks them.
    definitions = {job.key: await products.definitions_of(session, job.key)} if await _in_use(session, job) else {}
    query = select(ChannelRow).order_by(ChannelRow.key).with_for_update(read=True)
    channels = (await session.scalars(query)).all()
    found = await _next_publications(session, job)
    if not found:
        await session.delete(job)
        _tell_done(job)
        return
    await rewrite(session, await _frozen(session, found, definitions), [target_of(channel) for channel in channels])
    await catch_up(session, await _products_of(session, found))


def _tell_done(job: Rebuild) -> None:
    logger().info("rebuilt", kind=job.kind, key=job.key)


async def _in_use(session: AsyncSession, job: Rebuild) -> bool:
    return bool(await session.scalar(select(exists().where(ProductRow.product_type == job.key))))


async def _frozen(
    session: AsyncSession,
    found: Sequence[PublicationRow],
    definitions: dict[str, list[AttributeDefinition]],
) -> list[Frozen]:
    made = []
    for publication in found:
        draft = ProductDraft.model_validate(publication.document)
        if draft.product_type not in definitions:
            definitions[draft.product_type] = await products.definitions_of(session, draft.product_type)
        subject = Subject(product_id=publication.product_id, draft=draft, definitions=definitions[draft.product_type])
        made.append(Frozen(publication=publication, subject=subject))
    return made


async def _products_of(session: AsyncSession, found: Sequence[PublicationRow]) -> Sequence[ProductRow]:
    ids = {each.product_id for each in found}
    query = select(ProductRow).where(ProductRow.id.in_(ids)).order_by(ProductRow.id)
    return (await session.scalars(query)).all()

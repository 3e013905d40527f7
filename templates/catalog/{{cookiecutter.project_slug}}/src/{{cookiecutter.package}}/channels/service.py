"""What can be done with channels."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import take_turns
from chassis.problems import Problem

from ..assortments import service as assortments
from ..publications import rebuild
from ..storefront.reading import forget_languages
from .models import ChannelRow
from .schemas import ChannelDraft

_KEYS = "channels"
"""What those take turns for who create channels: of two with one key the second one is told so."""


def listed(key: str | None = None) -> Select[ChannelRow]:
    """Return the query for channels, or for the one with that key."""
    query = select(ChannelRow)
    return query if key is None else query.where(ChannelRow.key == key)


async def find(session: AsyncSession, channel_id: UUID) -> ChannelRow:
    """Return one channel.

    :raises Problem: 404 when there is none.
    """
    row = await session.get(ChannelRow, channel_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such channel.")
    return row


async def create(session: AsyncSession, draft: ChannelDraft) -> ChannelRow:
    """Store a new channel. It shows what is published for it from now on.

    :raises Problem: 409 when the key is taken, or was until a moment ago.
    """
    await take_turns(session, _KEYS)
    if await session.scalar(select(ChannelRow.id).where(ChannelRow.key == draft.key)):
        raise Problem(409, "key-taken", f"There is a channel {draft.key} already.")
    if await rebuild.pending(session, "channel", draft.key):
        raise Problem(
            409, "still-clearing", "What the former channel of this key showed is being deleted; wait a little."
        )
    written = draft.model_dump(mode="json")
    row = ChannelRow(**written, live_locales=written["locales"])
    session.add(row)
    await session.flush()
    return row


async def replace(session: AsyncSession, row: ChannelRow, draft: ChannelDraft) -> None:
    """Replace a channel; what it shows is written anew by a worker. Until then it shows what it showed.

    :raises Problem: 409 when the key would change.
    """
    if draft.key != row.key:
        raise Problem(409, "key-changed", f"The key of a channel never changes; it is {row.key}.")
    before = row.version
    for name, value in draft.model_dump(mode="json").items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    await session.flush()
    if row.version != before:
        await rebuild.order(session, "channel", row.key)


async def remove(session: AsyncSession, row: ChannelRow) -> None:
    """Delete a channel that no assortment names. It shows nothing any more; a worker deletes what it showed.

    :raises Problem: 409 when one does.
    """
    # Whoever names a channel locks it: none can slip in behind this look.
    await session.execute(select(ChannelRow.id).where(ChannelRow.id == row.id).with_for_update())
    if using := await assortments.naming(session, "channels", [row.key]):
        raise Problem(409, "in-use", f"Assortments name it, such as {', '.join(using)}.")
    await session.delete(row)
    await session.flush()
    await rebuild.order(session, "channel", row.key)
    forget_languages()

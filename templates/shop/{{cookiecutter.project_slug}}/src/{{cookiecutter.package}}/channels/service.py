"""What can be done with channels."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from . import events
from .models import ChannelRow
from .schemas import ChannelDraft, ChannelPatch


def listed(tenant: str, key: str | None = None) -> Select[ChannelRow]:
    """Return the query for the channels of a house, or for the one with that key."""
    query = select(ChannelRow).where(ChannelRow.tenant == tenant)
    return query if key is None else query.where(ChannelRow.key == key)


async def find(session: AsyncSession, tenant: str, channel_id: UUID) -> ChannelRow:
    """Return one channel.

    :raises Problem: 404 when the house has no such channel.
    """
    row = await session.scalar(listed(tenant).where(ChannelRow.id == channel_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such channel.")
    return row


async def named(session: AsyncSession, tenant: str, key: str) -> ChannelRow:
    """Return the channel that a request names.

    :raises Problem: 422 when the house has no such channel.
    """
    row = await session.scalar(listed(tenant, key))
    if row is None:
        raise unknown(key)
    return row


def unknown(key: str) -> Problem:
    """Return the answer to a request that names no channel of the house."""
    detail = f"There is no channel {key}."
    at = FieldError(pointer="/channel", parameter=None, detail=detail)
    return Problem(422, "unknown-channel", detail, errors=[at])


async def create(session: AsyncSession, tenant: str, draft: ChannelDraft) -> ChannelRow:
    """Store a new channel.

    :raises Problem: 409 when the key is taken.
    """
    key = draft.key or uuid7().hex
    if await session.scalar(listed(tenant, key)):
        raise Problem(409, "key-taken", f"There is a channel {key} already.")
    row = ChannelRow(tenant=tenant, **draft.model_dump(mode="json") | {"key": key})
    session.add(row)
    await session.flush()
    await events.tell(session, row, "created")
    return row


async def change(session: AsyncSession, row: ChannelRow, draft: ChannelDraft, patch: ChannelPatch) -> None:
    """Store the members that a patch changes.

    :param draft: the channel as it is after the patch, checked as a whole.
    """
    before = row.version
    for name, value in draft.model_dump(mode="json", include=patch.model_fields_set).items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    await session.flush()
    if row.version != before:
        await events.tell(session, row, "changed")


async def remove(session: AsyncSession, row: ChannelRow) -> None:
    """Delete a channel; carts in it can no longer be ordered."""
    await session.delete(row)
    await session.flush()
    await events.tell(session, row, "deleted")

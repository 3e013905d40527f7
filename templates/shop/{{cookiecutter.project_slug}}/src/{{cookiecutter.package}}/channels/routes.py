"""Channels over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Key

from . import service
from .models import ChannelRow
from .schemas import Channel, ChannelDraft, ChannelPatch

router = resource_router("/v1/channels", tag="channels")

ChannelId = Annotated[UUID, Path(description="the channel's id")]


@router.get("", summary="List channels")
@requires("shop:read")
async def list_channels(
    caller: Caller,
    session: Session,
    page: PageRequest,
    key: Annotated[Key | None, Query(description="only the one with this key")] = None,
) -> Page[Channel]:
    """List channels, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller.tenant, key), ChannelRow.id)
    return Page(items=[Channel.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a channel", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def create_channel(caller: Caller, session: Session, draft: ChannelDraft, response: Response) -> Channel:
    """Create a channel; its key must be new."""
    row = await service.create(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/channels/{row.id}"
    response.headers["ETag"] = etag(row)
    return Channel.model_validate(row)


@router.get("/{channel_id}", summary="Read a channel")
@requires("shop:read")
async def read_channel(caller: Caller, session: Session, channel_id: ChannelId, copy: IfNoneMatch) -> Channel:
    """Read one channel."""
    row = await service.find(session, caller.tenant, channel_id)
    copy.check(row)
    return Channel.model_validate(row)


@router.patch("/{channel_id}", summary="Change a channel")
@requires("shop:write")
async def update_channel(
    caller: Caller, session: Session, channel_id: ChannelId, seen: IfMatch, patch: ChannelPatch
) -> Channel:
    """Change some members and leave the others; carts see it when they are priced again."""
    row = await service.find(session, caller.tenant, channel_id)
    seen.check(row)
    await service.change(session, row, patched(ChannelDraft.model_validate(row), patch), patch)
    seen.changed(row)
    return Channel.model_validate(row)


@router.delete("/{channel_id}", status_code=204, summary="Delete a channel")
@requires("shop:write")
async def delete_channel(caller: Caller, session: Session, channel_id: ChannelId, seen: IfMatch) -> None:
    """Delete a channel; carts in it can no longer be ordered."""
    row = await service.find(session, caller.tenant, channel_id)
    seen.check(row)
    await service.remove(session, row)

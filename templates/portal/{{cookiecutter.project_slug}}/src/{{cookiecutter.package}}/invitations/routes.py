"""Invitations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.rate_limit import RateLimiter

from ..access.permissions import Role
from ..members.routes import shown
from ..members.schemas import Member
from . import service
from .models import InvitationRow
from .schemas import Acceptance, Invitation, InvitationDraft, InvitationToken

router = resource_router("/v1/invitations", tag="invitations")
acceptances = resource_router("/v1/invitation-acceptances", tag="invitations")

InvitationId = Annotated[UUID, Path(description="the invitation's id")]


def _shown(row: InvitationRow) -> Invitation:
    return Invitation(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        unit_id=row.unit_id,
        email=row.email,
        roles=[Role(role) for role in row.roles],
        state=service.state_of(row),
        expires_at=row.expires_at,
    )


@router.get("", summary="List invitations")
@requires("portal:read")
async def list_invitations(
    caller: Caller,
    session: Session,
    page: PageRequest,
    unit_id: Annotated[UUID | None, Query(description="only those into this unit")] = None,
) -> Page[Invitation]:
    """List the invitations into units whose members the caller manages, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, unit_id), InvitationRow.id)
    return Page(items=[_shown(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Invite somebody", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_invitation(
    request: Request, caller: Caller, session: Session, draft: InvitationDraft, response: Response
) -> Invitation:
    """Invite somebody into a business unit. Then ask for the invitation's token, and send it to whom it is for."""
    row = await service.invite(session, caller, draft, request.app.state.settings)
    response.headers["Location"] = f"/v1/invitations/{row.id}"
    response.headers["ETag"] = etag(row)
    return _shown(row)


# No Idempotency-Key: the stored answer would keep the token that nothing may keep. Asking again gives another one.
@router.post("/{invitation_id}/tokens", summary="Ask for an invitation's token", responses={409: {}})
@requires("portal:write")
async def create_invitation_token(caller: Caller, session: Session, invitation_id: InvitationId) -> InvitationToken:
    """Make a token, told this once; the one before it is useless from now on."""
    row = await service.find(session, caller, invitation_id)
    return InvitationToken(token=await service.new_token(session, row), expires_at=row.expires_at)


@router.get("/{invitation_id}", summary="Read an invitation")
@requires("portal:read")
async def read_invitation(
    caller: Caller, session: Session, invitation_id: InvitationId, copy: IfNoneMatch
) -> Invitation:
    """Read one invitation; its token is not told again."""
    row = await service.find(session, caller, invitation_id)
    copy.check(row)
    return _shown(row)


@router.delete("/{invitation_id}", status_code=204, summary="Revoke an invitation", responses={409: {}})
@requires("portal:write")
async def delete_invitation(caller: Caller, session: Session, invitation_id: InvitationId, seen: IfMatch) -> None:
    """Make an invitation useless that nobody has accepted yet."""
    row = await service.find(session, caller, invitation_id)
    seen.check(row)
    await service.revoke(session, row)


@acceptances.post("", status_code=201, summary="Accept an invitation", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def accept_invitation(
    request: Request, caller: Caller, session: Session, acceptance: Acceptance, response: Response
) -> Member:
    """Become a member by the token of an invitation, which is used up by that."""
    attempts: RateLimiter = request.app.state.invitation_attempts
    attempts.take(caller.key)
    row = await service.accept(session, caller, acceptance.token)
    response.headers["Location"] = f"/v1/members/{row.id}"
    response.headers["ETag"] = etag(row)
    return (await shown(session, [row]))[0]

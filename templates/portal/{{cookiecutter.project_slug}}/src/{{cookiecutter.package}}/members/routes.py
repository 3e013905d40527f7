"""Members over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch

from ..access.permissions import Permission, Role
from . import service
from .models import MembershipRow
from .schemas import Member, MemberPatch, MemberPerson, MemberWritable

router = resource_router("/v1/members", tag="members")

MemberId = Annotated[UUID, Path(description="the member's id")]


async def shown(session: Session, rows: Sequence[MembershipRow]) -> list[Member]:
    """Return memberships with what their persons say about themselves."""
    people = await service.people_of(session, rows)
    return [
        Member(
            id=row.id,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            unit_id=row.unit_id,
            roles=[Role(one.role) for one in row.granted],
            person=MemberPerson.model_validate(people[row.person_id], from_attributes=True),
        )
        for row in rows
    ]


@router.get("", summary="List members")
@requires("portal:read")
async def list_members(
    caller: Caller,
    session: Session,
    page: PageRequest,
    unit_id: Annotated[UUID | None, Query(description="only those of this unit, without the ones above it")] = None,
) -> Page[Member]:
    """List the members of the caller's units, or the caller alone where its roles do not show the others."""
    rows, following = await page.fetch(session, service.listed(caller, unit_id), MembershipRow.id)
    return Page(items=await shown(session, rows), next=following)


@router.get("/{member_id}", summary="Read a member")
@requires("portal:read")
async def read_member(caller: Caller, session: Session, member_id: MemberId, copy: IfNoneMatch) -> Member:
    """Read one member."""
    row = await service.find(session, caller, member_id)
    copy.check(row)
    return (await shown(session, [row]))[0]


@router.patch("/{member_id}", summary="Change a member's roles", responses={409: {}})
@requires("portal:write")
async def update_member(
    caller: Caller, session: Session, member_id: MemberId, seen: IfMatch, patch: MemberPatch
) -> Member:
    """Give a member other roles. A unit that has an admin keeps one."""
    row = await service.find(session, caller, member_id, Permission.MANAGE_MEMBERS)
    seen.check(row)
    draft = patched(MemberWritable(roles=[Role(one.role) for one in row.granted]), patch)
    await service.change_roles(session, caller, row, draft.roles)
    seen.changed(row)
    return (await shown(session, [row]))[0]


@router.delete("/{member_id}", status_code=204, summary="End a membership", responses={409: {}})
@requires("portal:write")
async def delete_member(caller: Caller, session: Session, member_id: MemberId, seen: IfMatch) -> None:
    """Leave a unit, or make somebody else leave. The last admin cannot; somebody else has to become admin first."""
    row = await service.to_end(session, caller, member_id)
    seen.check(row)
    await service.end(session, caller, row)

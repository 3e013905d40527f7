"""What can be done with members. A unit that has an admin keeps one, whoever leaves at the same time."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.problems import Problem

from ..access.permissions import Permission, Role
from ..access.service import in_reach, me, the_one
from ..orders.service import follow
from ..people.models import PersonRow
from ..units.models import UnitPath, UnitRow
from . import events
from .models import MembershipRole, MembershipRow
from .partings import lost_quotes


def listed(
    caller: Principal, unit_id: UUID | None = None, *, by: Permission = Permission.VIEW_MEMBERS
) -> Select[MembershipRow]:
    """Return the query for the memberships that the caller may do something with, or those of one unit."""
    query = select(MembershipRow).where(in_reach(caller, MembershipRow, by))
    return query if unit_id is None else query.where(MembershipRow.unit_id == unit_id)


async def find(
    session: AsyncSession, caller: Principal, membership_id: UUID, by: Permission = Permission.VIEW_MEMBERS
) -> MembershipRow:
    """Return one membership.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = MembershipRow.id == membership_id
    seen = listed(caller).where(one)
    return await the_one(session, listed(caller, by=by).where(one), name="member", seen=seen)


async def people_of(session: AsyncSession, rows: Sequence[MembershipRow]) -> Mapping[UUID, PersonRow]:
    """Return the persons of memberships, by id."""
    found = await session.scalars(select(PersonRow).where(PersonRow.id.in_({row.person_id for row in rows})))
    return {person.id: person for person in found}


async def join(session: AsyncSession, unit: UnitRow, person_id: UUID, roles: Sequence[Role]) -> MembershipRow:
    """Make a person a member of a unit, or give a member more roles. What it bought for the unit before goes along."""
    query = select(MembershipRow).where(MembershipRow.unit_id == unit.id, MembershipRow.person_id == person_id)
    row = await session.scalar(query)
    if row is not None:
        await _grant(session, row, {*roles, *(one.role for one in row.granted)})
        return row
    await session.execute(select(PersonRow.id).where(PersonRow.id == person_id).with_for_update())
    row = MembershipRow(tenant=unit.tenant, unit_id=unit.id, person_id=person_id)
    row.granted = [MembershipRole(role=role) for role in sorted(set(roles))]
    session.add(row)
    await session.flush()
    await follow(session, person_id, unit.id)
    await events.tell(session, events.JOINED, row)
    return row


async def change_roles(session: AsyncSession, caller: Principal, row: MembershipRow, roles: Sequence[Role]) -> None:
    """Give a member other roles.

    :raises Problem: 409 when the unit would lose its last admin.
    """
    await _lock_unit(session, row.unit_id)
    await _grant(session, row, set(roles))
    if Role.ADMIN not in roles:
        await _keep_an_admin(session, caller, row.unit_id)


async def to_end(session: AsyncSession, caller: Principal, membership_id: UUID) -> MembershipRow:
    """Return a membership that the caller may end: its own, or one of a unit whose members it manages.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    own = select(MembershipRow).where(
        MembershipRow.tenant == caller.tenant, MembershipRow.id == membership_id, MembershipRow.person_id == me(caller)
    )
    return await session.scalar(own) or await find(session, caller, membership_id, Permission.MANAGE_MEMBERS)


async def end(session: AsyncSession, caller: Principal, row: MembershipRow) -> None:
    """End a membership.

    :raises Problem: 409 when the unit would lose its last admin.
    """
    await _lock_unit(session, row.unit_id)
    was_admin = any(one.role == Role.ADMIN for one in row.granted)
    await session.delete(row)
    await session.flush()
    await events.tell(session, events.LEFT, row, await lost_quotes(session, row))
    if was_admin:
        await _keep_an_admin(session, caller, row.unit_id)


async def _grant(session: AsyncSession, row: MembershipRow, roles: set[str]) -> None:
    present = {one.role for one in row.granted}
    if roles == present:
        return
    row.granted = [one for one in row.granted if one.role in roles] + [
        MembershipRole(role=role) for role in sorted(roles - present)
    ]
    row.updated_at = now()  # the roles are rows of their own: this is what makes a new version
    await session.flush()
    await events.tell(session, events.CHANGED, row, await lost_quotes(session, row))


async def _lock_unit(session: AsyncSession, unit_id: UUID) -> None:
    # Two admins that leave at the same time each see the other one. In line, the second one sees nobody.
    await session.execute(select(UnitRow.id).where(UnitRow.id == unit_id).with_for_update())


def admins(unit_ids: Select[UUID] | Sequence[UUID]) -> Select[UUID]:
    """Return the query for the persons who are admins of exactly these units."""
    return (
        select(MembershipRow.person_id)
        .join(MembershipRole, MembershipRole.membership_id == MembershipRow.id)
        .where(MembershipRow.unit_id.in_(unit_ids), MembershipRole.role == Role.ADMIN)
    )


async def _keep_an_admin(session: AsyncSession, caller: Principal, unit_id: UUID) -> None:
    above = select(UnitPath.ancestor).where(UnitPath.descendant == unit_id, UnitPath.depth > 0)
    # Whoever is an admin further up may take the unit over; in the account's own unit there is nobody further up.
    taken_over = admins(above).where(MembershipRow.person_id == me(caller))
    if not await session.scalar(select(exists(admins([unit_id])) | exists(taken_over))):
        raise Problem(409, "last-admin", "This is the unit's last admin; make another member admin first.")

"""The one filter: what a caller may see is decided in the query, so there is nothing to forget after it.

A caller is a person of a tenant, and a person is a member of business units with roles. What a role permits, it permits
in its unit and in everything below.
"""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Base
from chassis.problems import Problem

from ..members.models import MembershipRole, MembershipRow
from ..people.models import PersonRow
from ..units.models import UnitPath, UnitRow
from ..vocabulary.columns import OfPerson, OfUnit
from .permissions import Permission, Reach, roles_with

_Row = TypeVar("_Row", bound=Base)


def me(caller: Principal) -> ScalarSelect[UUID]:
    """Return the caller's person, as a subquery: nobody, if the caller has never written anything."""
    return (
        select(PersonRow.id)
        .where(PersonRow.tenant == caller.tenant, PersonRow.subject == caller.subject)
        .scalar_subquery()
    )


def units(caller: Principal, permission: Permission, reach: Reach = Reach.ALL) -> Select[UUID]:
    """Return the units in which the caller may do something with things of that reach."""
    return (
        select(UnitPath.descendant)
        .join(MembershipRow, MembershipRow.unit_id == UnitPath.ancestor)
        .join(MembershipRole, MembershipRole.membership_id == MembershipRow.id)
        .where(
            MembershipRow.tenant == caller.tenant,
            MembershipRow.person_id == me(caller),
            MembershipRole.role.in_(roles_with(permission, reach)),
        )
    )


def in_reach(caller: Principal, row: type[OfUnit], permission: Permission) -> ColumnElement[bool]:
    """Return the condition under which a row of a unit is within the caller's reach."""
    everyones = row.unit_id.in_(units(caller, permission))
    if not issubclass(row, OfPerson):
        return and_(row.tenant == caller.tenant, everyones)
    own = and_(row.person_id == me(caller), row.unit_id.in_(units(caller, permission, Reach.OWN)))
    return and_(row.tenant == caller.tenant, or_(everyones, own))


async def the_one(session: AsyncSession, allowed: Select[_Row], *, name: str, seen: Select[_Row] | None = None) -> _Row:
    """Return the one row that a query for what is allowed finds.

    :param seen: the query for what the caller may at least see.
    :raises Problem: 404 when there is nothing for this caller to see, 403 when it is seen and may not be changed.
    """
    found = await session.scalar(allowed)
    if found is not None:
        return found
    if seen is not None and await session.scalar(seen) is not None:
        raise Problem(403, "missing-permission", f"Your roles do not allow this with this {name}.")
    raise Problem(404, "not-found", f"There is no such {name}.")


async def unit_for(session: AsyncSession, caller: Principal, unit_id: UUID, permission: Permission) -> UnitRow:
    """Return a unit in which the caller may do something, at least for itself.

    :raises Problem: 404 when there is none for this caller to see, 403 when its roles do not allow it.
    """
    query = select(UnitRow).where(UnitRow.id == unit_id, UnitRow.tenant == caller.tenant)
    return await the_one(
        session,
        query.where(UnitRow.id.in_(units(caller, permission, Reach.OWN))),
        name="business unit",
        seen=query.where(UnitRow.id.in_(units(caller, Permission.VIEW_UNIT))),
    )

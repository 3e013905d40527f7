"""The one filter: what a caller may see is decided in the query, so there is nothing to forget after it.

A caller is a person of a tenant, and a person is a member of business units with roles. What a role permits, it permits
in its unit and in everything below.
"""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Base
from chassis.problems import Problem

from ..members.models import MembershipRole, MembershipRow
from ..people.models import PersonRow
from ..units.models import UnitPath, UnitRow
from ..vocabulary.columns import MaybeOfPerson, OfPerson, OfUnit
from .permissions import Permission, Reach, roles_with

_Row = TypeVar("_Row", bound=Base)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Who asks and what was granted, as parts of a query.

    ``tenant`` is whose house it is, ``person`` the person, ``granted`` the rows of ``unit_id`` and ``role``: every role
    in the unit in which it was given and in everything below.
    """

    tenant: ColumnElement[str]
    person: ColumnElement[UUID]
    granted: FromClause

    def units(self, permission: Permission, reach: Reach = Reach.ALL) -> Select[UUID]:
        """Return the units in which the person may do something with things of that reach."""
        column, role = self.granted.c.unit_id, self.granted.c.role
        return select(column).where(role.in_(roles_with(permission, reach)))

    def covers(self, row: type[OfUnit | MaybeOfPerson], permission: Permission) -> ColumnElement[bool]:
        """Return the condition under which the person may do something with a row of a unit."""
        of_house, everyones = row.tenant == self.tenant, row.unit_id.in_(self.units(permission))
        if not issubclass(row, OfPerson | MaybeOfPerson):
            return and_(of_house, everyones)
        # Who may see everyone's may see its own: so the units alone lead to the rows, by an index, whosever they are.
        within = row.unit_id.in_(self.units(permission, Reach.OWN))
        return and_(of_house, within, or_(everyones, row.person_id == self.person))


def person_of(tenant: ColumnElement[str], subject: ColumnElement[str]) -> Select[UUID]:
    """Return the query for the id of a person: nothing, if it has never written anything."""
    return select(PersonRow.id).where(PersonRow.tenant == tenant, PersonRow.subject == subject)


def granted_to(tenant: ColumnElement[str], person: ColumnElement[UUID]) -> Select[UUID, str]:
    """Return the query for the roles of a person: in the unit in which each was given, and in everything below."""
    return (
        select(UnitPath.descendant.label("unit_id"), MembershipRole.role)
        .join(MembershipRow, MembershipRow.unit_id == UnitPath.ancestor)
        .join(MembershipRole, MembershipRole.membership_id == MembershipRow.id)
        .where(MembershipRow.tenant == tenant, MembershipRow.person_id == person)
    )


def standing(caller: Principal) -> Standing:
    """Return where a caller stands."""
    tenant = literal(caller.tenant)
    person = person_of(tenant, literal(caller.subject)).scalar_subquery()
    return Standing(tenant=tenant, person=person, granted=granted_to(tenant, person).subquery())


def me(caller: Principal) -> ColumnElement[UUID]:
    """Return the caller's person, as a subquery: nobody, if the caller has never written anything."""
    return standing(caller).person


def units(caller: Principal, permission: Permission, reach: Reach = Reach.ALL) -> Select[UUID]:
    """Return the units in which the caller may do something with things of that reach."""
    return standing(caller).units(permission, reach)


def in_reach(caller: Principal, row: type[OfUnit | MaybeOfPerson], permission: Permission) -> ColumnElement[bool]:
    """Return the condition under which a row of a unit is within the caller's reach."""
    return standing(caller).covers(row, permission)


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

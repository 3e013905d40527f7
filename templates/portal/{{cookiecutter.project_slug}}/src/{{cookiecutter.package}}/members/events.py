"""What the rest of the company learns about members."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import UnitFact
from .models import MembershipRow


class MemberFact(UnitFact):
    """Who is what in which unit."""

    person_id: UUID = Field(description="the person, by the portal's own identifier")
    roles: list[str] = Field(description="what the member is to the unit, after the change")
    quotes: list[UUID] = Field(description="quotes that it has accepted, and orders by no more from now on")


JOINED = EventType(name="member.joined", summary="A person became a member of a business unit.", data=MemberFact)
CHANGED = EventType(name="member.changed", summary="The roles of a member were changed.", data=MemberFact)
LEFT = EventType(name="member.left", summary="A person is no longer a member of a business unit.", data=MemberFact)


async def tell(session: AsyncSession, kind: EventType, row: MembershipRow, lost: Sequence[UUID] = ()) -> None:
    """Record what happened to a membership, in the transaction that makes it so.

    :param lost: the quotes that the member has accepted, and has no more to do with.
    """
    roles = sorted(one.role for one in row.granted)
    fact = MemberFact(
        id=row.id, version=row.version, unit_id=row.unit_id, person_id=row.person_id, roles=roles, quotes=list(lost)
    )
    await record(session, kind, subject=f"members/{row.id}", data=fact, tenant=row.tenant)

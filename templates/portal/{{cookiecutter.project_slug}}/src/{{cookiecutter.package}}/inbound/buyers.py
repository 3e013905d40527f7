"""For whom somebody bought. A buyer names the business unit, so what is named has to be the buyer's own."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.guests import is_guest

from ..access.permissions import Role
from ..accounts.models import AccountRow
from ..accounts.schemas import AccountKind, AccountState
from ..members.models import MembershipRole, MembershipRow
from ..people.models import PersonRow
from ..people.service import ensure
from ..units.models import UnitPath, UnitRow
from .schemas import TellsOrder


async def whose_order(session: AsyncSession, tenant: str, order: TellsOrder) -> dict[str, UUID | None]:
    """Return whose an order is, as its columns: decided when it is told first, so that it stays where it was bought for
    when its buyer leaves. It moves when its buyer opens an account or becomes a member of the unit that it named.
    """
    person_id = await remember(session, tenant, order.buyer)
    asked = (order.buyer, order.account, order.unit_id)
    unit_id = await unit_of_buyer(session, tenant, *asked)
    if person_id is not None and (unit_id is None or (order.account is None and order.unit_id not in {None, unit_id})):
        # Whoever opens an account or joins a unit at the same time either finds this order, or is found here.
        await session.execute(select(PersonRow.id).where(PersonRow.id == person_id).with_for_update())
        unit_id = await unit_of_buyer(session, tenant, *asked)
    named = order.unit_id if order.account is None else None
    return {"unit_id": unit_id, "person_id": person_id, "named_unit_id": named}


async def remember(session: AsyncSession, tenant: str, buyer: str | None) -> UUID | None:
    """Return the person of whom something is told, made now if this is the first time: what it bought waits for it.

    :returns: nothing for guests, who never come back under this name.
    """
    if buyer is None or is_guest(buyer):
        return None
    return (await ensure(session, Principal(subject=buyer, scopes=frozenset(), tenant=tenant))).id


async def unit_of_buyer(
    session: AsyncSession, tenant: str, buyer: str | None, account_id: UUID | None, unit_id: UUID | None
) -> UUID | None:
    """Return the unit that bought.

    Of the account that the buyer's token named, it is the unit that the buyer named, or the account's own. Without an
    account it is a unit that the buyer is a member of, or that of the account which it has as a person. Nobody can put
    an order into somebody else's history by naming their unit.

    :param account_id: the account as the token named it, where that is one of the portal's.
    """
    units = select(UnitRow.id).where(UnitRow.tenant == tenant)
    if account_id is not None:
        units = units.where(UnitRow.account_id == account_id)
        own = units.where(UnitRow.parent_id.is_(None))
    else:
        mine = select(MembershipRow.id).join(PersonRow, PersonRow.id == MembershipRow.person_id)
        mine = mine.where(PersonRow.tenant == tenant, PersonRow.subject == buyer)
        below = select(UnitPath.descendant).join(MembershipRow, MembershipRow.unit_id == UnitPath.ancestor)
        units = units.where(UnitRow.id.in_(below.where(MembershipRow.id.in_(mine))))
        # A member of somebody else's account as a person buys for itself all the same.
        led = select(MembershipRow.unit_id).join(MembershipRole, MembershipRole.membership_id == MembershipRow.id)
        led = led.where(MembershipRow.id.in_(mine), MembershipRole.role == Role.ADMIN)
        own = select(UnitRow.id).join(AccountRow, AccountRow.id == UnitRow.account_id)
        own = own.where(AccountRow.kind == AccountKind.PERSON, UnitRow.parent_id.is_(None), UnitRow.id.in_(led))
        own = own.order_by(AccountRow.state == AccountState.CLOSED)
    named = None if unit_id is None else await session.scalar(units.where(UnitRow.id == unit_id))
    return named or await session.scalar(own.order_by(UnitRow.id).limit(1))

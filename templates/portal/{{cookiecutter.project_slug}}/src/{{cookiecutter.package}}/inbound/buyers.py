"""For whom somebody bought. A buyer names the business unit, so what is named has to be the buyer's own."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts.models import AccountRow
from ..accounts.schemas import AccountKind
from ..members.models import MembershipRow
from ..people.models import PersonRow
from ..units.models import UnitPath, UnitRow


async def unit_of_buyer(
    session: AsyncSession, tenant: str, buyer: str | None, account_id: UUID | None, unit_id: UUID | None
) -> UUID | None:
    """Return the unit that bought.

    Of the account that the buyer's token named, it is the unit that the buyer named, or the account's own. Without an
    account it is a unit that the buyer is a member of, or belongs to the person's own account. Nobody can put an order
    into somebody else's history by naming their unit.

    :param account_id: the account as the token named it, where that is one of the portal's.
    """
    units = select(UnitRow.id).where(UnitRow.tenant == tenant)
    if account_id is not None:
        units = units.where(UnitRow.account_id == account_id)
        own = units.where(UnitRow.parent_id.is_(None))
    else:
        below = (
            select(UnitPath.descendant)
            .join(MembershipRow, MembershipRow.unit_id == UnitPath.ancestor)
            .join(PersonRow, PersonRow.id == MembershipRow.person_id)
            .where(PersonRow.tenant == tenant, PersonRow.subject == buyer)
        )
        units = units.where(UnitRow.id.in_(below))
        person = AccountRow.kind == AccountKind.PERSON
        own = units.join(AccountRow, AccountRow.id == UnitRow.account_id).where(person, UnitRow.parent_id.is_(None))
    named = None if unit_id is None else await session.scalar(units.where(UnitRow.id == unit_id))
    return named or await session.scalar(own.order_by(UnitRow.id).limit(1))

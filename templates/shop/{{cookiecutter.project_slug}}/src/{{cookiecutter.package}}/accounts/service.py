"""What becomes of what the portal tells about accounts."""

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import take_turns
from chassis.problems import Problem

from .models import AccountRow

ACTIVE = "active"


async def note(session: AsyncSession, told: AccountRow) -> None:
    """Take note of how an account stands, unless something newer is known."""
    await take_turns(session, f"account {told.reference} of {told.tenant}")
    known = await session.get(AccountRow, (told.tenant, told.reference), populate_existing=True)
    if known is None or known.sequence < told.sequence:
        await session.merge(told)
        await session.flush()


def is_callers(caller: Principal) -> ColumnElement[bool]:
    """Return the condition for the account that a caller buys for; nobody names another one."""
    return and_(AccountRow.tenant == caller.tenant, AccountRow.reference == (caller.account or ""))


def refuse_inactive(state: str | None) -> None:
    """Refuse to sell to an account that may not buy. One that the portal never told of is the shop's own business.

    :raises Problem: 409 when it is blocked or closed.
    """
    if state not in (None, ACTIVE):
        raise Problem(409, f"account-{state}", f"The account is {state}; ask those who look after it.")

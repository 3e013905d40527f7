"""What can be done with accounts."""

from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.problems import Problem

from ..access.permissions import Permission, Role
from ..access.service import the_one, units
from ..members.service import join
from ..orders.service import move_in
from ..people.models import PersonRow
from ..people.service import ensure
from ..units.models import UnitRow
from ..units.service import plant
from . import events
from .models import AccountRow
from .schemas import AccountDraft, AccountKind, AccountState, AccountStatus, AccountWritable


def listed(caller: Principal, by: Permission = Permission.VIEW_UNIT) -> Select[AccountRow]:
    """Return the query for the accounts in which the caller may do something somewhere."""
    where = select(UnitRow.account_id).where(UnitRow.id.in_(units(caller, by)))
    return select(AccountRow).where(AccountRow.tenant == caller.tenant, AccountRow.id.in_(where))


def managed(caller: Principal) -> Select[AccountRow]:
    """Return the query for the accounts that the caller may change: those whose own unit it manages."""
    top = select(UnitRow.account_id).where(
        UnitRow.parent_id.is_(None), UnitRow.id.in_(units(caller, Permission.MANAGE_UNIT))
    )
    return select(AccountRow).where(AccountRow.tenant == caller.tenant, AccountRow.id.in_(top))


def of_tenant(caller: Principal) -> Select[AccountRow]:
    """Return the query for all accounts of the caller's house, for those who work there."""
    return select(AccountRow).where(AccountRow.tenant == caller.tenant)


async def find(session: AsyncSession, caller: Principal, account_id: UUID, *, to_change: bool = False) -> AccountRow:
    """Return one account.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow the change.
    """
    one = AccountRow.id == account_id
    allowed = managed(caller) if to_change else listed(caller)
    return await the_one(session, allowed.where(one), name="account", seen=listed(caller).where(one))


async def find_of_tenant(session: AsyncSession, caller: Principal, account_id: UUID) -> AccountRow:
    """Return one account of the house.

    :raises Problem: 404 when there is none.
    """
    return await the_one(session, of_tenant(caller).where(AccountRow.id == account_id), name="account")


async def open_account(session: AsyncSession, caller: Principal, draft: AccountDraft) -> tuple[AccountRow, UnitRow]:
    """Store a new account with its own unit; the caller becomes that unit's admin. What a person bought before it had
    an account as a person is there from now on.

    :raises Problem: 409 when the caller has an account as a person already.
    """
    person = await ensure(session, caller)
    if draft.kind is AccountKind.PERSON:
        await session.execute(select(PersonRow.id).where(PersonRow.id == person.id).with_for_update())
        own = managed(caller).where(AccountRow.kind == AccountKind.PERSON, AccountRow.state != AccountState.CLOSED)
        if await session.scalar(select(exists(own))):
            raise Problem(409, "account-exists", "You have an account as a person already.")
    row = AccountRow(tenant=caller.tenant, state=AccountState.ACTIVE, **draft.model_dump())
    session.add(row)
    await session.flush()
    unit = UnitRow(tenant=caller.tenant, account_id=row.id, parent_id=None, name=row.name)
    await plant(session, unit)
    await join(session, unit, person.id, [Role.ADMIN])
    if draft.kind is AccountKind.PERSON:
        await move_in(session, person.id, unit.id)
    await events.tell(session, events.CREATED, row)
    return row, unit


async def replace(session: AsyncSession, row: AccountRow, draft: AccountWritable | AccountStatus) -> None:
    """Replace what may be written; a draft that changes nothing makes no new version."""
    before, state = row.version, row.state
    for name, value in draft.model_dump().items():
        setattr(row, name, value)
    await session.flush()
    if row.version != before:
        closed = row.state == AccountState.CLOSED != state
        await events.tell(session, events.CLOSED if closed else events.CHANGED, row)


async def note_approvals(session: AsyncSession, account: AccountRow, *, needed: bool) -> None:
    """Note whether an account has anything that asks for approvals, and tell it when that is new."""
    if account.needs_approval != needed:
        account.needs_approval = needed
        await session.flush()
        await events.tell(session, events.CHANGED, account)


async def account_that_may_buy(session: AsyncSession, unit_id: UUID) -> AccountRow:
    """Return the account of a unit, if it may commit itself to anything new; what it has, it keeps and sees.

    :raises Problem: 409 when the house has blocked it, or it is closed.
    """
    of_unit = select(AccountRow).join(UnitRow, UnitRow.account_id == AccountRow.id).where(UnitRow.id == unit_id)
    row = (await session.scalars(of_unit)).one()
    if row.state != AccountState.ACTIVE:
        raise Problem(409, f"account-{row.state}", f"The account is {row.state}; ask those who look after it.")
    return row

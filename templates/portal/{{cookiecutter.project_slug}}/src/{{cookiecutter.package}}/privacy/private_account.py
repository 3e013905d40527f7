"""What becomes of the account of a private person who is forgotten: it is about nobody else, so it goes too.

A company's account is not about a person. It stays, also when nobody is left in it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Delete, Update, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts import events
from ..accounts.models import AccountRow
from ..accounts.schemas import AccountKind, AccountState
from ..addresses.models import AddressRow
from ..cases.models import CaseMessageRow, CaseRow
from ..devices.models import DeviceRow
from ..invitations.models import InvitationRow
from ..members.models import MembershipRow
from ..units.models import UnitRow
from .register import CONTRACT, ERASED, TRADE, Fate, report_line

_NOBODY: dict[str, Any] = {"email": None, "token_hash": None}


async def alone_in(session: AsyncSession, person_id: UUID) -> Sequence[AccountRow]:
    """Return the private accounts in which a person is the only member."""
    members = select(MembershipRow.person_id).join(UnitRow, UnitRow.id == MembershipRow.unit_id)
    of_account = members.where(UnitRow.account_id == AccountRow.id)
    query = select(AccountRow).where(
        AccountRow.kind == AccountKind.PERSON,
        exists(of_account.where(MembershipRow.person_id == person_id)),
        ~exists(of_account.where(MembershipRow.person_id != person_id)),
    )
    return list(await session.scalars(query))


async def close(session: AsyncSession, account: AccountRow) -> list[dict[str, Any]]:
    """Close an account, and take out of it what says whose it was.

    :returns: the report: what was deleted, what was emptied, and why that stays.
    """
    units = select(UnitRow.id).where(UnitRow.account_id == account.id)
    cases = select(CaseRow.id).where(CaseRow.unit_id.in_(units))
    named = update(UnitRow).where(UnitRow.account_id == account.id).values(name=ERASED, cost_centre=None)
    said = update(CaseMessageRow).where(CaseMessageRow.case_id.in_(cases)).values(text=ERASED, attachments=[])
    changes: tuple[tuple[str, Update | Delete, str], ...] = (
        ("unit_id", delete(AddressRow).where(AddressRow.unit_id.in_(units)), ""),
        ("unit_id", delete(DeviceRow).where(DeviceRow.unit_id.in_(units)), ""),
        ("unit_id", update(InvitationRow).where(InvitationRow.unit_id.in_(units)).values(_NOBODY), CONTRACT),
        ("unit_id", update(CaseRow).where(CaseRow.unit_id.in_(units)).values(title=ERASED), CONTRACT),
        ("case_id", said, CONTRACT),
        ("account_id", named, TRADE),
    )
    report = []
    for column, change, why in changes:
        done = await session.execute(change.execution_options(synchronize_session=False))
        assert isinstance(done, CursorResult)  # noqa: S101 - tells the type checker what a change gives
        fate = Fate.CLEARED if why else Fate.DELETED
        report.append(report_line(f"{change.table}.{column}", rows=done.rowcount, fate=fate, why=why))
    account.name, account.vat_id, account.registration_number = ERASED, None, None
    account.state = AccountState.CLOSED
    await session.flush()
    await events.tell(session, events.CLOSED, account)
    return [report_line("accounts.id", rows=1, fate=Fate.CLEARED, why=TRADE), *report]

"""What can be done with approvals."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.identifiers import uuid7
from chassis.problems import Problem

from ..access.permissions import Permission
from ..access.service import in_reach, me, the_one, unit_for
from ..accounts.models import AccountRow
from ..accounts.service import account_that_may_buy, note_approvals
from ..people.service import ensure
from ..units.models import UnitRow
from . import events
from .asking import agreed, asked, tiers_for
from .models import ApprovalDecisionRow, ApprovalRequestRow, ApprovalRuleRow, SpendingLimitRow
from .schemas import ApprovalDraft, DecisionDraft, LimitDraft, LimitWritable, RuleDraft, RuleWritable
from .states import APPROVAL, WITHDRAW, ApprovalState, Decision

_Ruled = TypeVar("_Ruled", ApprovalRuleRow, SpendingLimitRow)


def ruled(
    caller: Principal, table: type[_Ruled], unit_id: UUID | None = None, *, by: Permission = Permission.VIEW_RULES
) -> Select[_Ruled]:
    """Return the query for the rules or limits of the caller's units, or of one of them."""
    query = select(table).where(in_reach(caller, table, by))
    return query if unit_id is None else query.where(table.unit_id == unit_id)


async def find_ruled(
    session: AsyncSession,
    caller: Principal,
    table: type[_Ruled],
    row_id: UUID,
    by: Permission = Permission.VIEW_RULES,
) -> _Ruled:
    """Return one rule or limit.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    name = "approval rule" if table is ApprovalRuleRow else "spending limit"
    seen = ruled(caller, table).where(table.id == row_id)
    return await the_one(session, ruled(caller, table, by=by).where(table.id == row_id), name=name, seen=seen)


async def create_rule(session: AsyncSession, caller: Principal, draft: RuleDraft) -> ApprovalRuleRow:
    """Store a rule.

    :raises Problem: 404 or 403 when the caller may not.
    """
    await unit_for(session, caller, draft.unit_id, Permission.MANAGE_RULES)
    row = ApprovalRuleRow(tenant=caller.tenant, unit_id=draft.unit_id)
    await replace_rule(session, row, draft)
    return row


async def replace_rule(session: AsyncSession, row: ApprovalRuleRow, draft: RuleWritable) -> None:
    """Replace a rule. Requests that were made before keep the tiers that they were made with."""
    values = draft.model_dump(mode="json", include={"name", "active", "categories", "cost_centres", "tiers"})
    for name, value in (values | {"minimum": draft.minimum.amount, "currency": draft.minimum.currency}).items():
        setattr(row, name, value)
    session.add(row)
    await session.flush()
    await _tell_account(session, row.unit_id)


async def create_limit(session: AsyncSession, caller: Principal, draft: LimitDraft) -> SpendingLimitRow:
    """Store a limit.

    :raises Problem: 404 or 403 when the caller may not, 409 when there is one for role, currency and period already.
    """
    await unit_for(session, caller, draft.unit_id, Permission.MANAGE_RULES)
    row = SpendingLimitRow(
        tenant=caller.tenant,
        unit_id=draft.unit_id,
        role=draft.role,
        currency=draft.limit.currency,
        amount=draft.limit.amount,
        period=draft.period,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise Problem(409, "limit-exists", "There is a limit for this role, currency and period already.") from None
    await _tell_account(session, row.unit_id)
    return row


async def replace_limit(session: AsyncSession, row: SpendingLimitRow, draft: LimitWritable) -> None:
    """Replace the amount of a limit.

    :raises Problem: 409 when the currency would change.
    """
    if draft.limit.currency != row.currency:
        raise Problem(409, "currency-changed", f"The currency of a limit never changes; it is {row.currency}.")
    row.amount = draft.limit.amount
    await session.flush()


async def remove(session: AsyncSession, row: ApprovalRuleRow | SpendingLimitRow) -> None:
    """Delete a rule or a limit."""
    await session.delete(row)
    await session.flush()
    await _tell_account(session, row.unit_id)


async def _tell_account(session: AsyncSession, unit_id: UUID) -> None:
    """Let the account know whether it has rules or limits: the shop places its orders accordingly."""
    of_unit = select(UnitRow.account_id).where(UnitRow.id == unit_id).scalar_subquery()
    # In line: of two who delete the last two rules at the same time, the second one sees that none is left.
    locked = select(AccountRow).where(AccountRow.id == of_unit).with_for_update()
    account = (await session.scalars(locked.execution_options(populate_existing=True))).one()
    units = select(UnitRow.id).where(UnitRow.account_id == account.id)
    rules = exists().where(ApprovalRuleRow.unit_id.in_(units), ApprovalRuleRow.active.is_(True))
    limits = exists().where(SpendingLimitRow.unit_id.in_(units))
    await note_approvals(session, account, needed=bool(await session.scalar(select(rules | limits))))


def listed(
    caller: Principal, state: ApprovalState | None = None, *, by: Permission = Permission.VIEW_APPROVALS
) -> Select[ApprovalRequestRow]:
    """Return the query for the requests within the caller's reach, or those in one state."""
    query = select(ApprovalRequestRow).where(in_reach(caller, ApprovalRequestRow, by))
    return query if state is None else query.where(ApprovalRequestRow.state == state)


def of_tenant(caller: Principal) -> Select[ApprovalRequestRow]:
    """Return the query for the pending requests of the caller's house, for those who work there."""
    return select(ApprovalRequestRow).where(
        ApprovalRequestRow.tenant == caller.tenant, ApprovalRequestRow.state == ApprovalState.PENDING
    )


async def find(session: AsyncSession, caller: Principal, request_id: UUID) -> ApprovalRequestRow:
    """Return one request.

    :raises Problem: 404 when there is none for this caller.
    """
    return await the_one(session, listed(caller).where(ApprovalRequestRow.id == request_id), name="approval request")


async def find_pending(session: AsyncSession, caller: Principal, request_id: UUID) -> ApprovalRequestRow:
    """Return one pending request of a customer of the caller's house, for those who work there.

    :raises Problem: 404 when there is none.
    """
    return await the_one(session, of_tenant(caller).where(ApprovalRequestRow.id == request_id), name="approval request")


async def ask(
    session: AsyncSession, caller: Principal, draft: ApprovalDraft, request_id: UUID | None = None
) -> ApprovalRequestRow:
    """Store a request. It is approved at once where no rule and no limit asks for more.

    :param request_id: its id, where somebody else gave it one.
    :raises Problem: 404 or 403 when the caller may not spend for that unit, 409 when its account may not buy at all.
    """
    await unit_for(session, caller, draft.unit_id, Permission.REQUEST_APPROVAL)
    await account_that_may_buy(session, draft.unit_id)
    person = await ensure(session, caller)
    tiers = await tiers_for(session, draft, person)
    row = ApprovalRequestRow(
        id=request_id or uuid7(),
        tenant=caller.tenant,
        person_id=person.id,
        unit_id=draft.unit_id,
        kind=draft.kind,
        reference=draft.reference,
        amount=draft.amount.amount,
        currency=draft.amount.currency,
        categories=draft.categories,
        cost_centre=draft.cost_centre,
        state=APPROVAL.initial,
        tiers=tiers,
        tier=0,
    )
    if not tiers:
        row.state, row.decided_at = APPROVAL.after(row.state, Decision.APPROVE), now()
    session.add(row)
    await session.flush()
    if not tiers:
        await events.tell(session, row)
    return row


async def withdraw(session: AsyncSession, caller: Principal, row: ApprovalRequestRow) -> None:
    """Take a request back; only who made it can.

    :raises Problem: 403 when somebody else made it, 409 when it was decided.
    """
    mine = select(ApprovalRequestRow.id).where(
        ApprovalRequestRow.id == row.id, ApprovalRequestRow.person_id == me(caller)
    )
    if await session.scalar(mine) is None:
        raise Problem(403, "missing-permission", "Only who asked can take it back.")
    row.state = APPROVAL.after(row.state, WITHDRAW)
    await session.flush()
    await events.tell(session, row)


async def decide(
    session: AsyncSession,
    caller: Principal,
    row: ApprovalRequestRow,
    draft: DecisionDraft,
    *,
    for_house: bool = False,
) -> None:
    """Take down what an approver says. One rejection ends it; the last agreement of the last tier approves it.

    :param for_house: whether the caller speaks for the house, which is asked where an account has nobody else.
    :raises Problem: 403 when the caller is not asked, 409 when it is its own request, or it has spoken already.
    """
    outcome = APPROVAL.after(row.state, draft.decision)
    person = await ensure(session, caller)
    if person.id == row.person_id:
        raise Problem(409, "own-request", "Nobody approves their own request.")
    who = await asked(session, row)
    if who.house != for_house or not (who.house or person.id in who.people):
        raise Problem(403, "missing-permission", "You are not asked to decide this.")
    present = (await agreed(session, [row]))[row.id]
    if person.id in present[row.tier]:
        raise Problem(409, "decided-already", "You have agreed already; others have not.")
    spoken = ApprovalDecisionRow(tenant=row.tenant, request_id=row.id, person_id=person.id, tier=row.tier)
    spoken.decision, spoken.comment = draft.decision, draft.comment
    session.add(spoken)
    # Also where the state stays: two who speak at the same time must not both count themselves as the last one.
    row.updated_at = now()
    if draft.decision is Decision.APPROVE:
        # Who has left since then does not count any more, and is not needed any more either.
        counted = {person.id} | present[row.tier] if who.house else ({person.id} | present[row.tier]) & who.people
        if len(counted) < who.needed:
            await session.flush()
            return
        row.tier += 1
        if row.tier < len(row.tiers):
            await session.flush()
            return
    row.state, row.decided_at = outcome, now()
    await session.flush()
    await events.tell(session, row)

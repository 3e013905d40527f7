"""What can be done with assignments and rules, and reading the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import take_turns
from chassis.problems import Problem

from .models import AssignmentRow, AttributionRow, PolicyRow, RuleRow
from .policy import Rule, Split, clash
from .schemas import AssignmentDraft, Contribution, ContributionReport, RuleDraft

_MOST_ROWS = 10_000


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What decides about a sale: the assignment of its account, if there is one, and the rules."""

    version: int
    assigned: Sequence[Split]
    rules: Sequence[Rule]


async def policy_of(session: AsyncSession, tenant: str, account: str | None) -> Policy:
    """Return the policy of this moment for an account."""
    assigned: list[dict[str, Any]] | None = None
    if account is not None:
        assigned = await session.scalar(assignments(tenant, account).with_only_columns(AssignmentRow.splits))
    return Policy(
        version=await version_of(session, tenant),
        assigned=[Split(**split) for split in assigned or ()],
        rules=[_rule(row) for row in await session.scalars(rules(tenant))],
    )


async def version_of(session: AsyncSession, tenant: str) -> int:
    """Return how often a house's policy has been changed."""
    found: int | None = await session.scalar(select(PolicyRow.version).where(PolicyRow.tenant == tenant))
    return found or 0


async def _change_policy(session: AsyncSession, tenant: str) -> None:
    await take_turns(session, f"attribution of {tenant}")
    row = await session.get(PolicyRow, tenant, populate_existing=True)
    if row is None:
        session.add(PolicyRow(tenant=tenant, version=1))
    else:
        row.version += 1


def assignments(tenant: str, account: str | None = None) -> Select[AssignmentRow]:
    """Return the query for the assignments of a house, or for that of one account."""
    query = select(AssignmentRow).where(AssignmentRow.tenant == tenant)
    return query if account is None else query.where(AssignmentRow.account == account)


def rules(tenant: str, key: str | None = None) -> Select[RuleRow]:
    """Return the query for the rules of a house, or for the one with that key."""
    query = select(RuleRow).where(RuleRow.tenant == tenant)
    return query if key is None else query.where(RuleRow.key == key)


def entries(tenant: str, order_id: UUID | None = None) -> Select[AttributionRow]:
    """Return the query for the ledger of a house, or for the entries of one order."""
    query = select(AttributionRow).where(AttributionRow.tenant == tenant)
    return query if order_id is None else query.where(AttributionRow.order_id == order_id)


async def assign(session: AsyncSession, tenant: str, draft: AssignmentDraft) -> AssignmentRow:
    """Assign an account to those who look after it; orders that were placed before keep their credit.

    :raises Problem: 409 when it is assigned already.
    """
    await _change_policy(session, tenant)
    if await session.scalar(assignments(tenant, draft.account)):
        raise Problem(409, "account-assigned", f"{draft.account} is assigned already; end that first.")
    row = AssignmentRow(tenant=tenant, **draft.model_dump())
    session.add(row)
    await session.flush()
    return row


async def find_assignment(session: AsyncSession, tenant: str, assignment_id: UUID) -> AssignmentRow:
    """Return one assignment.

    :raises Problem: 404 when the house has no such assignment.
    """
    row = await session.scalar(assignments(tenant).where(AssignmentRow.id == assignment_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such assignment.")
    return row


async def find_rule(session: AsyncSession, tenant: str, rule_id: UUID) -> RuleRow:
    """Return one rule.

    :raises Problem: 404 when the house has no such rule.
    """
    row = await session.scalar(rules(tenant).where(RuleRow.id == rule_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such rule.")
    return row


async def create_rule(session: AsyncSession, tenant: str, draft: RuleDraft) -> RuleRow:
    """Store a new rule; it decides about orders from now on.

    :raises Problem: 409 when the key is taken, or when a rule of its priority could match the same sale.
    """
    await _change_policy(session, tenant)
    if await session.scalar(rules(tenant, draft.key)):
        raise Problem(409, "key-taken", f"There is a rule {draft.key} already.")
    row = RuleRow(tenant=tenant, **draft.model_dump())
    for other in await session.scalars(rules(tenant)):
        if clash(_rule(row), _rule(other)):
            raise Problem(
                409,
                "rule-clash",
                f"The rule {other.key} has the priority {row.priority} too, and both may match one sale: "
                "say which comes first.",
            )
    session.add(row)
    await session.flush()
    return row


async def remove(session: AsyncSession, row: AssignmentRow | RuleRow) -> None:
    """Delete a rule or an assignment; what was decided by it stays."""
    await _change_policy(session, row.tenant)
    await session.delete(row)
    await session.flush()


async def contributions(session: AsyncSession, tenant: str, begin: date, end: date) -> ContributionReport:
    """Add up what channels brought territories and representatives.

    :param end: the day after the last one.
    """
    first, last = (datetime.combine(day, time(), UTC) for day in (begin, end))
    amount = func.sum(AttributionRow.amount)
    names = (
        AttributionRow.channel,
        AttributionRow.territory,
        AttributionRow.representative,
        AttributionRow.currency,
    )
    query = (
        select(*names, amount, func.count(AttributionRow.order_id.distinct()))
        .where(AttributionRow.tenant == tenant, AttributionRow.created_at >= first, AttributionRow.created_at < last)
        .group_by(*names)
        .order_by(amount.desc(), *names)
        .limit(_MOST_ROWS)
    )
    items = [
        Contribution(
            channel=channel,
            territory=territory,
            representative=representative,
            currency=currency,
            amount=int(total),
            orders=orders,
        )
        for channel, territory, representative, currency, total, orders in (await session.execute(query)).all()
    ]
    return ContributionReport(begin=begin, end=end, items=items)


def _rule(row: RuleRow) -> Rule:
    limited = row.postal_code_from is not None and row.postal_code_to is not None
    return Rule(
        key=row.key,
        priority=row.priority,
        country=row.country,
        postal_codes=(str(row.postal_code_from), str(row.postal_code_to)) if limited else None,
        product_group=row.product_group,
        splits=tuple(Split(**split) for split in row.splits),
    )

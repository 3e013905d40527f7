"""Who has to be asked: which rules and limits of a unit and those above it apply, and which people that makes.

Nobody approves their own. Where too few others have the role, the admins are asked beside them; where the only admin
asks, the house is. Fewer agree than the rule wants only where there are not so many people. So there is no request that
nobody can decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now

from ..access.permissions import Role
from ..members.models import MembershipRole, MembershipRow
from ..people.models import PersonRow
from ..units.models import UnitPath
from .models import ApprovalDecisionRow, ApprovalRequestRow, ApprovalRuleRow, SpendingLimitRow
from .periods import Period, beginning
from .schemas import ApprovalDraft, ApprovalKind
from .states import ApprovalState, Decision


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who may decide a tier: these persons, so many of them; ``house`` when there is nobody in the account."""

    people: frozenset[UUID]
    needed: int

    @property
    def house(self) -> bool:
        """Whether the house itself has to decide."""
        return not self.people


def above(unit_id: UUID) -> Select[UUID]:
    """Return the query for a unit and those it lies in."""
    return select(UnitPath.ancestor).where(UnitPath.descendant == unit_id)


async def tiers_for(session: AsyncSession, draft: ApprovalDraft, person: PersonRow) -> list[dict[str, Any]]:
    """Return who has to agree, tier by tier, each with the reason; nobody, if nothing asks for it."""
    rules = (
        select(ApprovalRuleRow)
        .where(
            ApprovalRuleRow.unit_id.in_(above(draft.unit_id)),
            ApprovalRuleRow.active.is_(True),
            ApprovalRuleRow.currency == draft.amount.currency,
            ApprovalRuleRow.minimum <= draft.amount.amount,
        )
        .order_by(ApprovalRuleRow.minimum, ApprovalRuleRow.id)
    )
    found = []
    for rule in await session.scalars(rules):
        of_category = not rule.categories or set(rule.categories) & set(draft.categories)
        of_centre = not rule.cost_centres or draft.cost_centre in rule.cost_centres
        if of_category and of_centre:
            found += [tier | {"reason": f"rule: {rule.name}"} for tier in rule.tiers]
    for limit in await _exceeded(session, draft, person):
        reason = f"limit: of a {limit.role}, for each {limit.period}"
        found.append({"role": Role.APPROVER, "needed": 1, "reason": reason})
    return _strongest(found)


def _strongest(tiers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask each role once, as many as the strictest rule wants, in the order in which they come."""
    merged: dict[str, dict[str, Any]] = {}
    for tier in tiers:
        present = merged.get(tier["role"])
        if present is None or tier["needed"] > present["needed"]:
            merged[tier["role"]] = {"role": str(tier["role"]), "needed": tier["needed"], "reason": tier["reason"]}
    return list(merged.values())


async def _exceeded(session: AsyncSession, draft: ApprovalDraft, person: PersonRow) -> list[SpendingLimitRow]:
    roles = (
        select(MembershipRole.role)
        .join(MembershipRow, MembershipRow.id == MembershipRole.membership_id)
        .where(MembershipRow.person_id == person.id, MembershipRow.unit_id.in_(above(draft.unit_id)))
    )
    # Of two requests at the same time the second one waits here, and then sees what the first one spent.
    await session.execute(select(PersonRow.id).where(PersonRow.id == person.id).with_for_update())
    limits = select(SpendingLimitRow).where(
        SpendingLimitRow.unit_id.in_(above(draft.unit_id)),
        SpendingLimitRow.currency == draft.amount.currency,
        SpendingLimitRow.role.in_(roles),
    )
    found = []
    for limit in await session.scalars(limits.order_by(SpendingLimitRow.id)):
        spent = await spent_since(session, person.id, limit)
        if spent + draft.amount.amount > limit.amount:
            found.append(limit)
    return found


async def spent_since(session: AsyncSession, person_id: UUID, limit: SpendingLimitRow) -> int:
    """Return what a person has spent, or wants to, in the present period of a limit, in the limit's currency.

    What was approved counts from then on, whether it is ordered or not; what :func:`release` has given back does not.
    """
    within = select(UnitPath.descendant).where(UnitPath.ancestor == limit.unit_id)
    total = select(func.coalesce(func.sum(ApprovalRequestRow.amount), 0)).where(
        ApprovalRequestRow.person_id == person_id,
        ApprovalRequestRow.unit_id.in_(within),
        ApprovalRequestRow.currency == limit.currency,
        ApprovalRequestRow.state.in_((ApprovalState.PENDING, ApprovalState.APPROVED)),
        ApprovalRequestRow.released_at.is_(None),
        ApprovalRequestRow.created_at >= beginning(Period(limit.period), now()),
    )
    return int(await session.scalar(total) or 0)


async def release(session: AsyncSession, tenant: str, cart: UUID) -> None:
    """Count what was approved for a cart towards no limit any more: its order was cancelled, or it has changed."""
    approved = update(ApprovalRequestRow).where(
        ApprovalRequestRow.tenant == tenant,
        ApprovalRequestRow.kind == ApprovalKind.CART,
        ApprovalRequestRow.reference == str(cart),
        ApprovalRequestRow.state == ApprovalState.APPROVED,
        ApprovalRequestRow.released_at.is_(None),
    )
    changed = {"released_at": now(), "updated_at": now(), "version": ApprovalRequestRow.version + 1}
    await session.execute(approved.values(changed).execution_options(synchronize_session=False))


async def asked(session: AsyncSession, row: ApprovalRequestRow) -> Asked:
    """Return who may decide a request now. People come and go, so that is worked out each time."""
    tier = row.tiers[row.tier]
    people: frozenset[UUID] = frozenset()
    for role in (tier["role"], Role.ADMIN):
        members = (
            select(MembershipRow.person_id)
            .join(MembershipRole, MembershipRole.membership_id == MembershipRow.id)
            .where(
                MembershipRow.unit_id.in_(above(row.unit_id)),
                MembershipRole.role == role,
                MembershipRow.person_id != row.person_id,
            )
        )
        people |= frozenset(await session.scalars(members))
        if len(people) >= tier["needed"]:
            break
    return Asked(people=people, needed=max(1, min(tier["needed"], len(people))))


async def agreed(session: AsyncSession, rows: Sequence[ApprovalRequestRow]) -> Mapping[UUID, list[set[UUID]]]:
    """Return who has agreed in which tier of requests, by request: a set of persons for each of its tiers."""
    found: dict[UUID, list[set[UUID]]] = {row.id: [set() for _ in row.tiers] for row in rows}
    query = select(ApprovalDecisionRow).where(
        ApprovalDecisionRow.request_id.in_([row.id for row in rows if row.tiers]),
        ApprovalDecisionRow.decision == Decision.APPROVE,
    )
    for one in await session.scalars(query):
        found[one.request_id][one.tier].add(one.person_id)
    return found

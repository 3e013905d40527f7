"""Approvals over HTTP: rules and spending limits."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Money

from ..access.permissions import Permission, Role
from . import service
from .models import ApprovalRuleRow, SpendingLimitRow
from .periods import Period
from .schemas import (
    ApprovalRule,
    LimitDraft,
    LimitPatch,
    LimitWritable,
    RuleDraft,
    RulePatch,
    RuleWritable,
    SpendingLimit,
    Tier,
)

rules = resource_router("/v1/approval-rules", tag="approvals")
limits = resource_router("/v1/spending-limits", tag="approvals")

RuleId = Annotated[UUID, Path(description="the rule's id")]
LimitId = Annotated[UUID, Path(description="the limit's id")]
OfUnit = Annotated[UUID | None, Query(description="only those of this unit, without the ones above it")]


def _rule(row: ApprovalRuleRow) -> ApprovalRule:
    return ApprovalRule(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        unit_id=row.unit_id,
        name=row.name,
        active=row.active,
        minimum=Money(amount=row.minimum, currency=row.currency),
        categories=row.categories,
        cost_centres=row.cost_centres,
        tiers=[Tier.model_validate(tier) for tier in row.tiers],
    )


def _limit(row: SpendingLimitRow) -> SpendingLimit:
    return SpendingLimit(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        unit_id=row.unit_id,
        role=Role(row.role),
        limit=Money(amount=row.amount, currency=row.currency),
        period=Period(row.period),
    )


@rules.get("", summary="List approval rules")
@requires("portal:read")
async def list_approval_rules(
    caller: Caller, session: Session, page: PageRequest, unit_id: OfUnit = None
) -> Page[ApprovalRule]:
    """List the rules of the caller's business units, oldest first."""
    rows, following = await page.fetch(session, service.ruled(caller, ApprovalRuleRow, unit_id), ApprovalRuleRow.id)
    return Page(items=[_rule(row) for row in rows], next=following)


@rules.post("", status_code=201, summary="Create an approval rule", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_approval_rule(caller: Caller, session: Session, draft: RuleDraft, response: Response) -> ApprovalRule:
    """Say when somebody has to agree, and who. It holds for requests from now on."""
    row = await service.create_rule(session, caller, draft)
    response.headers["Location"] = f"/v1/approval-rules/{row.id}"
    response.headers["ETag"] = etag(row)
    return _rule(row)


@rules.get("/{rule_id}", summary="Read an approval rule")
@requires("portal:read")
async def read_approval_rule(caller: Caller, session: Session, rule_id: RuleId, copy: IfNoneMatch) -> ApprovalRule:
    """Read one rule."""
    row = await service.find_ruled(session, caller, ApprovalRuleRow, rule_id)
    copy.check(row)
    return _rule(row)


@rules.patch("/{rule_id}", summary="Change an approval rule")
@requires("portal:write")
async def update_approval_rule(
    caller: Caller, session: Session, rule_id: RuleId, seen: IfMatch, patch: RulePatch
) -> ApprovalRule:
    """Change some members and leave the others. Requests that were made before keep their tiers."""
    row = await service.find_ruled(session, caller, ApprovalRuleRow, rule_id, Permission.MANAGE_RULES)
    seen.check(row)
    present = RuleWritable.model_validate(_rule(row).model_dump(include=set(RuleWritable.model_fields)))
    await service.replace_rule(session, row, patched(present, patch))
    seen.changed(row)
    return _rule(row)


@rules.delete("/{rule_id}", status_code=204, summary="Delete an approval rule")
@requires("portal:write")
async def delete_approval_rule(caller: Caller, session: Session, rule_id: RuleId, seen: IfMatch) -> None:
    """Delete a rule. Requests that were made before keep their tiers."""
    row = await service.find_ruled(session, caller, ApprovalRuleRow, rule_id, Permission.MANAGE_RULES)
    seen.check(row)
    await service.remove(session, row)


@limits.get("", summary="List spending limits")
@requires("portal:read")
async def list_spending_limits(
    caller: Caller, session: Session, page: PageRequest, unit_id: OfUnit = None
) -> Page[SpendingLimit]:
    """List the limits of the caller's business units, oldest first."""
    rows, following = await page.fetch(session, service.ruled(caller, SpendingLimitRow, unit_id), SpendingLimitRow.id)
    return Page(items=[_limit(row) for row in rows], next=following)


@limits.post("", status_code=201, summary="Create a spending limit", responses={404: {}, 409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_spending_limit(
    caller: Caller, session: Session, draft: LimitDraft, response: Response
) -> SpendingLimit:
    """Say how much each member with a role may spend in a period without asking."""
    row = await service.create_limit(session, caller, draft)
    response.headers["Location"] = f"/v1/spending-limits/{row.id}"
    response.headers["ETag"] = etag(row)
    return _limit(row)


@limits.get("/{limit_id}", summary="Read a spending limit")
@requires("portal:read")
async def read_spending_limit(caller: Caller, session: Session, limit_id: LimitId, copy: IfNoneMatch) -> SpendingLimit:
    """Read one limit."""
    row = await service.find_ruled(session, caller, SpendingLimitRow, limit_id)
    copy.check(row)
    return _limit(row)


@limits.patch("/{limit_id}", summary="Change a spending limit", responses={409: {}})
@requires("portal:write")
async def update_spending_limit(
    caller: Caller, session: Session, limit_id: LimitId, seen: IfMatch, patch: LimitPatch
) -> SpendingLimit:
    """Change the amount."""
    row = await service.find_ruled(session, caller, SpendingLimitRow, limit_id, Permission.MANAGE_RULES)
    seen.check(row)
    present = LimitWritable(limit=Money(amount=row.amount, currency=row.currency))
    await service.replace_limit(session, row, patched(present, patch))
    seen.changed(row)
    return _limit(row)


@limits.delete("/{limit_id}", status_code=204, summary="Delete a spending limit")
@requires("portal:write")
async def delete_spending_limit(caller: Caller, session: Session, limit_id: LimitId, seen: IfMatch) -> None:
    """Delete a limit."""
    row = await service.find_ruled(session, caller, SpendingLimitRow, limit_id, Permission.MANAGE_RULES)
    seen.check(row)
    await service.remove(session, row)

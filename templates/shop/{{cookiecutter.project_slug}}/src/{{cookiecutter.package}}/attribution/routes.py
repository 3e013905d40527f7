"""Attribution over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.problems import FieldError, Problem

from ..orders.service import find_any
from . import ledger, service
from .models import AssignmentRow, AttributionRow, RuleRow
from .policy import Split
from .schemas import (
    AssignmentDraft,
    Attribution,
    AttributionRule,
    Attributions,
    ContributionReport,
    Correction,
    RuleDraft,
    SalesAssignment,
)

assignments = resource_router("/v1/sales-assignments", tag="attribution")
rules = resource_router("/v1/attribution-rules", tag="attribution")
entries = resource_router("/v1/attributions", tag="attribution")
corrections = resource_router("/v1/orders/{order_id}/attribution-corrections", tag="attribution")
reports = resource_router("/v1/reports", tag="attribution")

AssignmentId = Annotated[UUID, Path(description="the assignment's id")]
RuleId = Annotated[UUID, Path(description="the rule's id")]
OrderId = Annotated[UUID, Path(description="the order's id")]


@assignments.get("", summary="List assignments")
@requires("shop:read")
async def list_sales_assignments(caller: Caller, session: Session, page: PageRequest) -> Page[SalesAssignment]:
    """List the accounts that somebody looks after."""
    rows, following = await page.fetch(session, service.assignments(caller.tenant), AssignmentRow.id)
    return Page(items=[SalesAssignment.model_validate(row) for row in rows], next=following)


@assignments.post("", status_code=201, summary="Assign an account", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def create_sales_assignment(
    caller: Caller, session: Session, draft: AssignmentDraft, response: Response
) -> SalesAssignment:
    """Assign an account to those who look after it; beats every rule from now on."""
    row = await service.assign(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/sales-assignments/{row.id}"
    response.headers["ETag"] = etag(row)
    return SalesAssignment.model_validate(row)


@assignments.get("/{assignment_id}", summary="Read an assignment")
@requires("shop:read")
async def read_sales_assignment(
    caller: Caller, session: Session, assignment_id: AssignmentId, copy: IfNoneMatch
) -> SalesAssignment:
    """Read who looks after an account."""
    row = await service.find_assignment(session, caller.tenant, assignment_id)
    copy.check(row)
    return SalesAssignment.model_validate(row)


@assignments.delete("/{assignment_id}", status_code=204, summary="End an assignment")
@requires("shop:write")
async def delete_sales_assignment(caller: Caller, session: Session, assignment_id: AssignmentId, seen: IfMatch) -> None:
    """End an assignment; what was credited by it stays."""
    row = await service.find_assignment(session, caller.tenant, assignment_id)
    seen.check(row)
    await service.remove(session, row)


@rules.get("", summary="List rules")
@requires("shop:read")
async def list_attribution_rules(caller: Caller, session: Session, page: PageRequest) -> Page[AttributionRule]:
    """List the rules for sales that nobody is assigned to."""
    rows, following = await page.fetch(session, service.rules(caller.tenant), RuleRow.id)
    return Page(items=[AttributionRule.model_validate(row) for row in rows], next=following)


@rules.post("", status_code=201, summary="Create a rule", responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def create_attribution_rule(
    caller: Caller, session: Session, draft: RuleDraft, response: Response
) -> AttributionRule:
    """Create a rule. One that may match the same sale as another one of its priority is refused."""
    row = await service.create_rule(session, caller.tenant, draft)
    response.headers["Location"] = f"/v1/attribution-rules/{row.id}"
    response.headers["ETag"] = etag(row)
    return AttributionRule.model_validate(row)


@rules.get("/{rule_id}", summary="Read a rule")
@requires("shop:read")
async def read_attribution_rule(
    caller: Caller, session: Session, rule_id: RuleId, copy: IfNoneMatch
) -> AttributionRule:
    """Read one rule."""
    row = await service.find_rule(session, caller.tenant, rule_id)
    copy.check(row)
    return AttributionRule.model_validate(row)


@rules.delete("/{rule_id}", status_code=204, summary="Delete a rule")
@requires("shop:write")
async def delete_attribution_rule(caller: Caller, session: Session, rule_id: RuleId, seen: IfMatch) -> None:
    """Delete a rule; what was credited by it stays."""
    row = await service.find_rule(session, caller.tenant, rule_id)
    seen.check(row)
    await service.remove(session, row)


@entries.get("", summary="List attributions")
@requires("shop:read")
async def list_attributions(
    caller: Caller,
    session: Session,
    page: PageRequest,
    order: Annotated[UUID | None, Query(description="only of this order")] = None,
) -> Page[Attribution]:
    """List the ledger, the first entry first; nothing in it ever changes."""
    rows, following = await page.fetch(session, service.entries(caller.tenant, order), AttributionRow.id)
    return Page(items=[Attribution.model_validate(row) for row in rows], next=following)


@corrections.post("", status_code=201, summary="Correct an attribution")
@idempotent(required=True)
@requires("shop:write")
async def correct_attribution(
    caller: Caller, session: Session, order_id: OrderId, correction: Correction, response: Response
) -> Attributions:
    """Credit others for an order: what stands is taken back by new entries, and nothing is rewritten. The answer has
    all entries of the order; `Location` is where they can be read."""
    order = await find_any(session, caller.tenant, order_id)
    splits = [Split(**split.model_dump()) for split in correction.splits]
    await ledger.correct(session, order, splits, correction.reason)
    rows = await session.scalars(service.entries(caller.tenant, order_id).order_by(AttributionRow.id))
    response.headers["Location"] = f"/v1/attributions?order={order_id}"
    return Attributions(items=[Attribution.model_validate(row) for row in rows])


@reports.get("/channel-contribution", summary="Report what channels brought")
@requires("shop:read")
async def report_channel_contribution(
    caller: Caller,
    session: Session,
    begin: Annotated[date, Query(description="first day, UTC", examples=["2026-01-01"])],
    end: Annotated[date, Query(description="the day after the last one, UTC", examples=["2026-02-01"])],
) -> ContributionReport:
    """Add up, by channel, territory and representative, what was credited in a period less what was taken back."""
    if end <= begin:
        detail = "end must be later than begin"
        raise Problem(422, "invalid-request", detail, errors=[FieldError(parameter="end", pointer=None, detail=detail)])
    return await service.contributions(session, caller.tenant, begin, end)

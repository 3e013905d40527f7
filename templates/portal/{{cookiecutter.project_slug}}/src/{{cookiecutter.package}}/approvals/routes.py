"""Approvals over HTTP: requests and decisions."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Money

from . import service
from .asking import agreed
from .models import ApprovalRequestRow
from .schemas import ApprovalDraft, ApprovalKind, ApprovalRequest, AskedTier, DecisionDraft
from .states import ApprovalState

router = resource_router("/v1/approval-requests", tag="approvals")
staff = resource_router("/v1/staff/approval-requests", tag="staff")

RequestId = Annotated[UUID, Path(description="the request's id")]


async def _shown(session: Session, *rows: ApprovalRequestRow) -> list[ApprovalRequest]:
    """Return requests with who has agreed so far."""
    present = await agreed(session, rows)
    return [
        ApprovalRequest(
            id=row.id,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            unit_id=row.unit_id,
            person_id=row.person_id,
            kind=ApprovalKind(row.kind),
            reference=row.reference,
            amount=Money(amount=row.amount, currency=row.currency),
            categories=row.categories,
            cost_centre=row.cost_centre,
            state=ApprovalState(row.state),
            tiers=[
                AskedTier(**tier, approved=len(people)) for tier, people in zip(row.tiers, present[row.id], strict=True)
            ],
            tier=row.tier,
            decided_at=row.decided_at,
            released_at=row.released_at,
        )
        for row in rows
    ]


@router.get("", summary="List approval requests")
@requires("portal:read")
async def list_approval_requests(
    caller: Caller,
    session: Session,
    page: PageRequest,
    state: Annotated[ApprovalState | None, Query(description="only those in this state")] = None,
) -> Page[ApprovalRequest]:
    """List the caller's requests, or everyone's where its roles show them; oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, state), ApprovalRequestRow.id)
    return Page(items=await _shown(session, *rows), next=following)


@router.post("", status_code=201, summary="Ask for approval", responses={404: {}})
@idempotent(required=True)
@requires("portal:write")
async def create_approval_request(
    caller: Caller, session: Session, draft: ApprovalDraft, response: Response
) -> ApprovalRequest:
    """Ask whether something may be bought. Where no rule and no limit asks for more, it is approved at once."""
    row = await service.ask(session, caller, draft)
    response.headers["Location"] = f"/v1/approval-requests/{row.id}"
    response.headers["ETag"] = etag(row)
    return (await _shown(session, row))[0]


@router.get("/{request_id}", summary="Read an approval request")
@requires("portal:read")
async def read_approval_request(
    caller: Caller, session: Session, request_id: RequestId, copy: IfNoneMatch
) -> ApprovalRequest:
    """Read one request."""
    row = await service.find(session, caller, request_id)
    copy.check(row)
    return (await _shown(session, row))[0]


@router.delete("/{request_id}", summary="Withdraw an approval request", responses={409: {}})
@requires("portal:write")
async def delete_approval_request(
    caller: Caller, session: Session, request_id: RequestId, seen: IfMatch
) -> ApprovalRequest:
    """Take a request back that nobody has decided yet. It stays on record as withdrawn."""
    row = await service.find(session, caller, request_id)
    seen.check(row)
    await service.withdraw(session, caller, row)
    seen.changed(row)
    return (await _shown(session, row))[0]


@router.post("/{request_id}/decisions", summary="Approve or reject", responses={409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_approval_decision(
    caller: Caller, session: Session, request_id: RequestId, seen: IfMatch, draft: DecisionDraft
) -> ApprovalRequest:
    """Say yes or no. One no ends it, the last yes of the last tier approves it; nobody decides their own."""
    row = await service.find(session, caller, request_id)
    seen.check(row)
    await service.decide(session, caller, row, draft)
    seen.changed(row)
    return (await _shown(session, row))[0]


@staff.get("", summary="List pending approval requests")
@requires("portal:staff")
async def list_staff_approval_requests(caller: Caller, session: Session, page: PageRequest) -> Page[ApprovalRequest]:
    """List the pending requests of all customers of the caller's house, oldest first."""
    rows, following = await page.fetch(session, service.of_tenant(caller), ApprovalRequestRow.id)
    return Page(items=await _shown(session, *rows), next=following)


@staff.get("/{request_id}", summary="Read any pending approval request")
@requires("portal:staff")
async def read_staff_approval_request(
    caller: Caller, session: Session, request_id: RequestId, copy: IfNoneMatch
) -> ApprovalRequest:
    """Read a pending request of a customer of the caller's house."""
    row = await service.find_pending(session, caller, request_id)
    copy.check(row)
    return (await _shown(session, row))[0]


@staff.post("/{request_id}/decisions", summary="Approve or reject for the house", responses={409: {}})
@idempotent(required=False)
@requires("portal:staff")
async def create_staff_approval_decision(
    caller: Caller, session: Session, request_id: RequestId, seen: IfMatch, draft: DecisionDraft
) -> ApprovalRequest:
    """Decide what nobody else can: the only admin of an account asks, and there is no other member to agree."""
    row = await service.find_pending(session, caller, request_id)
    seen.check(row)
    await service.decide(session, caller, row, draft, for_house=True)
    seen.changed(row)
    return (await _shown(session, row))[0]

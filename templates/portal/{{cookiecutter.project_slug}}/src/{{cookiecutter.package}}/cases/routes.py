"""Cases over HTTP, for customers and for those who help them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag

from ..access.permissions import Permission
from . import service
from .models import CaseMessageRow, CaseRow
from .schemas import (
    Case,
    CaseDraft,
    CaseMessage,
    CaseTransition,
    MessageDraft,
    StaffCaseMessage,
    StaffCaseTransition,
    StaffMessageDraft,
)
from .states import CaseState

router = resource_router("/v1/cases", tag="cases")
staff = resource_router("/v1/staff/cases", tag="staff")

CaseId = Annotated[UUID, Path(description="the case's id")]
MessageId = Annotated[UUID, Path(description="the message's id")]
InState = Annotated[CaseState | None, Query(description="only those in this state")]


@router.get("", summary="List cases")
@requires("portal:read")
async def list_cases(caller: Caller, session: Session, page: PageRequest, state: InState = None) -> Page[Case]:
    """List the caller's cases, or everyone's where its roles show them; oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, state), CaseRow.id)
    return Page(items=[Case.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Ask for help", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_case(caller: Caller, session: Session, draft: CaseDraft, response: Response) -> Case:
    """Open a case with its first message."""
    row = await service.open_case(session, caller, draft)
    response.headers["Location"] = f"/v1/cases/{row.id}"
    response.headers["ETag"] = etag(row)
    return Case.model_validate(row)


@router.get("/{case_id}", summary="Read a case")
@requires("portal:read")
async def read_case(caller: Caller, session: Session, case_id: CaseId, copy: IfNoneMatch) -> Case:
    """Read one case."""
    row = await service.find(session, caller, case_id)
    copy.check(row)
    return Case.model_validate(row)


@router.get("/{case_id}/messages", summary="List what was said")
@requires("portal:read")
async def list_case_messages(caller: Caller, session: Session, page: PageRequest, case_id: CaseId) -> Page[CaseMessage]:
    """List what both sides said, oldest first."""
    row = await service.find(session, caller, case_id)
    rows, following = await page.fetch(session, service.messages(row, internal=False), CaseMessageRow.id)
    return Page(items=[CaseMessage.model_validate(one) for one in rows], next=following)


@router.post("/{case_id}/messages", status_code=201, summary="Say something", responses={409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_case_message(
    caller: Caller, session: Session, case_id: CaseId, draft: MessageDraft, response: Response
) -> CaseMessage:
    """Add a message. A case that waits for the customer goes on with it, and a resolved one is open again; a closed one
    takes none (409)."""
    row = await service.find(session, caller, case_id, Permission.EDIT_CASES)
    said = await service.say(session, caller, row, draft, by_house=False)
    response.headers["Location"] = f"/v1/cases/{case_id}/messages/{said.id}"
    return CaseMessage.model_validate(said)


@router.get("/{case_id}/messages/{message_id}", summary="Read what was said")
@requires("portal:read")
async def read_case_message(caller: Caller, session: Session, case_id: CaseId, message_id: MessageId) -> CaseMessage:
    """Read one message; it never changes."""
    row = await service.find(session, caller, case_id)
    return CaseMessage.model_validate(await service.find_message(session, row, message_id, internal=False))


@router.post("/{case_id}/transitions", summary="Reopen or close a case", responses={409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_case_transition(
    caller: Caller, session: Session, case_id: CaseId, seen: IfMatch, transition: CaseTransition
) -> Case:
    """Say that help is still needed, or no longer."""
    row = await service.find(session, caller, case_id, Permission.EDIT_CASES)
    seen.check(row)
    await service.move(session, row, transition.action)
    seen.changed(row)
    return Case.model_validate(row)


@staff.get("", summary="List all cases")
@requires("portal:staff")
async def list_staff_cases(caller: Caller, session: Session, page: PageRequest, state: InState = None) -> Page[Case]:
    """List the cases of all customers of the caller's house, oldest first."""
    rows, following = await page.fetch(session, service.of_tenant(caller, state), CaseRow.id)
    return Page(items=[Case.model_validate(row) for row in rows], next=following)


@staff.get("/{case_id}", summary="Read any case")
@requires("portal:staff")
async def read_staff_case(caller: Caller, session: Session, case_id: CaseId, copy: IfNoneMatch) -> Case:
    """Read a case of a customer of the caller's house."""
    row = await service.find_of_tenant(session, caller, case_id)
    copy.check(row)
    return Case.model_validate(row)


@staff.get("/{case_id}/messages", summary="List everything that was said")
@requires("portal:staff")
async def list_staff_case_messages(
    caller: Caller, session: Session, page: PageRequest, case_id: CaseId
) -> Page[StaffCaseMessage]:
    """List what both sides said and what the house said to itself, oldest first."""
    row = await service.find_of_tenant(session, caller, case_id)
    rows, following = await page.fetch(session, service.messages(row, internal=True), CaseMessageRow.id)
    return Page(items=[StaffCaseMessage.model_validate(one) for one in rows], next=following)


@staff.post("/{case_id}/messages", status_code=201, summary="Say something for the house", responses={409: {}})
@idempotent(required=False)
@requires("portal:staff")
async def create_staff_case_message(
    caller: Caller, session: Session, case_id: CaseId, draft: StaffMessageDraft, response: Response
) -> StaffCaseMessage:
    """Add a message, for the customer or for the house alone. A closed case takes those for the house alone."""
    row = await service.find_of_tenant(session, caller, case_id)
    said = await service.say(session, caller, row, draft, by_house=True)
    response.headers["Location"] = f"/v1/staff/cases/{case_id}/messages/{said.id}"
    return StaffCaseMessage.model_validate(said)


@staff.get("/{case_id}/messages/{message_id}", summary="Read anything that was said")
@requires("portal:staff")
async def read_staff_case_message(
    caller: Caller, session: Session, case_id: CaseId, message_id: MessageId
) -> StaffCaseMessage:
    """Read one message, also what the house said to itself; it never changes."""
    row = await service.find_of_tenant(session, caller, case_id)
    return StaffCaseMessage.model_validate(await service.find_message(session, row, message_id, internal=True))


@staff.post("/{case_id}/transitions", summary="Take, ask or resolve", responses={409: {}})
@idempotent(required=False)
@requires("portal:staff")
async def create_staff_case_transition(
    caller: Caller, session: Session, case_id: CaseId, seen: IfMatch, transition: StaffCaseTransition
) -> Case:
    """Say that somebody works on a case, waits for the customer, or has helped."""
    row = await service.find_of_tenant(session, caller, case_id)
    seen.check(row)
    await service.move(session, row, transition.action)
    seen.changed(row)
    return Case.model_validate(row)

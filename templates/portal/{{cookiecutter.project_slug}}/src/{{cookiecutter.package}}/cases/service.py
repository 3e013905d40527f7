"""What can be done with cases."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.problems import Problem

from ..access.permissions import Permission
from ..access.service import in_reach, the_one, unit_for
from ..orders.service import find_order
from ..people.service import ensure
from . import events
from .models import CaseMessageRow, CaseRow
from .schemas import CaseDraft, MessageDraft, StaffMessageDraft
from .states import CASE, REPLY, CaseState


def listed(
    caller: Principal, state: CaseState | None = None, *, by: Permission = Permission.VIEW_CASES
) -> Select[CaseRow]:
    """Return the query for the cases within the caller's reach, or those in one state."""
    query = select(CaseRow).where(in_reach(caller, CaseRow, by))
    return query if state is None else query.where(CaseRow.state == state)


def of_tenant(caller: Principal, state: CaseState | None = None) -> Select[CaseRow]:
    """Return the query for all cases of the caller's house, for those who work there."""
    query = select(CaseRow).where(CaseRow.tenant == caller.tenant)
    return query if state is None else query.where(CaseRow.state == state)


def messages(row: CaseRow, *, internal: bool) -> Select[CaseMessageRow]:
    """Return the query for what was said, with or without what the house said to itself."""
    query = select(CaseMessageRow).where(CaseMessageRow.case_id == row.id)
    return query if internal else query.where(CaseMessageRow.internal.is_(False))


async def find(
    session: AsyncSession, caller: Principal, case_id: UUID, by: Permission = Permission.VIEW_CASES
) -> CaseRow:
    """Return one case.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = CaseRow.id == case_id
    return await the_one(session, listed(caller, by=by).where(one), name="case", seen=listed(caller).where(one))


async def find_of_tenant(session: AsyncSession, caller: Principal, case_id: UUID) -> CaseRow:
    """Return one case of the house.

    :raises Problem: 404 when there is none.
    """
    return await the_one(session, of_tenant(caller).where(CaseRow.id == case_id), name="case")


async def open_case(session: AsyncSession, caller: Principal, draft: CaseDraft) -> CaseRow:
    """Store a new case with its first message.

    :raises Problem: 404 or 403 when the caller may not, or does not see the order.
    """
    await unit_for(session, caller, draft.unit_id, Permission.EDIT_CASES)
    if draft.order_id is not None:
        await find_order(session, caller, draft.order_id)
    person = await ensure(session, caller)
    row = CaseRow(
        tenant=caller.tenant,
        person_id=person.id,
        unit_id=draft.unit_id,
        state=CASE.initial,
        **draft.model_dump(include={"title", "topic", "order_id"}),
    )
    session.add(row)
    await session.flush()
    await _write(session, row, person.id, draft.message, by_house=False)
    await events.tell(session, events.OPENED, row)
    return row


async def say(
    session: AsyncSession, caller: Principal, row: CaseRow, draft: MessageDraft, *, by_house: bool
) -> CaseMessageRow:
    """Add a message. What a customer says to a case that waits for it moves the case on, and reopens a resolved one.

    :raises Problem: 409 when the case is closed: nobody would look there. The house may still write to itself.
    """
    internal = isinstance(draft, StaffMessageDraft) and draft.internal
    if row.state == CaseState.CLOSED and not internal:
        detail = "A closed case takes no more messages; open a new one."
        raise Problem(409, "illegal-transition", detail, extra={"state": row.state, "allowed": []})
    person = await ensure(session, caller)
    said = await _write(session, row, person.id, draft, by_house=by_house)
    if said.internal:
        return said
    if not by_house and REPLY in CASE.allowed(row.state):
        row.state = CASE.after(row.state, REPLY)
    row.updated_at = now()
    await session.flush()
    await events.tell(session, events.ANSWERED, row)
    return said


async def find_message(session: AsyncSession, row: CaseRow, message_id: UUID, *, internal: bool) -> CaseMessageRow:
    """Return one message of a case.

    :param internal: whether what the house said to itself is among those that are looked for.
    :raises Problem: 404 when there is none.
    """
    return await the_one(
        session, messages(row, internal=internal).where(CaseMessageRow.id == message_id), name="message"
    )


async def move(session: AsyncSession, row: CaseRow, action: str) -> None:
    """Do something with a case that takes it to another state.

    :raises Problem: 409 when it cannot be done in the present state; the problem names what can.
    """
    row.state = CASE.after(row.state, action)
    await session.flush()
    await events.tell(session, events.MOVED, row)


async def _write(
    session: AsyncSession, row: CaseRow, person_id: UUID, draft: MessageDraft, *, by_house: bool
) -> CaseMessageRow:
    said = CaseMessageRow(
        tenant=row.tenant,
        case_id=row.id,
        person_id=person_id,
        by_house=by_house,
        internal=isinstance(draft, StaffMessageDraft) and draft.internal,
        text=draft.text,
        attachments=[one.model_dump() for one in draft.attachments],
    )
    session.add(said)
    await session.flush()
    return said

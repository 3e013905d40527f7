"""Approvals: a cart is frozen while those who have to agree are asked, by events and not by the buyer's word.

The shop says what the cart comes to, the portal finds out who has to agree and what they say. Both know the request by
the id that the shop gave it, so nobody can have one cart approved and order another.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from . import appraisal, events
from .models import CartRow
from .schemas import ApprovalAsked
from .service import find_any, move
from .states import CART

Decision = Literal["approved", "rejected", "withdrawn"]
PENDING, APPROVED = "pending", "approved"


async def ask(session: AsyncSession, row: CartRow, asked: ApprovalAsked, *, answered: bool) -> None:
    """Freeze a cart and have it approved.

    :param answered: whether there is a service that may tell what was decided.
    :raises Problem: 409 when it is not active; 422 when it is empty, or nobody could be asked.
    """
    CART.after(row.state, "freeze")
    for missing, pointer, detail in (
        (not row.lines, "/lines", "The cart is empty."),
        (row.account is None, "/account", "Approvals are for accounts."),
        (not answered, "", "Nobody decides about approvals here: EVENTS_SENDERS names no service."),
        (row.business_unit is None, "/business_unit", "Say which business unit buys: its people are asked."),
    ):
        if missing:
            at = FieldError(pointer=pointer, parameter=None, detail=detail)
            raise Problem(422, "nobody-to-ask", detail, errors=[at])
    row.approval_id, row.approval_state, row.approved_gross = uuid7(), PENDING, None
    await move(session, row, "freeze")
    await events.tell_approval_requested(session, row, appraisal.totals(row.lines).gross, asked.cost_centre)


async def decide(session: AsyncSession, tenant: str, cart_id: UUID, approval_id: UUID, decision: Decision) -> None:
    """Thaw a cart with what was decided about it; a decision that this cart does not wait for changes nothing."""
    try:
        row = await find_any(session, tenant, cart_id)
    except Problem:
        return
    if (row.approval_id, row.approval_state) != (approval_id, PENDING):
        return
    row.approval_state = decision
    row.approved_gross = appraisal.totals(row.lines).gross if decision == APPROVED else None
    await move(session, row, "thaw")


def refuse_unapproved(row: CartRow) -> None:
    """Refuse to order what was not approved.

    :raises Problem: 409 when it was not.
    """
    if row.approval_state != APPROVED:
        detail = "Orders of this account have to be approved: ask for it, and order when it is given."
        raise Problem(409, "approval-required", detail, extra={"approval_state": row.approval_state})

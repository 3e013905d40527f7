"""What the rest of the company learns about approvals: the shop thaws the cart that waits for it."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import Fact
from .models import ApprovalRequestRow
from .schemas import ApprovalKind
from .states import ApprovalState


class ApprovalDecided(Fact):
    """Whether something may be bought. ``id`` is the request's; where the shop asked, it is the one the shop gave."""

    unit_id: UUID | None = Field(description="the business unit that spends; null: there was none to ask")
    kind: str = Field(description="what was to be approved: cart or quote")
    reference: str = Field(description="its id where it lives")
    decision: Literal["approved", "rejected", "withdrawn"] = Field(description="what became of the request")


DECIDED = EventType(
    name="approval.decided", summary="A request for approval was decided, or taken back.", data=ApprovalDecided
)


_DECISIONS: Mapping[ApprovalState, Literal["approved", "rejected", "withdrawn"]] = {
    ApprovalState.APPROVED: "approved",
    ApprovalState.REJECTED: "rejected",
    ApprovalState.WITHDRAWN: "withdrawn",
}


async def tell(session: AsyncSession, row: ApprovalRequestRow) -> None:
    """Record what was decided, in the transaction that makes it so."""
    fact = ApprovalDecided(
        id=row.id,
        version=row.version,
        unit_id=row.unit_id,
        kind=row.kind,
        reference=row.reference,
        decision=_DECISIONS[ApprovalState(row.state)],
    )
    await record(session, DECIDED, subject=f"approval-requests/{row.id}", data=fact, tenant=row.tenant)


async def tell_refused(session: AsyncSession, tenant: str, request_id: UUID, reference: str) -> None:
    """Record that something may not be bought because there is nobody to ask: whoever waits for it need not wait."""
    fact = ApprovalDecided(
        id=request_id, version=1, unit_id=None, kind=ApprovalKind.CART, reference=reference, decision="rejected"
    )
    await record(session, DECIDED, subject=f"approval-requests/{request_id}", data=fact, tenant=tenant)

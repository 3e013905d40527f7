"""What the rest of the company learns about approvals: the shop unfreezes the cart."""

from typing import Literal

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import UnitFact
from .models import ApprovalRequestRow
from .states import ApprovalState


class ApprovalDecided(UnitFact):
    """Whether something may be bought."""

    kind: str = Field(description="what was to be approved: cart or quote")
    reference: str = Field(description="its id where it lives")
    decision: Literal["approved", "rejected"] = Field(description="approved or rejected")


DECIDED = EventType(name="approval.decided", summary="A request for approval was decided.", data=ApprovalDecided)


async def tell(session: AsyncSession, row: ApprovalRequestRow) -> None:
    """Record what was decided, in the transaction that makes it so."""
    fact = ApprovalDecided(
        id=row.id,
        version=row.version,
        unit_id=row.unit_id,
        kind=row.kind,
        reference=row.reference,
        decision="approved" if row.state == ApprovalState.APPROVED else "rejected",
    )
    await record(session, DECIDED, subject=f"approval-requests/{row.id}", data=fact, tenant=row.tenant)

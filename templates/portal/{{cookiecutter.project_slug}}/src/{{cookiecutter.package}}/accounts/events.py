"""What the rest of the company learns about accounts."""

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import Fact
from .models import AccountRow


class AccountFact(Fact):
    """Where an account stands. The shop learns from it who may buy, and whose orders have to be approved first."""

    state: str = Field(description="active, blocked or closed", examples=["active"])
    needs_approval: bool = Field(description="whether it has rules or limits, so that somebody may have to agree")


CREATED = EventType(name="account.created", summary="A customer opened an account.", data=AccountFact)
CHANGED = EventType(name="account.changed", summary="An account was changed.", data=AccountFact)
CLOSED = EventType(name="account.closed", summary="An account was closed.", data=AccountFact)


async def tell(session: AsyncSession, kind: EventType, row: AccountRow) -> None:
    """Record what happened to an account, in the transaction that makes it so."""
    await record(session, kind, subject=f"accounts/{row.id}", data=AccountFact.model_validate(row), tenant=row.tenant)

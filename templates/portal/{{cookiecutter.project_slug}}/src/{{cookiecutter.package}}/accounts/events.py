"""What the rest of the company learns about accounts."""

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import Fact
from .models import AccountRow

CREATED = EventType(name="account.created", summary="A customer opened an account.", data=Fact)
CHANGED = EventType(name="account.changed", summary="An account was changed.", data=Fact)
CLOSED = EventType(name="account.closed", summary="An account was closed.", data=Fact)


async def tell(session: AsyncSession, kind: EventType, row: AccountRow) -> None:
    """Record what happened to an account, in the transaction that makes it so."""
    await record(session, kind, subject=f"accounts/{row.id}", data=Fact.model_validate(row), tenant=row.tenant)

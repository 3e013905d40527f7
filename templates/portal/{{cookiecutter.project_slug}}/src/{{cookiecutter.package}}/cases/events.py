"""What the rest of the company learns about cases; never what was said."""

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import UnitFact
from .models import CaseRow


class CaseFact(UnitFact):
    """Where a case stands."""

    topic: str = Field(description="which kind of help")
    state: str = Field(description="open, in_progress, waiting, resolved or closed")


OPENED = EventType(name="case.opened", summary="A customer needs help.", data=CaseFact)
ANSWERED = EventType(name="case.answered", summary="Something was said that both sides see.", data=CaseFact)
MOVED = EventType(name="case.moved", summary="A case went on to another state.", data=CaseFact)


async def tell(session: AsyncSession, kind: EventType, row: CaseRow) -> None:
    """Record what happened to a case, in the transaction that makes it so."""
    await record(session, kind, subject=f"cases/{row.id}", data=CaseFact.model_validate(row), tenant=row.tenant)

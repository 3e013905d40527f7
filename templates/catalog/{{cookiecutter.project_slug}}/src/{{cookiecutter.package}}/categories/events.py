"""What the rest of the company learns about a category."""

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import Change, Fact
from .models import CategoryRow

CHANGED = EventType(name="category.changed", summary="A category was created, changed or deleted.", data=Fact)


async def tell(session: AsyncSession, row: CategoryRow, change: Change) -> None:
    """Record what happened, in the transaction that makes it so."""
    fact = Fact(id=row.id, key=row.key, version=row.version, change=change)
    await record(session, CHANGED, subject=f"categories/{row.id}", data=fact)

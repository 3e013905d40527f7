"""What the rest of the company learns about a product type."""

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import Change, Fact
from .models import ProductTypeRow

CHANGED = EventType(name="product_type.changed", summary="A product type was created, changed or deleted.", data=Fact)


async def tell(session: AsyncSession, row: ProductTypeRow, change: Change) -> None:
    """Record what happened, in the transaction that makes it so."""
    fact = Fact(id=row.id, key=row.key, version=row.version, change=change)
    await record(session, CHANGED, subject=f"product-types/{row.id}", data=fact)

"""What the rest of the company learns about a product."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record, record_many

from ..vocabulary.facts import Change, Fact
from .models import ProductRow

CHANGED = EventType(name="product.changed", summary="A product was created, changed or deleted.", data=Fact)


async def tell(session: AsyncSession, row: ProductRow, change: Change) -> None:
    """Record what happened, in the transaction that makes it so."""
    fact = Fact(id=row.id, key=row.key, version=row.version, change=change)
    await record(session, CHANGED, subject=f"products/{row.id}", data=fact)


async def tell_all(session: AsyncSession, changes: Sequence[tuple[UUID, str, int, bool]]) -> None:
    """Record what happened to many products: id, key, version, and whether it is new."""
    facts = [
        (
            f"products/{product_id}",
            Fact(id=product_id, key=key, version=version, change="created" if new else "changed"),
        )
        for product_id, key, version, new in changes
    ]
    await record_many(session, CHANGED, facts)

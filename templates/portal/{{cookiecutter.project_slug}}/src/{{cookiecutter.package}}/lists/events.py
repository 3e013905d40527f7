"""What the rest of the company learns about shopping lists: what is ordered again and again is worth knowing."""

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import Fact
from .models import ShoppingListRow

CREATED = EventType(name="shopping_list.created", summary="A shopping list was created.", data=Fact)
CHANGED = EventType(name="shopping_list.changed", summary="A shopping list was changed.", data=Fact)
DELETED = EventType(name="shopping_list.deleted", summary="A shopping list was deleted.", data=Fact)


async def tell(session: AsyncSession, kind: EventType, row: ShoppingListRow) -> None:
    """Record what happened to a list, in the transaction that makes it so."""
    await record(session, kind, subject=f"shopping-lists/{row.id}", data=Fact.model_validate(row), tenant=row.tenant)

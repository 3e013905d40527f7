"""What can be done with shopping lists: one's own always, a shared one as the roles in its unit allow."""

from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal

from ..access.permissions import Permission
from ..access.service import me, the_one, unit_for, units
from ..people.service import ensure
from . import events
from .models import ShoppingListRow
from .schemas import ShoppingListDraft


def listed(
    caller: Principal, *, shared: bool | None = None, by: Permission = Permission.VIEW_LISTS
) -> Select[ShoppingListRow]:
    """Return the query for the caller's lists and those that are shared with it, or only one kind of them."""
    together = ShoppingListRow.shared.is_(True) & ShoppingListRow.unit_id.in_(units(caller, by))
    query = select(ShoppingListRow).where(
        ShoppingListRow.tenant == caller.tenant, or_(ShoppingListRow.person_id == me(caller), together)
    )
    return query if shared is None else query.where(ShoppingListRow.shared == shared)


async def find(
    session: AsyncSession, caller: Principal, list_id: UUID, by: Permission = Permission.VIEW_LISTS
) -> ShoppingListRow:
    """Return one list.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = ShoppingListRow.id == list_id
    seen = listed(caller).where(one)
    return await the_one(session, listed(caller, by=by).where(one), name="shopping list", seen=seen)


async def create(session: AsyncSession, caller: Principal, draft: ShoppingListDraft) -> ShoppingListRow:
    """Store a new list of the caller.

    :raises Problem: 404 or 403 when the caller may not order for that unit.
    """
    await _check_unit(session, caller, draft)
    person = await ensure(session, caller)
    row = ShoppingListRow(tenant=caller.tenant, person_id=person.id, **draft.model_dump())
    session.add(row)
    await session.flush()
    await events.tell(session, events.CREATED, row)
    return row


async def replace(session: AsyncSession, caller: Principal, row: ShoppingListRow, draft: ShoppingListDraft) -> None:
    """Replace what the caller may write.

    :raises Problem: 404 or 403 when the caller may not order for that unit.
    """
    if draft.unit_id != row.unit_id:
        await _check_unit(session, caller, draft)
    before = row.version
    for name, value in draft.model_dump().items():
        setattr(row, name, value)
    await session.flush()
    if row.version != before:
        await events.tell(session, events.CHANGED, row)


async def remove(session: AsyncSession, row: ShoppingListRow) -> None:
    """Delete a list."""
    await session.delete(row)
    await session.flush()
    await events.tell(session, events.DELETED, row)


async def _check_unit(session: AsyncSession, caller: Principal, draft: ShoppingListDraft) -> None:
    if draft.unit_id is not None:
        await unit_for(session, caller, draft.unit_id, Permission.EDIT_LISTS)

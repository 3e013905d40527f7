"""What can be done with the tree of business units."""

from uuid import UUID

from sqlalchemy import Select, delete, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from chassis.auth import Principal
from chassis.database import Base, take_turns
from chassis.problems import Problem

from ..access.permissions import Permission
from ..access.service import the_one, unit_for, units
from .models import UnitPath, UnitRow
from .schemas import UnitDraft, UnitWritable

MAX_DEPTH = 8


def listed(
    caller: Principal, account_id: UUID | None = None, *, by: Permission = Permission.VIEW_UNIT
) -> Select[UnitRow]:
    """Return the query for the units in which the caller may do something, or those of one account."""
    query = select(UnitRow).where(UnitRow.tenant == caller.tenant, UnitRow.id.in_(units(caller, by)))
    return query if account_id is None else query.where(UnitRow.account_id == account_id)


async def find(
    session: AsyncSession, caller: Principal, unit_id: UUID, by: Permission = Permission.VIEW_UNIT
) -> UnitRow:
    """Return one unit in which the caller may do something.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = UnitRow.id == unit_id
    return await the_one(
        session, listed(caller, by=by).where(one), name="business unit", seen=listed(caller).where(one)
    )


async def create(session: AsyncSession, caller: Principal, draft: UnitDraft) -> UnitRow:
    """Store a new unit below another one.

    :raises Problem: 404 or 403 when there the caller may not, 409 when the tree would get too deep.
    """
    parent = await unit_for(session, caller, draft.parent_id, Permission.MANAGE_UNIT)
    await _keep_the_tree(session, parent.account_id)
    await _check_depth(session, parent.id, levels=1)
    row = UnitRow(tenant=parent.tenant, account_id=parent.account_id, **draft.model_dump())
    await plant(session, row)
    return row


async def plant(session: AsyncSession, row: UnitRow) -> None:
    """Store a unit and its place in the tree."""
    session.add(row)
    await session.flush()
    await session.execute(insert(UnitPath).values(ancestor=row.id, descendant=row.id, depth=0))
    if row.parent_id is not None:
        await _hang(session, row.id, row.parent_id)


async def move(session: AsyncSession, caller: Principal, row: UnitRow, parent_id: UUID) -> None:
    """Hang a unit somewhere else in its account's tree, with everything below it and everything that belongs to it.

    Members, rules and limits go along, as they name their unit; from now on the roles, rules and limits of the units
    above the new place hold here as well, and those of the old place no more.

    :raises Problem: 404 or 403 when the caller may not change the new place or the old one; 409 when the unit is the
        account's own, the place is in another account or within the unit itself, or the tree would get too deep.
    """
    parent = await unit_for(session, caller, parent_id, Permission.MANAGE_UNIT)
    if row.parent_id is None:
        raise Problem(409, "in-use", "This is the account's own unit; all others lie in it.")
    await unit_for(session, caller, row.parent_id, Permission.MANAGE_UNIT)
    if parent.account_id != row.account_id:
        raise Problem(409, "other-account", "A unit stays in its account.")
    await _keep_the_tree(session, row.account_id)
    subtree = select(UnitPath.descendant).where(UnitPath.ancestor == row.id)
    if await session.scalar(select(exists(subtree.where(UnitPath.descendant == parent_id)))):
        raise Problem(409, "cycle", "A unit cannot lie within itself.")
    height = await session.scalar(select(func.max(UnitPath.depth)).where(UnitPath.ancestor == row.id))
    await _check_depth(session, parent_id, levels=(height or 0) + 1)
    inside = list(await session.scalars(subtree))
    leaving = UnitPath.descendant.in_(inside) & UnitPath.ancestor.not_in(inside)
    await session.execute(delete(UnitPath).where(leaving).execution_options(synchronize_session=False))
    await _hang(session, row.id, parent_id)
    row.parent_id = parent_id
    await session.flush()


async def _hang(session: AsyncSession, unit_id: UUID, parent_id: UUID) -> None:
    """Write down that a unit, with everything below it, lies in another one and wherever that lies."""
    above, below = aliased(UnitPath), aliased(UnitPath)
    pairs = select(above.ancestor, below.descendant, above.depth + below.depth + 1)
    pairs = pairs.join(below, below.ancestor == unit_id).where(above.descendant == parent_id)
    await session.execute(insert(UnitPath).from_select(["ancestor", "descendant", "depth"], pairs))


async def _keep_the_tree(session: AsyncSession, account_id: UUID) -> None:
    # Of two that move each other's units, each would find no cycle, and together they would make one.
    await take_turns(session, f"business units of {account_id}")


async def _check_depth(session: AsyncSession, parent_id: UUID, *, levels: int) -> None:
    depth = await session.scalar(select(func.max(UnitPath.depth)).where(UnitPath.descendant == parent_id))
    if (depth or 0) + 1 + levels > MAX_DEPTH:
        raise Problem(409, "too-deep", f"Business units nest at most {MAX_DEPTH} deep.")


async def replace(session: AsyncSession, row: UnitRow, draft: UnitWritable) -> None:
    """Replace what the caller may write."""
    for name, value in draft.model_dump().items():
        setattr(row, name, value)
    await session.flush()


async def remove(session: AsyncSession, row: UnitRow) -> None:
    """Delete a unit that nothing names any more.

    :raises Problem: 409 when it is the account's own, or something belongs to it.
    """
    if row.parent_id is None:
        raise Problem(409, "in-use", "This is the account's own unit; it stays as long as the account.")
    for table in Base.metadata.sorted_tables:
        naming = [key.parent for key in table.foreign_keys if key.column.table.name == UnitRow.__tablename__]
        for column in naming:
            if table.name == "unit_paths" or (table.name == UnitRow.__tablename__ and column.name != "parent_id"):
                continue
            if await session.scalar(select(exists().where(column == row.id))):
                raise Problem(409, "in-use", f"Something belongs to it: {table.name.replace('_', ' ')}.")
    await session.execute(delete(UnitPath).where(UnitPath.descendant == row.id))
    await session.delete(row)
    await session.flush()

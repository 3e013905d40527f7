"""What can be done with the tree of business units."""

from uuid import UUID

from sqlalchemy import Select, delete, exists, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Base
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
    depth = await session.scalar(
        select(UnitPath.depth).where(UnitPath.descendant == parent.id).order_by(UnitPath.depth.desc()).limit(1)
    )
    if (depth or 0) + 2 > MAX_DEPTH:
        raise Problem(409, "too-deep", f"Business units nest at most {MAX_DEPTH} deep.")
    row = UnitRow(tenant=parent.tenant, account_id=parent.account_id, **draft.model_dump())
    await plant(session, row)
    return row


async def plant(session: AsyncSession, row: UnitRow) -> None:
    """Store a unit and its place in the tree."""
    session.add(row)
    await session.flush()
    await session.execute(insert(UnitPath).values(ancestor=row.id, descendant=row.id, depth=0))
    if row.parent_id is not None:
        above = select(UnitPath.ancestor, literal(row.id), UnitPath.depth + 1).where(
            UnitPath.descendant == row.parent_id
        )
        await session.execute(insert(UnitPath).from_select(["ancestor", "descendant", "depth"], above))


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

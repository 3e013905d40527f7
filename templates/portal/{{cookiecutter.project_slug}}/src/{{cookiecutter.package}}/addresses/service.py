"""What can be done with addresses."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal

from ..access.permissions import Permission
from ..access.service import in_reach, the_one, unit_for
from ..people.service import ensure
from .models import AddressRow
from .schemas import AddressDraft, AddressWritable


def listed(
    caller: Principal, unit_id: UUID | None = None, *, by: Permission = Permission.VIEW_ADDRESSES
) -> Select[AddressRow]:
    """Return the query for the addresses of the caller's units, or of one of them."""
    query = select(AddressRow).where(in_reach(caller, AddressRow, by))
    return query if unit_id is None else query.where(AddressRow.unit_id == unit_id)


async def find(
    session: AsyncSession, caller: Principal, address_id: UUID, by: Permission = Permission.VIEW_ADDRESSES
) -> AddressRow:
    """Return one address.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = AddressRow.id == address_id
    return await the_one(session, listed(caller, by=by).where(one), name="address", seen=listed(caller).where(one))


async def create(session: AsyncSession, caller: Principal, draft: AddressDraft) -> AddressRow:
    """Store a new address of a unit.

    :raises Problem: 404 or 403 when the caller may not.
    """
    await unit_for(session, caller, draft.unit_id, Permission.MANAGE_ADDRESSES)
    person = await ensure(session, caller)
    row = AddressRow(tenant=caller.tenant, person_id=person.id, **draft.model_dump())
    session.add(row)
    await session.flush()
    return row


async def replace(session: AsyncSession, row: AddressRow, draft: AddressWritable) -> None:
    """Replace what the caller may write."""
    for name, value in draft.model_dump().items():
        setattr(row, name, value)
    await session.flush()


async def remove(session: AsyncSession, row: AddressRow) -> None:
    """Delete an address. Orders have copies of their own."""
    await session.delete(row)
    await session.flush()

"""What can be done with devices."""

import hashlib
import secrets
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.identifiers import uuid7
from chassis.problems import Problem

from ..access.permissions import Permission
from ..access.service import in_reach, the_one, unit_for
from ..people.service import ensure
from ..vocabulary.rows import insert_unless_there
from . import events
from .models import DeviceRow
from .schemas import Care, DeviceDraft


def listed(caller: Principal, *, by: Permission = Permission.VIEW_DEVICES) -> Select[DeviceRow]:
    """Return the query for the devices within the caller's reach."""
    return select(DeviceRow).where(in_reach(caller, DeviceRow, by))


def of_tenant(caller: Principal) -> Select[DeviceRow]:
    """Return the query for all devices of the caller's house, for those who work there."""
    return select(DeviceRow).where(DeviceRow.tenant == caller.tenant)


async def find(
    session: AsyncSession, caller: Principal, device_id: UUID, by: Permission = Permission.VIEW_DEVICES
) -> DeviceRow:
    """Return one device.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = DeviceRow.id == device_id
    return await the_one(session, listed(caller, by=by).where(one), name="device", seen=listed(caller).where(one))


async def find_of_tenant(session: AsyncSession, caller: Principal, device_id: UUID) -> DeviceRow:
    """Return one device of the house.

    :raises Problem: 404 when there is none.
    """
    return await the_one(session, of_tenant(caller).where(DeviceRow.id == device_id), name="device")


async def register(session: AsyncSession, caller: Principal, draft: DeviceDraft) -> DeviceRow:
    """Store a new device. Of two that register one serial number at the same time one gets it.

    :raises Problem: 404 or 403 when the caller may not; 409 when the number is taken, by whomever: that is not told.
    """
    await unit_for(session, caller, draft.unit_id, Permission.MANAGE_DEVICES)
    person = await ensure(session, caller)
    device_id = uuid7()
    values = {"id": device_id, "version": 1, "tenant": caller.tenant, "person_id": person.id, "parts": []}
    if not await insert_unless_there(session, DeviceRow, **values, **draft.model_dump()):
        raise Problem(409, "serial-number-taken", "This serial number cannot be registered; ask those who sold it.")
    row = (await session.scalars(select(DeviceRow).where(DeviceRow.id == device_id))).one()
    await events.tell(session, row)
    return row


async def rename(session: AsyncSession, row: DeviceRow, name: str) -> None:
    """Call a device something else."""
    row.name = name
    await session.flush()


async def care(session: AsyncSession, row: DeviceRow, draft: Care) -> None:
    """Replace what the house knows of a device."""
    row.warranty_from, row.warranty_until = draft.warranty_from, draft.warranty_until
    row.parts = draft.model_dump(mode="json")["parts"]
    await session.flush()


async def new_credential(session: AsyncSession, row: DeviceRow) -> str:
    """Return a new credential of a device; the one before it is useless from now on."""
    credential = secrets.token_urlsafe(32)
    row.credential_hash = _hash(credential)
    await session.flush()
    return credential


async def revoke(session: AsyncSession, row: DeviceRow) -> None:
    """Make a device's credential useless."""
    row.credential_hash = None
    await session.flush()


async def remove(session: AsyncSession, row: DeviceRow) -> None:
    """Forget a device and all that it told; its serial number can be registered again, as by whoever buys it."""
    await session.delete(row)
    await session.flush()


async def authenticate(
    session: AsyncSession, device_id: UUID, credential: str, *, until_commit: bool = False
) -> DeviceRow:
    """Return the device that a credential belongs to.

    :param until_commit: whether it has to stay as it is until the transaction ends.
    :raises Problem: 401 when there is none; whether the device or the credential is wrong is not told.
    """
    query = select(DeviceRow).where(DeviceRow.id == device_id, DeviceRow.credential_hash == _hash(credential))
    found = await session.scalar(query.with_for_update(read=True) if until_commit else query)
    if found is None:
        raise Problem(401, "unauthenticated", "The credential is not acceptable.")
    return found


def _hash(credential: str) -> str:
    # 256 bits of chance cannot be guessed from a plain hash; a slow one would only be paid for with every batch.
    return hashlib.sha256(credential.encode()).hexdigest()

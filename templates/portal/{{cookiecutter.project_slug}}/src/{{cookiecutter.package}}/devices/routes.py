"""Devices over HTTP: for their owners, for the house, and for the devices themselves."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from chassis.auth import Caller
from chassis.database import Database, Session
from chassis.merge_patch import patched
from chassis.operation import Credential, authenticated, beforehand, idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.rate_limit import RateLimiter
from chassis.values import Key

from ..access.permissions import Permission
from . import service, telemetry
from .models import DeviceRow, LatestRow, MeasurementRow
from .schemas import (
    Care,
    CarePatch,
    Device,
    DeviceCredential,
    DeviceDraft,
    DeviceName,
    DevicePatch,
    Measurement,
    Telemetry,
    TelemetryReceipt,
)

router = resource_router("/v1/devices", tag="devices")
staff = resource_router("/v1/staff/devices", tag="staff")

CREDENTIAL = Credential(
    name="device",
    scheme={
        "type": "apiKey",
        "in": "header",
        "name": "device-credential",
        "description": "What `POST /v1/devices/{device_id}/credentials` told, once.",
    },
)

DeviceId = Annotated[UUID, Path(description="the device's id")]


async def _admit(request: Request) -> None:
    """Refuse strangers, and devices that send too much, before a transaction is begun for them."""
    database: Database = request.app.state.database
    try:
        device_id = UUID(request.path_params["device_id"])
    except ValueError:
        return  # refused with the reason, as every path that does not fit the contract
    async with database.reading() as session:
        device = await service.authenticate(session, device_id, _credential(request))
    limiter: RateLimiter = request.app.state.rate_limiter
    if (allowance := limiter.take(f"device:{device.id}")) is not None:
        request.state.headers = allowance.headers


async def _sending(request: Request, session: Session, device_id: DeviceId) -> DeviceRow:
    return await service.authenticate(session, device_id, _credential(request), until_commit=True)


def _credential(request: Request) -> str:
    return request.headers.get(CREDENTIAL.scheme["name"], "")


@router.get("", summary="List devices")
@requires("portal:read")
async def list_devices(caller: Caller, session: Session, page: PageRequest) -> Page[Device]:
    """List the devices of the caller's business units, oldest first."""
    rows, following = await page.fetch(session, service.listed(caller), DeviceRow.id)
    return Page(items=[Device.model_validate(row) for row in rows], next=following)


@router.post("", status_code=201, summary="Register a device", responses={404: {}, 409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_device(caller: Caller, session: Session, draft: DeviceDraft, response: Response) -> Device:
    """Register a device by its serial number. Then ask for its credential, and put it into the device."""
    row = await service.register(session, caller, draft)
    response.headers["Location"] = f"/v1/devices/{row.id}"
    response.headers["ETag"] = etag(row)
    return Device.model_validate(row)


@router.get("/{device_id}", summary="Read a device")
@requires("portal:read")
async def read_device(caller: Caller, session: Session, device_id: DeviceId, copy: IfNoneMatch) -> Device:
    """Read one device with its warranty, spare parts and consumables."""
    row = await service.find(session, caller, device_id)
    copy.check(row)
    return Device.model_validate(row)


@router.patch("/{device_id}", summary="Rename a device")
@requires("portal:write")
async def update_device(
    caller: Caller, session: Session, device_id: DeviceId, seen: IfMatch, patch: DevicePatch
) -> Device:
    """Call a device something else."""
    row = await service.find(session, caller, device_id, Permission.MANAGE_DEVICES)
    seen.check(row)
    await service.rename(session, row, patched(DeviceName(name=row.name), patch).name)
    seen.changed(row)
    return Device.model_validate(row)


@router.delete("/{device_id}", status_code=204, summary="Give a device up")
@requires("portal:write")
async def delete_device(caller: Caller, session: Session, device_id: DeviceId, seen: IfMatch) -> None:
    """Forget a device and what it told. Its serial number can be registered again."""
    row = await service.find(session, caller, device_id, Permission.MANAGE_DEVICES)
    seen.check(row)
    await service.remove(session, row)


# No Idempotency-Key: the stored answer would keep the credential that nothing may keep. Asking again gives another one.
@router.post("/{device_id}/credentials", summary="Ask for a device's credential")
@requires("portal:write")
async def create_device_credential(
    caller: Caller, session: Session, device_id: DeviceId, seen: IfMatch
) -> DeviceCredential:
    """Make a credential, told this once; the one before it is useless from now on."""
    row = await service.find(session, caller, device_id, Permission.MANAGE_DEVICES)
    seen.check(row)
    credential = await service.new_credential(session, row)
    seen.changed(row)
    return DeviceCredential(credential=credential)


@router.delete("/{device_id}/credentials", status_code=204, summary="Revoke a device's credential")
@requires("portal:write")
async def delete_device_credential(caller: Caller, session: Session, device_id: DeviceId, seen: IfMatch) -> None:
    """Make a device's credential useless; what it told stays."""
    row = await service.find(session, caller, device_id, Permission.MANAGE_DEVICES)
    seen.check(row)
    await service.revoke(session, row)


@router.post("/{device_id}/telemetry", summary="Tell what was measured")
@beforehand(_admit)
@authenticated(by=CREDENTIAL)
async def create_device_telemetry(
    request: Request, session: Session, device: Annotated[DeviceRow, Depends(_sending)], sent: Telemetry
) -> TelemetryReceipt:
    """Take what a device measured.

    It may be sent again, late and in any order: a value is known by its metric and time, and the first one holds.
    """
    return await telemetry.take(session, device, sent.measurements, days=request.app.state.settings.telemetry_days)


@router.get("/{device_id}/telemetry", summary="List the latest values")
@requires("portal:read")
async def list_device_telemetry(
    caller: Caller, session: Session, page: PageRequest, device_id: DeviceId
) -> Page[Measurement]:
    """List the newest value of every metric."""
    row = await service.find(session, caller, device_id)
    rows, following = await page.fetch(session, telemetry.latest(row), LatestRow.id)
    return Page(items=[Measurement.model_validate(one) for one in rows], next=following)


@router.get("/{device_id}/measurements", summary="List what was measured")
@requires("portal:read")
async def list_device_measurements(
    caller: Caller,
    session: Session,
    page: PageRequest,
    device_id: DeviceId,
    metric: Annotated[Key | None, Query(description="only this metric")] = None,
) -> Page[Measurement]:
    """List what is still kept of what a device told, in the order in which it arrived."""
    row = await service.find(session, caller, device_id)
    rows, following = await page.fetch(session, telemetry.history(row, metric), MeasurementRow.id)
    return Page(items=[Measurement.model_validate(one) for one in rows], next=following)


@staff.get("", summary="List all devices")
@requires("portal:staff")
async def list_staff_devices(caller: Caller, session: Session, page: PageRequest) -> Page[Device]:
    """List the devices of all customers of the caller's house, oldest first."""
    rows, following = await page.fetch(session, service.of_tenant(caller), DeviceRow.id)
    return Page(items=[Device.model_validate(row) for row in rows], next=following)


@staff.get("/{device_id}", summary="Read any device")
@requires("portal:staff")
async def read_staff_device(caller: Caller, session: Session, device_id: DeviceId, copy: IfNoneMatch) -> Device:
    """Read a device of a customer of the caller's house."""
    row = await service.find_of_tenant(session, caller, device_id)
    copy.check(row)
    return Device.model_validate(row)


@staff.patch("/{device_id}", summary="Set warranty and parts")
@requires("portal:staff")
async def update_staff_device(
    caller: Caller, session: Session, device_id: DeviceId, seen: IfMatch, patch: CarePatch
) -> Device:
    """Say how long a device has warranty, and which spare parts and consumables it needs."""
    row = await service.find_of_tenant(session, caller, device_id)
    seen.check(row)
    await service.care(session, row, patched(Care.model_validate(row), patch))
    seen.changed(row)
    return Device.model_validate(row)

"""Devices: one owner a serial number, one credential a device, one row a measurement."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from chassis.outbox import OutboxRow
from tests.fixtures import Service
from tests.portal import ABSENT, Company, company, delete, patch, post

from ..models import LatestRow, MeasurementRow
from ..telemetry import forget_old
from ..warranty import WarrantyState, state_on

ANY = {"If-Match": "*"}
NOW = datetime.now(UTC).replace(microsecond=0)
PUMP = {"product": "c40", "serial_number": "C40-17", "name": "Boiler room"}


def _at(minutes: int) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def _value(value: float, minutes: int, metric: str = "flow") -> dict[str, Any]:
    return {"metric": metric, "time": _at(minutes), "value": value}


async def _register(works: Company) -> dict[str, Any]:
    return await post(works.admin, "devices", unit_id=works.unit_id, **PUMP)


async def _credential(works: Company, device: dict[str, Any]) -> str:
    answer = await works.admin.post(f"/v1/devices/{device['id']}/credentials", headers=ANY)
    assert answer.status_code == 200, answer.text
    credential: str = answer.json()["credential"]
    return credential


async def _send(service: Service, device_id: str, credential: str, *values: dict[str, Any]) -> httpx.Response:
    headers = {"device-credential": credential} if credential else {}
    path = f"/v1/devices/{device_id}/telemetry"
    return await service.anonymous.post(path, json={"measurements": list(values)}, headers=headers)


async def _count(service: Service, table: type[MeasurementRow | LatestRow]) -> int:
    async with service.app.state.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_serial_number_has_one_owner(service: Service) -> None:
    """Whoever comes second learns that it is taken and not by whom; another house has its own numbers."""
    works, rival = await company(service), await company(service, "eve", name="Rival")
    elsewhere = await company(service, "ann", tenant="two")
    device = await _register(works)
    again = await works.admin.post("/v1/devices", json={"unit_id": works.unit_id, **PUMP})
    taken = await rival.admin.post("/v1/devices", json={"unit_id": rival.unit_id, **PUMP})

    assert (taken.status_code, taken.json()["type"]) == (409, "urn:problem-type:serial-number-taken")
    assert taken.json()["detail"] == again.json()["detail"]
    assert works.unit_id not in taken.text
    assert (await rival.admin.get(f"/v1/devices/{device['id']}")).status_code == 404
    assert (await _register(elsewhere))["warranty_state"] == "none"
    assert (await delete(works.admin, f"devices/{device['id']}")).status_code == 204
    assert (await _register(rival))["unit_id"] == rival.unit_id


async def test_registration_is_told_once(service: Service) -> None:
    """One event, with the device and its unit; the number that was refused tells nothing."""
    works = await company(service)
    device = await _register(works)
    await works.admin.post("/v1/devices", json={"unit_id": works.unit_id, **PUMP})
    async with service.app.state.database.reading() as session:
        told = list(await session.scalars(select(OutboxRow).where(OutboxRow.type == "device.registered")))

    assert [row.subject for row in told] == [f"devices/{device['id']}"]


async def test_roles_decide_about_devices(service: Service) -> None:
    """A technician manages them, a buyer sees them, an accountant does not."""
    works = await company(service)
    device = await _register(works)
    tom, bob = await works.hire("tom", "technician"), await works.hire("bob", "buyer")
    cara = await works.hire("cara", "accountant")
    path = f"devices/{device['id']}"

    assert (await patch(tom, path, name="Roof")).json()["name"] == "Roof"
    assert (await patch(bob, path, name="Mine")).status_code == 403
    assert (await bob.post(f"/v1/{path}/credentials", headers=ANY)).status_code == 403
    assert (await bob.get("/v1/devices")).json()["items"][0]["name"] == "Roof"
    assert (await cara.get(f"/v1/{path}")).status_code == 404
    assert (await cara.get("/v1/devices")).json() == {"items": []}


async def test_the_house_knows_warranty_and_parts(service: Service) -> None:
    """The house writes them, the owner reads them, and a warranty that ends before it begins is refused."""
    works, sam = await company(service), service.as_("sam", "portal:staff")
    device = await _register(works)
    part = {"sku": "C40-SEAL", "kind": "consumable", "quantity": 2, "interval_days": 180}
    path = f"staff/devices/{device['id']}"
    cared = await patch(sam, path, warranty_from="2026-01-01", warranty_until="9999-12-31", parts=[part])
    wrong = await patch(sam, path, warranty_until="2025-12-31")
    found = (await works.admin.get(f"/v1/devices/{device['id']}")).json()

    assert (cared.status_code, wrong.status_code) == (200, 422)
    assert (found["warranty_state"], found["parts"]) == ("active", [part])
    assert (await patch(works.admin, f"devices/{device['id']}", warranty_until="9999-12-31")).status_code == 422
    assert (await sam.get("/v1/staff/devices")).json()["items"] == [found]
    assert (await patch(service.as_("una", "portal:staff", tenant="two"), path, parts=[])).status_code == 404


@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [
        (None, None, WarrantyState.NONE),
        (date(2026, 3, 2), None, WarrantyState.UPCOMING),
        (date(2026, 3, 1), date(2026, 3, 1), WarrantyState.ACTIVE),
        (date(2026, 1, 1), None, WarrantyState.ACTIVE),
        (date(2026, 1, 1), date(2026, 2, 28), WarrantyState.EXPIRED),
    ],
)
def test_the_day_decides_about_a_warranty(begins: date | None, ends: date | None, state: WarrantyState) -> None:
    """Both its first and its last day count."""
    assert state_on(date(2026, 3, 1), begins=begins, ends=ends) is state


async def test_stranger_begins_no_transaction(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who guesses credentials keeps no writer waiting."""
    device = await _register(await company(service))
    monkeypatch.setattr(service.app.state.database, "transaction", None)
    refused = await _send(service, device["id"], "x" * 43, _value(1, -3))

    assert refused.status_code == 401


async def test_credential_is_told_once_rotated_and_revoked(service: Service) -> None:
    """Only the newest one is good, only for its device, and every wrong one gets the same words."""
    works = await company(service)
    device = await _register(works)
    other = await post(works.admin, "devices", unit_id=works.unit_id, **PUMP | {"serial_number": "C40-18"})
    first = await _credential(works, device)
    sent = await _send(service, device["id"], first, _value(1, -3))
    second = await _credential(works, device)
    rotated = await _send(service, device["id"], second, _value(2, -2))
    refused = [
        await _send(service, device_id, credential, _value(3, -1))
        for device_id, credential in (
            (device["id"], first), (device["id"], ""), (other["id"], second), (ABSENT, second)
        )
    ]  # fmt: skip
    shown = (await works.admin.get(f"/v1/devices/{device['id']}")).json()
    revoked = await delete(works.admin, f"devices/{device['id']}/credentials")
    refused.append(await _send(service, device["id"], second, _value(3, -1)))

    assert (sent.status_code, rotated.status_code, revoked.status_code) == (200, 200, 204)
    assert {(one.status_code, one.json()["detail"]) for one in refused} == {(401, "The credential is not acceptable.")}
    assert (shown["connected"], second in str(shown)) == (True, False)
    assert await _count(service, MeasurementRow) == 2


async def test_measurements_count_once_in_any_order(service: Service) -> None:
    """Sent twice, late and mixed up: each is stored once, and the latest value never goes back."""
    works = await company(service)
    device = await _register(works)
    credential = await _credential(works, device)
    batch = [_value(2, -2), _value(9, -1, "heat"), _value(3, -1), _value(7, -1)]
    first = await _send(service, device["id"], credential, *batch)
    again = await _send(service, device["id"], credential, *batch)
    late = await _send(service, device["id"], credential, _value(1, -3), _value(5, -60 * 24 * 400))
    path = f"/v1/devices/{device['id']}"
    newest = (await works.admin.get(f"{path}/telemetry")).json()["items"]
    before = (await works.admin.get(f"{path}/measurements", params={"metric": "flow"})).json()["items"]

    assert first.json() == {"stored": 3, "skipped": 1}
    assert again.json() == {"stored": 0, "skipped": 4}
    assert late.json() == {"stored": 1, "skipped": 1}
    assert {one["metric"]: one["value"] for one in newest} == {"flow": 3, "heat": 9}
    assert [one["value"] for one in before] == [2, 3, 1]


async def test_batch_is_bounded_and_has_happened(service: Service) -> None:
    """Too many, none, not a number, or from the future: 422 at the member, and nothing of it is stored."""
    works = await company(service)
    device = await _register(works)
    credential = await _credential(works, device)
    future = await _send(service, device["id"], credential, _value(1, -1), _value(1, 60))
    many = await _send(service, device["id"], credential, *[_value(1, -1)] * 501)
    none = await _send(service, device["id"], credential)
    text = await _send(service, device["id"], credential, _value(1, -1) | {"value": "1"})

    assert [one.status_code for one in (future, many, none, text)] == [422] * 4
    assert future.json()["errors"][0]["pointer"] == "/measurements/1/time"
    assert await _count(service, MeasurementRow) == 0


async def test_old_measurements_are_forgotten(service: Service) -> None:
    """What is over goes, what is not stays, and so does the latest value; with the device everything goes."""
    works = await company(service)
    device = await _register(works)
    credential = await _credential(works, device)
    await _send(service, device["id"], credential, _value(1, -2), _value(2, -1))
    database = service.app.state.database
    async with database.transaction() as session:
        over = update(MeasurementRow).where(MeasurementRow.value == 2).values(expires_at=NOW - timedelta(days=1))
        await session.execute(over)

    assert [await forget_old(database), await forget_old(database)] == [1, 0]
    assert (await _count(service, MeasurementRow), await _count(service, LatestRow)) == (1, 1)
    assert (await delete(works.admin, f"devices/{device['id']}")).status_code == 204
    assert (await _count(service, MeasurementRow), await _count(service, LatestRow)) == (0, 0)

"""What devices tell: taken once however often it is sent, in whatever order, and kept for a while."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, now
from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from .models import DeviceRow, LatestRow, MeasurementRow
from .schemas import Measurement, TelemetryReceipt

_AHEAD = timedelta(minutes=5)
"""How far a device's clock may be ahead: one from next year would be the latest value for a year."""
_AT_ONCE = 1000


async def take(session: AsyncSession, device: DeviceRow, measured: list[Measurement], *, days: int) -> TelemetryReceipt:
    """Store what is new.

    :param days: how long it is kept; what is older already is skipped.
    :raises Problem: 422 when a time lies in the future.
    """
    _check_times(measured)
    kept, oldest = timedelta(days=days), now() - timedelta(days=days)
    # In one order for everybody: two batches of one device wait for each other, and never both.
    fresh = {(one.metric, one.time): one for one in reversed(measured) if one.time > oldest}
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(),
            "tenant": device.tenant,
            "device_id": device.id,
            "metric": metric,
            "time": time,
            "value": fresh[metric, time].value,
            "expires_at": time + kept,
        }
        for metric, time in sorted(fresh)
    ]
    stored = 0
    if rows:
        insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
        result = await session.execute(insert(MeasurementRow).values(rows).on_conflict_do_nothing())
        assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an INSERT gives
        stored = result.rowcount
        newest = {row["metric"]: {name: row[name] for name in row if name != "expires_at"} for row in rows}
        upsert = insert(LatestRow).values(list(newest.values()))
        await session.execute(
            upsert.on_conflict_do_update(
                index_elements=[LatestRow.device_id, LatestRow.metric],
                set_={"time": upsert.excluded.time, "value": upsert.excluded.value},
                where=LatestRow.time < upsert.excluded.time,
            )
        )
    return TelemetryReceipt(stored=stored, skipped=len(measured) - stored)


def latest(device: DeviceRow) -> Select[LatestRow]:
    """Return the query for the newest value of every metric."""
    return select(LatestRow).where(LatestRow.device_id == device.id)


def history(device: DeviceRow, metric: str | None) -> Select[MeasurementRow]:
    """Return the query for what is still kept, or that of one metric."""
    query = select(MeasurementRow).where(MeasurementRow.device_id == device.id)
    return query if metric is None else query.where(MeasurementRow.metric == metric)


async def forget_old(database: Database) -> int:
    """Delete measurements whose time is over; several processes share the work.

    :returns: how many it were.
    """
    async with database.transaction() as session:
        over = select(MeasurementRow.id).where(MeasurementRow.expires_at <= now()).limit(_AT_ONCE)
        ids: list[UUID] = list(await session.scalars(over.with_for_update(skip_locked=True)))
        if ids:
            await session.execute(delete(MeasurementRow).where(MeasurementRow.id.in_(ids)))
    return len(ids)


def _check_times(measured: list[Measurement]) -> None:
    latest_allowed = now() + _AHEAD
    errors = [
        FieldError(pointer=f"/measurements/{index}/time", parameter=None, detail="what is measured has happened")
        for index, one in enumerate(measured)
        if one.time > latest_allowed
    ]
    if errors:
        raise Problem(422, "invalid-request", "The request does not fit the contract.", errors=errors)

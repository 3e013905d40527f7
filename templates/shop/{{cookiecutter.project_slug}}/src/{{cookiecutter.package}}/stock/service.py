"""What can be done with stock.

Whoever moves stock locks the rows of all articles involved first, in one order (SKU, location): two who want the same
two articles meet at the first one, and nobody waits in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, now
from chassis.problems import Problem

from . import events
from .models import ReservationRow, StockRow
from .schemas import MOST_PIECES, StockItemDraft


@dataclass(frozen=True, kw_only=True)
class Hold:
    """For whom pieces are reserved, from where, and until when; ``None``: for good. No locations: from anywhere."""

    tenant: str
    holder: UUID
    locations: Sequence[str]
    expires_at: datetime | None
    for_order: bool = False


def listed(tenant: str, sku: str | None = None, location: str | None = None) -> Select[StockRow]:
    """Return the query for the stock of a house."""
    query = select(StockRow).where(StockRow.tenant == tenant)
    query = query if sku is None else query.where(StockRow.sku == sku)
    return query if location is None else query.where(StockRow.location == location)


async def find(session: AsyncSession, tenant: str, stock_id: UUID, *, lock: bool = False) -> StockRow:
    """Return one stock item.

    :raises Problem: 404 when the house has no such item.
    """
    query = listed(tenant).where(StockRow.id == stock_id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise Problem(404, "not-found", "There is no such stock item.")
    return row


async def create(session: AsyncSession, tenant: str, draft: StockItemDraft) -> StockRow:
    """Store a new stock item.

    :raises Problem: 409 when the article is kept at the location already.
    """
    if await session.scalar(listed(tenant, draft.sku, draft.location)):
        raise Problem(409, "stock-item-taken", f"{draft.sku} is kept at {draft.location} already.")
    row = StockRow(tenant=tenant, reserved=0, **draft.model_dump())
    session.add(row)
    await session.flush()
    return row


async def adjust(session: AsyncSession, row: StockRow, difference: int) -> None:
    """Take note of pieces that came or went.

    :raises Problem: 409 when fewer would be left than are spoken for, or more than can be counted.
    """
    before = row.available
    if row.on_hand + difference > MOST_PIECES:
        raise Problem(409, "too-many-pieces", f"A stock item holds at most {MOST_PIECES} pieces.")
    if row.on_hand + difference < row.reserved:
        raise Problem(409, "stock-reserved", f"{row.reserved} of {row.on_hand} pieces are spoken for.")
    row.on_hand += difference
    await session.flush()
    await events.tell_if_few(session, row, before=before)


async def reserve(session: AsyncSession, hold: Hold, wanted: Mapping[str, int]) -> list[tuple[StockRow, int]]:
    """Speak for pieces of several articles, all or none; return where they lie.

    :param wanted: how many pieces of each SKU.
    :raises Problem: 409 ``out-of-stock`` with the articles that too few pieces are left of.
    """
    rows = await _locked(session, hold.tenant, wanted)
    order = {location: index for index, location in enumerate(hold.locations)}
    usable = [row for row in rows if not order or row.location in order]
    usable.sort(key=lambda row: (order.get(row.location, 0), row.location))
    taken: list[tuple[StockRow, int]] = []
    missing = []
    for sku, quantity in sorted(wanted.items()):
        left = quantity
        for row in usable:
            if row.sku == sku and left and row.available:
                share = min(left, row.available)
                taken.append((row, share))
                left -= share
        if left:
            missing.append({"sku": sku, "wanted": quantity, "available": quantity - left})
    if missing:
        names = ", ".join(str(each["sku"]) for each in missing)
        raise Problem(409, "out-of-stock", f"Too few pieces are left of {names}.", extra={"articles": missing})
    for row, quantity in taken:
        before = row.available
        row.reserved += quantity
        session.add(
            ReservationRow(
                tenant=hold.tenant,
                holder=hold.holder,
                stock_id=row.id,
                sku=row.sku,
                quantity=quantity,
                expires_at=hold.expires_at,
                for_order=hold.for_order,
            )
        )
        await events.tell_if_few(session, row, before=before)
    await session.flush()
    return taken


async def keep(session: AsyncSession, holder: UUID) -> None:
    """Let a holder's reservations never expire."""
    await session.execute(
        update(ReservationRow)
        .where(ReservationRow.holder == holder)
        .values(expires_at=None)
        .execution_options(synchronize_session=False)
    )


async def release(session: AsyncSession, tenant: str, holder: UUID) -> int:
    """Give back what a holder has spoken for, and return how many pieces that were."""
    reserved, rows = await _held(session, tenant, holder)
    for each in reserved:
        rows[each.stock_id].reserved -= each.quantity
        await session.delete(each)
    await session.flush()
    return sum(each.quantity for each in reserved)


async def take_out(session: AsyncSession, tenant: str, holder: UUID, wanted: Mapping[str, int]) -> None:
    """Let reserved pieces leave the house: they are neither on hand nor reserved any more."""
    reserved, rows = await _held(session, tenant, holder)
    left = dict(wanted)
    for each in reserved:
        quantity = min(each.quantity, left.get(each.sku, 0))
        if not quantity:
            continue
        left[each.sku] -= quantity
        rows[each.stock_id].reserved -= quantity
        rows[each.stock_id].on_hand -= quantity
        if quantity == each.quantity:
            await session.delete(each)
        else:
            each.quantity -= quantity
    await session.flush()


async def put_back(session: AsyncSession, tenant: str, location: str, returned: Mapping[str, int]) -> None:
    """Take returned pieces on hand again; an article that is not kept there yet is kept there from now on."""
    rows = {row.sku: row for row in await _locked(session, tenant, returned) if row.location == location}
    for sku, quantity in sorted(returned.items()):
        if sku in rows:
            rows[sku].on_hand += quantity
        else:
            await create(session, tenant, StockItemDraft(sku=sku, location=location, on_hand=quantity))
    await session.flush()


async def loose(session: AsyncSession, tenant: str, holder: UUID) -> Sequence[tuple[ReservationRow, str]]:
    """Return what is reserved for no order, with the location of each, while it is."""
    query = (
        select(ReservationRow, StockRow.location)
        .join(StockRow, StockRow.id == ReservationRow.stock_id)
        .where(
            ReservationRow.tenant == tenant,
            ReservationRow.holder == holder,
            ReservationRow.for_order.is_(False),
            ReservationRow.expires_at > now(),
        )
        .order_by(ReservationRow.sku, StockRow.location)
    )
    return [(row, location) for row, location in await session.execute(query)]


async def release_loose(session: AsyncSession, tenant: str, holder: UUID) -> bool:
    """Give back what was reserved for no order; return whether there was anything."""
    query = select(ReservationRow.id).where(
        ReservationRow.tenant == tenant, ReservationRow.holder == holder, ReservationRow.for_order.is_(False)
    )
    if await session.scalar(query.limit(1)) is None:
        return False
    return await release(session, tenant, holder) > 0


async def release_expired(database: Database) -> bool:
    """Give back some of what was reserved for no order and has expired; return whether there may be more."""
    async with database.transaction() as session:
        query = (
            select(ReservationRow.tenant, ReservationRow.holder)
            .where(ReservationRow.expires_at < now(), ReservationRow.for_order.is_(False))
            .order_by(ReservationRow.expires_at)
            .limit(1)
        )
        found = (await session.execute(query)).first()
        if found is None:
            return False
        await release(session, found.tenant, found.holder)
    return True


def until(seconds: float) -> datetime:
    """Return the moment that is so many seconds from now."""
    return now() + timedelta(seconds=seconds)


async def _locked(session: AsyncSession, tenant: str, skus: Mapping[str, int]) -> list[StockRow]:
    query = (
        select(StockRow)
        .where(StockRow.tenant == tenant, StockRow.sku.in_(sorted(skus)))
        .order_by(StockRow.sku, StockRow.location)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(query))


async def _held(session: AsyncSession, tenant: str, holder: UUID) -> tuple[list[ReservationRow], dict[UUID, StockRow]]:
    query = select(ReservationRow).where(ReservationRow.holder == holder)
    # Who holds what never grows, so the articles can be known before they are locked.
    skus = {each.sku: 0 for each in await session.scalars(query)}
    rows = {row.id: row for row in await _locked(session, tenant, skus)} if skus else {}
    locked = query.order_by(ReservationRow.id).with_for_update().execution_options(populate_existing=True)
    return list(await session.scalars(locked)), rows


async def forget(session: AsyncSession, row: StockRow) -> None:
    """Delete a stock item.

    :raises Problem: 409 when pieces of it are spoken for.
    """
    if row.reserved:
        raise Problem(409, "stock-reserved", f"{row.reserved} pieces are spoken for.")
    await session.execute(delete(ReservationRow).where(ReservationRow.stock_id == row.id))
    await session.delete(row)
    await session.flush()

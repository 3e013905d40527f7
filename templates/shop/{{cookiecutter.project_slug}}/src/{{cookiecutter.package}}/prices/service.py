"""What can be done with price lists and their prices."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now, take_turns
from chassis.problems import Problem

from .clashes import ListScope, lists_clash
from .models import PriceListRow, PriceRow
from .schemas import NewPrice, PriceListDraft


def listed(tenant: str, key: str | None = None) -> Select[PriceListRow]:
    """Return the query for the price lists of a house that have not ended, or for the one with that key."""
    query = select(PriceListRow).where(PriceListRow.tenant == tenant, PriceListRow.ended_at.is_(None))
    return query if key is None else query.where(PriceListRow.key == key)


async def find(session: AsyncSession, tenant: str, list_id: UUID) -> PriceListRow:
    """Return one price list.

    :raises Problem: 404 when the house has no such list.
    """
    row = await session.scalar(listed(tenant).where(PriceListRow.id == list_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such price list.")
    return row


async def create(session: AsyncSession, tenant: str, draft: PriceListDraft) -> PriceListRow:
    """Store a new price list without prices.

    :raises Problem: 409 when the key is taken, or when it would be as specific as another one at the same time.
    """
    await take_turns(session, f"price lists of {tenant}")
    if await session.scalar(listed(tenant, draft.key)):
        raise Problem(409, "key-taken", f"There is a price list {draft.key} already.")
    row = PriceListRow(tenant=tenant, ended_at=None, **draft.model_dump())
    await _refuse_clash(session, row)
    session.add(row)
    await session.flush()
    return row


async def change(session: AsyncSession, row: PriceListRow, draft: PriceListDraft) -> None:
    """Change the name and the end of a price list.

    :raises Problem: 409 when it would be as specific as another one at the same time.
    """
    await take_turns(session, f"price lists of {row.tenant}")
    row.name, row.valid_until = draft.name, draft.valid_until
    with session.no_autoflush:
        await _refuse_clash(session, row)
    await session.flush()


async def end(session: AsyncSession, row: PriceListRow) -> None:
    """End a price list now; its prices stay for the history."""
    row.ended_at = now()
    await session.flush()


async def _refuse_clash(session: AsyncSession, row: PriceListRow) -> None:
    for other in await session.scalars(listed(row.tenant)):
        if other.id != row.id and lists_clash(_scope(row), _scope(other)):
            raise Problem(
                409,
                "price-list-clash",
                f"The price list {other.key} is for the same channel, customers and currency at the same time: "
                "neither would be the more specific one.",
            )


def _scope(row: PriceListRow) -> ListScope:
    return ListScope(
        channel=row.channel,
        customer=row.customer,
        customer_group=row.customer_group,
        currency=row.currency,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def present(row: PriceListRow, sku: str | None = None) -> Select[PriceRow]:
    """Return the query for what a list asks now, for all articles or for one."""
    query = select(PriceRow).where(PriceRow.list_id == row.id, PriceRow.replaced_at.is_(None))
    return query if sku is None else query.where(PriceRow.sku == sku)


async def record(session: AsyncSession, row: PriceListRow, prices: list[NewPrice]) -> dict[str, int]:
    """Take over new prices from now on; return how many were created, changed, unchanged and ended."""
    await take_turns(session, f"prices of {row.id}")
    moment = now()
    query = present(row).where(PriceRow.sku.in_([price.sku for price in prices]))
    asked = {found.sku: found for found in await session.scalars(query)}
    counts = {"created": 0, "changed": 0, "unchanged": 0, "ended": 0}
    fresh: list[PriceRow] = []
    for price in prices:
        before = asked.get(price.sku)
        tiers = [[tier.minimum_quantity, tier.amount] for tier in price.tiers or ()]
        if tiers == (before.tiers if before else []):
            counts["unchanged"] += 1
            continue
        if before is not None:
            before.replaced_at = moment
        if tiers:
            fresh.append(PriceRow(tenant=row.tenant, list_id=row.id, sku=price.sku, tiers=tiers, recorded_at=moment))
        counts["ended" if not tiers else "changed" if before else "created"] += 1
    await session.flush()  # the old ones end before the new ones begin: one price an article
    session.add_all(fresh)
    await session.flush()
    return counts

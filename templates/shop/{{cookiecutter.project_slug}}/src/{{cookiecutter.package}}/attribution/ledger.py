"""Writing the ledger: decided with the order, taken back with what comes back, corrected by entries of their own."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType
from chassis.identifiers import uuid7

from . import events, service
from .models import AttributionRow
from .policy import Sale, Split, amounts, decide


class Sold(Protocol):
    """What the ledger must know about an order."""

    id: Any
    tenant: Any
    account: Any
    channel: Any
    campaign: Any
    currency: Any
    lines: Any
    shipping_address: Any


async def credit(session: AsyncSession, order: Sold) -> None:
    """Credit a new order, line by line."""
    policy = await service.policy_of(session, order.tenant, order.account)
    rows: list[AttributionRow] = []
    for line in order.lines:
        sale = Sale(
            country=order.shipping_address["address_country"],
            postal_code=order.shipping_address["postal_code"],
            product_group=line["product_group"],
        )
        decision = decide(sale, policy.assigned, policy.rules)
        rows += [
            _entry(order, line["id"], "decided", split, amount, decision.source, policy.version)
            for split, amount in zip(decision.splits, amounts(line["net"], decision.splits), strict=True)
        ]
    await _write(session, events.DECIDED, order, rows)


async def take_back(session: AsyncSession, order: Sold, net: Mapping[str, int], reason: str) -> None:
    """Take back the credit for what came back, from those who have it now.

    :param net: what of each line is taken back, in minor units.
    """
    rows: list[AttributionRow] = []
    for line, amount in net.items():
        holders = await standing(session, order.id, line)
        version = await service.version_of(session, order.tenant)
        # What stays is divided, not what is taken: rounding piece by piece would leave a cent with somebody at the end.
        stays = amounts(sum(has for _, has in holders) - amount, [split for split, _ in holders])
        rows += [
            _entry(order, line, "reversed", split, stay - has, "return", version, reason)
            for (split, has), stay in zip(holders, stays, strict=True)
        ]
    await _write(session, events.CORRECTED, order, rows)


async def correct(session: AsyncSession, order: Sold, splits: Sequence[Split], reason: str) -> None:
    """Put another credit in the place of the one that stands; both stay in the ledger."""
    version = await service.version_of(session, order.tenant)
    rows: list[AttributionRow] = []
    for line in order.lines:
        holders = await standing(session, order.id, line["id"])
        total = sum(amount for _, amount in holders)
        rows += [
            _entry(order, line["id"], "withdrawn", split, -amount, "correction", version, reason)
            for split, amount in holders
        ]
        rows += [
            _entry(order, line["id"], "corrected", split, amount, "correction", version, reason)
            for split, amount in zip(splits, amounts(total, splits), strict=True)
        ]
    await _write(session, events.CORRECTED, order, rows)


async def standing(session: AsyncSession, order_id: UUID, line: str) -> list[tuple[Split, int]]:
    """Return who has the credit for a line now, by the last decision about it, and how much of it is left."""
    query = (
        select(AttributionRow)
        .where(AttributionRow.order_id == order_id, AttributionRow.line == line)
        .order_by(AttributionRow.id)
    )
    rows = list(await session.scalars(query))
    deciding = [row for row in rows if row.kind in ("decided", "corrected")]
    splits = [
        Split(territory=row.territory, representative=row.representative, share=row.share)
        for row in deciding
        if row.decision == deciding[-1].decision
    ]
    left: dict[tuple[str, str | None], int] = {}
    for row in rows:
        name = (row.territory, row.representative)
        left[name] = left.get(name, 0) + row.amount
    return [(split, left.get((split.territory, split.representative), 0)) for split in splits]


def _entry(  # noqa: PLR0913, PLR0917 - an entry has so many parts
    order: Sold,
    line: str,
    kind: str,
    split: Split,
    amount: int,
    source: str,
    version: int,
    reason: str | None = None,
) -> AttributionRow:
    return AttributionRow(
        tenant=order.tenant,
        order_id=order.id,
        line=line,
        kind=kind,
        territory=split.territory,
        representative=split.representative,
        channel=order.channel,
        campaign=order.campaign,
        share=split.share,
        amount=amount,
        currency=order.currency,
        source=source,
        reason=reason,
        policy_version=version,
    )


async def _write(session: AsyncSession, kind: EventType, order: Sold, rows: list[AttributionRow]) -> None:
    decision = uuid7()
    for row in rows:
        row.decision = decision
    session.add_all(rows)
    await session.flush()
    await events.tell(session, kind, order, rows)

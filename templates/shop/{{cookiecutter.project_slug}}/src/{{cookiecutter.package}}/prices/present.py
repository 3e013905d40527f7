"""The rules of this moment. Every line of every cart asks for them, so they come in one round trip, as plain rows."""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ..vocabulary.percent import share
from .rules import Discount, Level, PriceList, Rules, Situation, Tier

_LISTS = """\
SELECT 'list' AS kind, l.key, l.channel, l.customer_group, l.currency, l.valid_from, l.valid_until, p.tiers AS document,
       p.sku, 0 AS priority, '' AS stacking, 0 AS minimum_quantity, '' AS percent, 0 AS amount, 0 AS budget,
       '' AS level, 0 AS minimum_value, l.discountable, l.customer
FROM prices p JOIN price_lists l ON l.id = p.list_id
WHERE p.tenant = $1 AND p.replaced_at IS NULL AND l.ended_at IS NULL AND l.currency = $2 AND p.sku IN ({skus})
  AND (l.customer IS NULL OR l.customer = $3)
"""
_DISCOUNTS = """\
SELECT 'discount', d.key, d.channel, d.customer_group, d.currency, d.valid_from, d.valid_until, d.skus,
       d.code, d.priority, d.stacking, d.minimum_quantity, d.percent, d.amount, d.budget - d.spent,
       d.level, d.minimum_value, TRUE, NULL
FROM discounts d
WHERE d.tenant = $1 AND d.ended_at IS NULL
"""


async def rules_now(session: AsyncSession, tenant: str, situation: Situation, skus: Collection[str]) -> Rules:
    """Return the price lists with prices for articles, and every discount, that have not ended.

    Contracts with other customers are left where they are.
    """
    numbers = ", ".join(f"${number}" for number in range(4, 4 + len(skus)))
    statement = f"{_LISTS.format(skus=numbers)}UNION ALL {_DISCOUNTS}"
    rows = await _fetch(session, statement, (tenant, situation.currency, situation.customer, *skus))
    lists: dict[str, tuple[Sequence[Any], dict[str, Sequence[Tier]]]] = {}
    discounts = []
    for row in rows:
        if row[0] == "list":
            lists.setdefault(row[1], (row, {}))[1][row[8]] = tiers(_document(row[7]))
        else:
            discounts.append(_discount(row))
    return Rules(lists=[_price_list(row, asked) for row, asked in lists.values()], discounts=discounts)


async def _fetch(session: AsyncSession, statement: str, parameters: tuple[str | None, ...]) -> Sequence[Sequence[Any]]:
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        named = {str(number): value for number, value in enumerate(parameters, start=1)}
        return (await connection.exec_driver_sql(statement, named)).all()
    return (await connection.exec_driver_sql(statement, parameters)).all()


def tiers(stored: Sequence[Any]) -> tuple[Tier, ...]:
    """Return tiers as the engine knows them."""
    return tuple(Tier(minimum=minimum, amount=amount) for minimum, amount in stored)


def _price_list(row: Sequence[Any], asked: dict[str, Sequence[Tier]]) -> PriceList:
    return PriceList(
        key=row[1],
        channel=row[2],
        customer=row[18],
        customer_group=row[3],
        currency=row[4],
        discountable=bool(row[17]),
        valid_from=_moment(row[5]),
        valid_until=_moment(row[6]),
        tiers=asked,
    )


def _discount(row: Sequence[Any]) -> Discount:
    skus = _document(row[7])
    return Discount(
        key=row[1],
        channel=row[2],
        customer_group=row[3],
        currency=row[4],
        valid_from=_moment(row[5]),
        valid_until=_moment(row[6]),
        skus=None if skus is None else frozenset(skus),
        code=row[8],
        priority=row[9],
        exclusive=row[10] == "exclusive",
        minimum_quantity=row[11],
        level=Level(row[15]),
        minimum_value=row[16],
        share=None if row[12] is None else share(row[12]),
        amount=row[13],
        budget=row[14],
    )


def _document(stored: Any) -> Any:
    """Return what a column of JSON holds; SQLite keeps it as text."""
    return json.loads(stored) if isinstance(stored, str) else stored


def _moment(stored: datetime | str | None) -> datetime | None:
    """Return a point in time; SQLite keeps it as text, in UTC."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) if isinstance(stored, str) else stored

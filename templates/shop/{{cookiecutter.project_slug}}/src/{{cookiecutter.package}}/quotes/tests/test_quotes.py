"""Price quotes: what a touchpoint must show beside a price."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from chassis.database import Database
from tests.fixtures import Service
from tests.shop import prices, put, small_shop

from ...discounts.models import DiscountRow
from ...prices.models import PriceListRow, PriceRow

NOW = datetime.now(UTC)


def _ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def _past(service: Service, *changes: Any) -> None:
    """Let things have happened earlier: nobody waits thirty days in a test."""
    database: Database = service.app.state.database
    async with database.transaction() as session:
        for change in changes:
            await session.execute(change)


async def _quote(client: httpx.AsyncClient, sku: str, quantity: int = 1) -> dict[str, Any]:
    asked = {"channel": "web", "lines": [{"sku": sku, "quantity": quantity}]}
    answer: dict[str, Any] = await put(client, "price-quotes", asked)
    found: dict[str, Any] = answer["lines"][0]
    return found


@pytest.fixture
async def shop(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client that may do everything, in a shop with prices."""
    await small_shop(ann)
    return ann


async def test_quote_is_what_the_cart_would_say(shop: httpx.AsyncClient) -> None:
    """Gross for consumers, with the reasons; what has no price is told, not refused."""
    found, unknown = await _quote(shop, "C40", 10), await _quote(shop, "X1")

    assert (found["unit_price"], found["gross_unit_price"], found["gross"]) == (18_000, 18_000, 180_000)
    assert (found["lowest_before"], found["per_measure"]) == (None, None)
    assert (unknown["unit_price"], unknown["gross"]) == (None, None)


async def test_reduction_shows_the_lowest_price_of_the_thirty_days_before(
    service: Service, shop: httpx.AsyncClient
) -> None:
    """Not the one that was raised the day before, and not one of half a year ago (Directive 98/6/EC, article 6a)."""
    everything = update(PriceListRow).values(created_at=_ago(400))
    for days, amount in ((200, 10_000), (100, 19_000), (12, 25_000)):
        await _past(
            service, everything, update(PriceRow).where(PriceRow.replaced_at.is_(None)).values(recorded_at=_ago(400))
        )
        retail = (await shop.get("/v1/price-lists", params={"key": "retail"})).json()["items"][0]
        change = {"sku": "C40", "tiers": [{"minimum_quantity": 1, "amount": amount}]}
        await put(shop, f"price-lists/{retail['id']}/price-changes", {"prices": [change]})
        moment = _ago(days)
        ended = update(PriceRow).where(PriceRow.sku == "C40", PriceRow.replaced_at > _ago(1))
        begun = update(PriceRow).where(PriceRow.sku == "C40", PriceRow.replaced_at.is_(None))
        await _past(service, ended.values(replaced_at=moment), begun.values(recorded_at=moment))
    assert (await _quote(shop, "C40"))["lowest_before"] is None
    await put(shop, "discounts", {"key": "sale", "name": "Sale", "priority": 1, "percent": "20"})
    await _past(service, update(DiscountRow).values(created_at=_ago(10)))
    found = await _quote(shop, "C40")

    assert (found["explanation"]["base"], found["unit_price"]) == (25_000, 20_000)
    assert found["lowest_before"] == 19_000


async def test_offer_with_an_end_is_a_reduction(service: Service, shop: httpx.AsyncClient) -> None:
    """A list for a week counts before the one for ever, and is measured against it."""
    await _past(
        service, update(PriceListRow).values(created_at=_ago(90)), update(PriceRow).values(recorded_at=_ago(90))
    )
    await prices(
        shop,
        "week",
        {"C40": [(1, 17_000)]},
        valid_from=_ago(2).isoformat(),
        valid_until=(NOW + timedelta(days=5)).isoformat(),
    )
    found = await _quote(shop, "C40")

    assert (found["unit_price"], found["lowest_before"]) == (17_000, 20_000)

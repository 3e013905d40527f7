"""Cursors: whoever turns pages while others publish sees everything that was there, once and in order."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog import product, publish, put, small_catalog, variant
from tests.fixtures import Service

NUMBERS = itertools.count(1)
PLANS = st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=6)
"""What is inserted while each page is read: so many products, each in one of four price groups."""

EXAMPLES = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


async def _add(client: httpx.AsyncClient, group: int) -> str:
    number = next(NUMBERS)
    prices = [{"amount": 100 * group, "currency": "EUR"}] if group else []
    # The names of later products stand between those of earlier ones.
    name = {"en": f"Pump {group}-{(number * 7) % 100:02d}", "de": f"Pumpe {group}"}
    draft = product(f"p{number}", name=name, variants=[variant(f"P{number}", list_prices=prices)])
    await publish(client, await put(client, "products", draft))
    return str(draft["key"])


async def _walk(
    reader: httpx.AsyncClient,
    path: str,
    parameters: dict[str, Any],
    writer: httpx.AsyncClient,
    plan: Sequence[list[int]],
) -> tuple[list[str], set[str]]:
    """Read page after page while products are inserted; return the keys seen, and those of the inserted."""
    seen: list[str] = []
    inserted: set[str] = set()
    cursor: dict[str, str] = {}
    for groups in itertools.chain(plan, itertools.repeat([])):
        adding = asyncio.gather(*(_add(writer, group) for group in groups))
        page = await reader.get(path, params=parameters | cursor)
        assert page.status_code == 200, page.text
        inserted.update(await adding)
        seen += [each["key"] for each in page.json()["items"]]
        if "next" not in page.json():
            return seen, inserted
        cursor = {"cursor": page.json()["next"]}
    raise AssertionError("unreachable: the plan is endless")


async def _everything(reader: httpx.AsyncClient, path: str, parameters: dict[str, Any]) -> list[str]:
    seen, _ = await _walk(reader, path, parameters | {"limit": 100}, reader, [])
    return seen


@EXAMPLES
@given(plan=PLANS, limit=st.integers(1, 5), sort=st.sampled_from(["newest", "name", "price", "-price"]))
async def test_storefront_list_is_stable(
    service: Service, ann: httpx.AsyncClient, plan: list[list[int]], limit: int, sort: str
) -> None:
    """In each order: nothing that was there is missing or twice, and it comes in the order that it had."""
    await _prepare(ann)
    path, view = "/v1/storefront/products", {"channel": "web", "locale": "en", "sort": sort}
    before = await _everything(service.anonymous, path, view)
    seen, inserted = await _walk(service.anonymous, path, view | {"limit": limit}, ann, plan)

    _hold(before, seen, inserted)


@EXAMPLES
@given(plan=PLANS, limit=st.integers(1, 5))
async def test_search_is_stable(service: Service, ann: httpx.AsyncClient, plan: list[list[int]], limit: int) -> None:
    """How well something fits does not depend on what else there is."""
    await _prepare(ann)
    path, view = "/v1/storefront/search", {"channel": "web", "locale": "en", "q": "pump steel"}
    before = await _everything(service.anonymous, path, view)
    seen, inserted = await _walk(service.anonymous, path, view | {"limit": limit}, ann, plan)

    _hold(before, seen, inserted)


@EXAMPLES
@given(plan=PLANS, limit=st.integers(1, 5))
async def test_products_are_listed_stably(ann: httpx.AsyncClient, plan: list[list[int]], limit: int) -> None:
    """What is being worked on, oldest first: what is new comes at the end."""
    await _prepare(ann)
    before = await _everything(ann, "/v1/products", {})
    seen, inserted = await _walk(ann, "/v1/products", {"limit": limit}, ann, plan)

    _hold(before, seen, inserted)
    assert seen[: len(before)] == before


async def _prepare(client: httpx.AsyncClient) -> None:
    if not (await client.get("/v1/channels")).json()["items"]:  # the first example of this test
        await small_catalog(client)
        for group in (0, 1, 1, 2, 3):
            await _add(client, group)


def _hold(before: Sequence[str], seen: Sequence[str], inserted: set[str]) -> None:
    assert len(set(seen)) == len(seen)
    assert [key for key in seen if key not in inserted] == list(before)

"""Stock: counted, reserved, and never sold twice."""

import asyncio
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from chassis.database import Database, now
from tests.fixtures import Service
from tests.shop import key, put, stock, told

from ..models import ReservationRow
from ..service import release_expired


async def _reserve(client: httpx.AsyncClient, **pieces: int) -> httpx.Response:
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in pieces.items()]
    return await client.post("/v1/stock-reservations", json={"lines": lines}, headers=key())


async def _counts(client: httpx.AsyncClient) -> dict[str, tuple[int, ...]]:
    items = (await client.get("/v1/stock-items", params={"limit": 100})).json()["items"]
    return {
        f"{each['sku']}@{each['location']}": (each["on_hand"], each["reserved"], each["available"]) for each in items
    }


async def test_all_or_none_is_reserved(ann: httpx.AsyncClient) -> None:
    """One article that is missing leaves the others free; the answer names what is left of it."""
    await stock(ann, A=5, B=1)
    refused = await _reserve(ann, A=2, B=2)
    taken = await _reserve(ann, A=2, B=1)

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:out-of-stock")
    assert refused.json()["articles"] == [{"sku": "B", "wanted": 2, "available": 1}]
    assert taken.status_code == 201
    assert await _counts(ann) == {"A@berlin": (5, 2, 3), "B@berlin": (1, 1, 0)}


async def test_pieces_come_from_several_places(ann: httpx.AsyncClient) -> None:
    """In the order that was asked for; what is kept for safety is never sold."""
    await stock(ann, "berlin", A=2)
    await put(ann, "stock-items", {"sku": "A", "location": "essen", "on_hand": 5, "safety": 2})
    draft = {"lines": [{"sku": "A", "quantity": 4}], "locations": ["essen", "berlin"]}
    taken = await put(ann, "stock-reservations", draft)

    assert [(each["location"], each["quantity"]) for each in taken["lines"]] == [("essen", 3), ("berlin", 1)]
    assert (await _reserve(ann, A=2)).status_code == 409


async def test_reservation_expires_and_can_be_released(service: Service, ann: httpx.AsyncClient) -> None:
    """Either way the pieces are free again, once."""
    database: Database = service.app.state.database
    await stock(ann, A=5)
    first, second = (await _reserve(ann, A=2)).json(), (await _reserve(ann, A=3)).json()
    path, once = f"/v1/stock-reservations/{first['id']}/releases", key()
    released = [(await ann.post(path, headers=headers)).status_code for headers in ({}, once, once, key())]
    assert released == [400, 204, 204, 404]
    assert await _counts(ann) == {"A@berlin": (5, 3, 2)}
    async with database.transaction() as session:
        await session.execute(
            update(ReservationRow).where(ReservationRow.holder == UUID(second["id"])).values(expires_at=now())
        )
    while await release_expired(database):
        pass

    assert await _counts(ann) == {"A@berlin": (5, 0, 5)}


async def test_reservation_is_where_it_is_said_to_be(service: Service, ann: httpx.AsyncClient) -> None:
    """As long as it holds; what has expired, was released, or is another house's or an order's is not there."""
    await stock(ann, A=5, B=5)
    made = await _reserve(ann, A=2, B=1)
    place = made.headers["location"]
    other = service.as_("bob", tenant="other")
    first, foreign = await ann.get(place), await other.get(place)
    await ann.post(f"{place}/releases", headers=key())
    released = await ann.get(place)
    expired = (await _reserve(ann, A=1)).headers["location"]
    async with service.app.state.database.transaction() as session:
        await session.execute(update(ReservationRow).values(expires_at=now()))

    assert (first.status_code, first.json()) == (200, made.json())
    assert [(await ann.get(expired)).status_code, released.status_code, foreign.status_code] == [404, 404, 404]


async def test_stock_that_runs_low_is_told_once(service: Service, ann: httpx.AsyncClient) -> None:
    """When the threshold is crossed, and when nothing is left."""
    await put(ann, "stock-items", {"sku": "A", "location": "berlin", "on_hand": 10, "low_at": 4})
    for quantity in (5, 1, 1, 3):
        await _reserve(ann, A=quantity)
    low, out = await told(service, "stock.low"), await told(service, "stock.out")

    assert [each["data"]["available"] for each in low] == [4]
    assert [each["data"]["available"] for each in out] == [0]


async def test_counting_is_a_difference(ann: httpx.AsyncClient) -> None:
    """Two who count at once do not undo each other; what is spoken for cannot go."""
    made = (await stock(ann, A=10))["A"]
    path = f"/v1/stock-items/{made['id']}/adjustments"
    await asyncio.gather(*(ann.post(path, json={"difference": 5}, headers=key()) for _ in range(4)))
    await _reserve(ann, A=28)
    refused = await ann.post(path, json={"difference": -3}, headers=key())
    again = await ann.post(f"/v1/stock-items/{made['id']}/adjustments", json={"difference": -2}, headers=key())

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:stock-reserved")
    assert (again.json()["on_hand"], again.json()["reserved"]) == (28, 28)


@pytest.mark.parametrize("path", ["/v1/stock-items", "/v1/stock-reservations"])
async def test_stock_moves_with_a_key(ann: httpx.AsyncClient, path: str) -> None:
    """A repeated request must not count twice, so there is none without a key."""
    missing = await ann.post(path, json={"sku": "A", "location": "b", "lines": []})

    assert (missing.status_code, missing.json()["type"]) == (400, "urn:problem-type:idempotency-key-missing")


async def test_opposite_orders_never_deadlock(ann: httpx.AsyncClient) -> None:
    """Everybody locks in one order, whatever order they ask in."""
    await stock(ann, A=20, B=20)
    answers = await asyncio.gather(
        *(_reserve(ann, **({"A": 1, "B": 1} if odd else {"B": 1, "A": 1})) for odd in [0, 1] * 20)
    )

    assert sorted(each.status_code for each in answers) == [201] * 20 + [409] * 20
    assert await _counts(ann) == {"A@berlin": (20, 20, 0), "B@berlin": (20, 20, 0)}

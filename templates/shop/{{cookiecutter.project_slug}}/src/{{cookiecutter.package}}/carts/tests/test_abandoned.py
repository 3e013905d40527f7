"""Carts that nobody touches any more."""

import httpx

from chassis.database import Database
from tests.fixtures import Service
from tests.shop import cart, put, small_shop, told

from ..worker import note_abandoned


async def test_abandoned_cart_is_told_once(service: Service, ann: httpx.AsyncClient) -> None:
    """An empty one is nobody's loss; one that was touched again may be abandoned again."""
    database: Database = service.app.state.database
    await small_shop(ann)
    made = await cart(ann, {"V1": 2})
    await cart(ann, {})
    assert await note_abandoned(database, 1) is False
    assert await told(service, "cart.abandoned") == []
    for _ in range(2):
        await note_abandoned(database, 0)
    first = await told(service, "cart.abandoned")
    read = (await ann.get(f"/v1/carts/{made['id']}")).json()
    await put(ann, f"carts/{made['id']}/lines", {"sku": "V1"})
    await note_abandoned(database, 0)
    again = await told(service, "cart.abandoned")

    assert [(each["subject"], each["data"]["value"]) for each in first] == [(f"carts/{made['id']}", 2_500)]
    assert read == made
    assert [each["data"]["value"] for each in again] == [2_500, 3_750]

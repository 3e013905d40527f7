"""Copies of carts: whoever could not pay, or wants the same again, need not fill a cart by hand."""

from dataclasses import replace

import httpx
import pytest

from chassis.problems import Problem
from tests.fixtures import Service
from tests.shop import cart, key, order, order_of, prices, put, small_shop, stock, told, until

from ...catalog.port import Article

ABSENT = "0190a5e0-0000-7000-8000-000000000000"


@pytest.fixture
async def shop(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client that may do everything, in a shop with prices and a little stock."""
    await small_shop(ann)
    await stock(ann, V1=3, C40=5)
    return ann


async def test_declined_card_is_followed_by_another_one(service: Service, shop: httpx.AsyncClient) -> None:
    """The same things, with the pieces that the declined order gave back; one order is paid, one is not."""
    members = {"campaign": "spring", "country": "DE"}
    first = await cart(shop, {"V1": 3, "C40": 1}, **members)
    declined = await put(shop, "orders", order_of(first, "tok_decline"))
    await until(shop, f"/v1/orders/{declined['id']}", order_state="cancelled", cancelled_because="payment_failed")
    copied = await put(shop, "cart-copies", {"cart": declined["cart"]})
    paid = await put(shop, "orders", order_of(copied))
    found = await until(shop, f"/v1/orders/{paid['id']}", order_state="confirmed")
    again = await shop.post("/v1/orders", json=order_of(first), headers=key())
    items = (await shop.get("/v1/stock-items")).json()["items"]

    assert copied["id"] != first["id"]
    assert (copied["state"], copied["version"], copied["campaign"]) == ("active", 2, "spring")
    assert [(line["sku"], line["quantity"], line["gross"]) for line in copied["lines"]] == [
        ("V1", 3, 3_750),
        ("C40", 1, 20_000),
    ]
    assert (found["totals"], found["authorized"]) == (declined["totals"], 23_750)
    assert again.status_code == 409  # what was ordered once is never ordered again itself
    assert {item["sku"]: (item["on_hand"], item["reserved"]) for item in items} == {"V1": (3, 3), "C40": (5, 1)}
    assert len(await told(service, "payment.authorized")) == len(await told(service, "payment.failed")) == 1


async def test_copy_is_made_once_for_a_key_and_priced_anew(shop: httpx.AsyncClient) -> None:
    """A repetition gets the same cart, and nobody gets the prices of last week."""
    placed = await order(shop, {"V1": 1})
    await prices(shop, "dearer", {"V1": [(1, 1_500)]}, channel="web")
    once = key()
    first = await shop.post("/v1/cart-copies", json={"cart": placed["cart"]}, headers=once)
    repeated = await shop.post("/v1/cart-copies", json={"cart": placed["cart"]}, headers=once)
    active = (await shop.get("/v1/carts", params={"state": "active"})).json()["items"]

    assert first.status_code == 201, first.text
    assert (repeated.content, repeated.headers["location"]) == (first.content, first.headers["location"])
    assert [line["unit_price"] for line in first.json()["lines"]] == [1_500]
    assert active == [first.json()]
    assert (await shop.get(first.headers["location"])).json() == first.json()


async def test_what_is_not_copied(service: Service, shop: httpx.AsyncClient) -> None:
    """What is still there to be ordered, and what is somebody else's or nobody's, which look alike."""
    made = await cart(shop, {"V1": 1})
    placed = await order(shop, {"V1": 1})
    stranger = service.as_("bob", "shop:buy")
    active = await shop.post("/v1/cart-copies", json={"cart": made["id"]})
    others, nobodys = [await stranger.post("/v1/cart-copies", json={"cart": one}) for one in (placed["cart"], ABSENT)]

    assert (active.status_code, active.json()["type"]) == (409, "urn:problem-type:not-ordered")
    assert (others.status_code, nobodys.status_code) == (404, 404)
    assert others.json()["detail"] == nobodys.json()["detail"]


class _Elsewhere:
    """A catalog elsewhere, which has stopped to sell one article, and may be away."""

    at_once = False

    def __init__(self) -> None:
        self.gone = ""
        self.trouble: Problem | None = None

    async def article(self, channel: str, sku: str, product: str | None = None) -> Article | None:
        """Return the article, or raise what it was told to."""
        if self.trouble is not None:
            raise self.trouble
        return None if sku == self.gone else Article(sku=sku, product=product or sku, name=f"{sku} in {channel}")


async def test_catalog_is_asked_what_it_still_sells(service: Service, shop: httpx.AsyncClient) -> None:
    """A withdrawn article does not come back by an old order; a repetition needs no catalog."""
    catalog = _Elsewhere()
    service.app.state.ports = replace(service.app.state.ports, catalog=catalog)
    placed, once = await order(shop, {"V1": 1}), key()
    asked = {"cart": placed["cart"]}
    made = await shop.post("/v1/cart-copies", json=asked, headers=once)
    catalog.gone = "V1"
    gone = await shop.post("/v1/cart-copies", json=asked)
    catalog.trouble = Problem(503, "dependency-unavailable", "The catalog cannot be reached.")
    away = await shop.post("/v1/cart-copies", json=asked)
    repeated = await shop.post("/v1/cart-copies", json=asked, headers=once)

    assert (gone.status_code, gone.json()["type"]) == (422, "urn:problem-type:unknown-article")
    assert gone.json()["errors"][0]["pointer"] == "/cart"
    assert (away.status_code, made.status_code, repeated.content) == (503, 201, made.content)

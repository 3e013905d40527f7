"""Carts: whose they are, what they come to, and what can happen to them."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from chassis.database import Database
from chassis.problems import Problem
from chassis.project import ROOT
from tests.fixtures import Service
from tests.shop import MERGE, cart, prices, put, small_shop

from ...catalog.port import Article
from ..states import CART


@pytest.fixture
async def shop(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client that may do everything, in a shop with prices."""
    await small_shop(ann)
    return ann


async def _guest(service: Service) -> httpx.AsyncClient:
    token = (await put(service.anonymous, "guest-sessions", {}))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=service.anonymous._transport, base_url="http://service", headers=headers)


async def test_cart_tells_what_it_comes_to_and_why(shop: httpx.AsyncClient) -> None:
    """Lines, taxes and totals in minor units; the tier follows the quantity; the list that was chosen is named."""
    made = await cart(shop, {"C40": 10, "V1": 2})
    pumps, valves = made["lines"]

    assert (pumps["unit_price"], pumps["gross"], pumps["tax_percent"]) == (18_000, 180_000, "19")
    assert (valves["unit_price"], valves["gross"], valves["net"], valves["tax"]) == (1_250, 2_500, 2_101, 399)
    assert made["totals"] == {"net": 153_362, "tax": 29_138, "gross": 182_500, "saved": 0}
    assert pumps["explanation"]["price_list"] == "retail"
    assert pumps["explanation"]["minimum_quantity"] == 10


@pytest.mark.parametrize(("rounding", "gross"), [("line", 386), ("unit", 387)])
async def test_tax_is_rounded_as_the_channel_says(shop: httpx.AsyncClient, rounding: str, gross: int) -> None:
    """Three pieces of 1.08 at 19 %."""
    rates = [{"country": "DE", "percent": "19"}]
    terms = {"key": rounding, "name": "Net", "currency": "EUR", "country": "DE", "tax_rounding": rounding}
    await put(shop, "channels", terms | {"tax_rates": rates})
    await prices(shop, "one", {"A": [(1, 108)]}, channel=rounding)
    made = await cart(shop, {"A": 3}, channel=rounding)

    assert made["totals"]["gross"] == gross


async def test_what_is_read_is_what_was_written(shop: httpx.AsyncClient) -> None:
    """The answer to a change, a read and the list show the same; a fresh copy costs nothing."""
    made = await cart(shop, {"C40": 1})
    read = await shop.get(f"/v1/carts/{made['id']}")
    listed = (await shop.get("/v1/carts", params={"state": "active"})).json()["items"]
    fresh = await shop.get(f"/v1/carts/{made['id']}", headers={"If-None-Match": '"2"'})

    assert read.json() == made == listed[0]
    assert (read.headers["etag"], made["version"], fresh.status_code) == ('"2"', 2, 304)


async def test_new_line_is_where_it_is_said_to_be(shop: httpx.AsyncClient) -> None:
    """It can be read there, with the cart's version, which a change of it names; when it is taken out it is gone."""
    made = await cart(shop, {"C40": 1})
    added = await shop.post(f"/v1/carts/{made['id']}/lines", json={"sku": "V1", "quantity": 2})
    path = added.headers["location"]
    read = await shop.get(path)
    fresh = await shop.get(path, headers={"If-None-Match": read.headers["etag"]})
    taken = await shop.delete(path, headers={"If-Match": read.headers["etag"]})
    gone = await shop.get(path)

    assert read.json() == added.json()["lines"][1]
    assert (read.headers["etag"], fresh.status_code, taken.status_code) == (added.headers["etag"], 304, 200)
    assert (gone.status_code, gone.json()["detail"]) == (404, "There is no such line in the cart.")


async def test_same_article_makes_one_line(shop: httpx.AsyncClient) -> None:
    """And one that falls out of a cheap tier gets the price that counts for its quantity."""
    made = await cart(shop, {"C40": 9})
    made = await put(shop, f"carts/{made['id']}/lines", {"sku": "C40"})
    (line,) = made["lines"]
    path, seen = f"/v1/carts/{made['id']}/lines/{line['id']}", MERGE | {"If-Match": '"3"'}
    fewer = (await shop.patch(path, json={"quantity": 2}, headers=seen)).json()
    stale = await shop.patch(path, json={"quantity": 5}, headers=seen)
    gone = await shop.delete(path, headers={"If-Match": '"4"'})

    assert (line["quantity"], line["unit_price"]) == (10, 18_000)
    assert [(each["quantity"], each["unit_price"]) for each in fewer["lines"]] == [(2, 20_000)]
    assert stale.status_code == 412
    assert (gone.json()["lines"], gone.json()["totals"]["gross"]) == ([], 0)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"sku": "X1"}, "no-price"),
        ({"sku": "C40", "quantity": 1_000_001}, "invalid-request"),
        ({"sku": "C40", "quantity": 0}, "invalid-request"),
        ({"sku": "C40", "unit_price": 1}, "invalid-request"),
    ],
)
async def test_line_that_cannot_be_is_refused(shop: httpx.AsyncClient, members: dict[str, Any], kind: str) -> None:
    """A price is never taken from the caller, and nothing is sold for nothing by accident."""
    made = await cart(shop, {})
    refused = await shop.post(f"/v1/carts/{made['id']}/lines", json=members)

    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:problem-type:{kind}")


async def test_customer_group_decides_and_nobody_names_their_own(service: Service, shop: httpx.AsyncClient) -> None:
    """The account of the token is looked up; a stranger gets everybody's price."""
    await prices(shop, "dealers", {"C40": [(1, 15_000)]}, customer_group="dealers")
    await put(shop, "customers", {"reference": "acme", "customer_group": "dealers"})
    dealer = service.as_("dan", "shop:buy", account="acme")

    assert (await cart(dealer, {"C40": 1}, channel="b2b"))["lines"][0]["unit_price"] == 15_000
    assert (await cart(service.as_("eve", "shop:buy"), {"C40": 1}))["lines"][0]["unit_price"] == 20_000


async def test_discount_code_counts_for_who_gives_it(shop: httpx.AsyncClient) -> None:
    """The cart says what was saved, and by which rule."""
    rule = {"key": "spring", "name": "Spring", "priority": 10, "percent": "10", "code": "SPRING"}
    await put(shop, "discounts", rule)
    made = await cart(shop, {"C40": 2})
    changed = await shop.patch(
        f"/v1/carts/{made['id']}", json={"codes": ["SPRING"]}, headers=MERGE | {"If-Match": '"2"'}
    )
    (line,) = changed.json()["lines"]

    assert (line["unit_price"], changed.json()["totals"]["saved"]) == (18_000, 4_000)
    assert line["explanation"]["rules"] == [{"key": "spring", "outcome": "applied", "before": 20_000, "after": 18_000}]


async def test_contract_prices_are_the_customers_alone(service: Service, shop: httpx.AsyncClient) -> None:
    """Whoever asks with another account sees neither the price nor that there is one."""
    await prices(shop, "contract", {"C40": [(1, 14_000)]}, customer="acme", discountable=False)
    await put(shop, "customers", {"reference": "acme", "customer_group": "dealers"})
    await put(shop, "discounts", {"key": "sale", "name": "Sale", "priority": 1, "percent": "10"})
    (mine,) = (await cart(service.as_("dan", "shop:buy", account="acme"), {"C40": 1}, channel="b2b"))["lines"]
    (others,) = (await cart(service.as_("eve", "shop:buy", account="bolt"), {"C40": 1}, channel="b2b"))["lines"]

    assert (mine["unit_price"], mine["explanation"]["price_list"]) == (14_000, "contract")
    assert mine["explanation"]["rules"] == [{"key": "sale", "outcome": "not_discountable"} | NOT_APPLIED]
    assert others["unit_price"] == 18_000
    assert "contract" not in str(others)


NOT_APPLIED = {"before": None, "after": None}


async def test_cart_discount_is_divided_among_the_lines(shop: httpx.AsyncClient) -> None:
    """10.00 off from 100.00 on: each line says its part, is taxed for the rest, and all parts are what was saved."""
    await put(shop, "discounts", TEN_OFF_A_HUNDRED)
    made = await cart(shop, {"V1": 7})
    small = made["lines"][0]
    made = await put(shop, f"carts/{made['id']}/lines", {"sku": "S1", "quantity": 50})
    valves, seals = made["lines"]

    assert (small["reduction"], small["explanation"]["cart_rules"][0]["outcome"]) == (0, "below_minimum_value")
    assert (valves["unit_price"], valves["reduction"], valves["gross"]) == (1_250, 639, 8_111)
    assert (seals["unit_price"], seals["reduction"], seals["gross"]) == (99, 361, 4_589)
    assert (valves["net"], valves["tax"]) == (6_816, 1_295)
    assert made["totals"] == {"net": 10_672, "tax": 2_028, "gross": 12_700, "saved": 1_000}
    assert seals["explanation"]["cart_rules"] == [
        {"key": "voucher", "outcome": "applied", "before": 13_700, "after": 12_700, "share": 361}
    ]


TEN_OFF_A_HUNDRED: dict[str, Any] = {
    "key": "voucher",
    "name": "Ten off a hundred",
    "level": "cart",
    "priority": 1,
    "amount": 1_000,
    "minimum_value": 10_000,
    "currency": "EUR",
}


async def test_country_decides_about_tax(shop: httpx.AsyncClient) -> None:
    """What is not taxed there cannot be ordered there, and the cart says so."""
    made = await cart(shop, {"C40": 1})
    path = f"/v1/carts/{made['id']}"
    austrian = (await shop.patch(path, json={"country": "AT"}, headers=MERGE | {"If-Match": '"2"'})).json()
    swiss = (await shop.patch(path, json={"country": "CH"}, headers=MERGE | {"If-Match": '"3"'})).json()

    assert (austrian["lines"][0]["tax_percent"], austrian["lines"][0]["tax"]) == ("20", 3_333)
    assert swiss["lines"][0]["obstacle"] == "no_tax_rate"


async def test_cart_says_what_is_missing_to_the_minimum(shop: httpx.AsyncClient) -> None:
    """Before tax where prices are without it."""
    minimum = {"value": {"amount": 30_000, "currency": "EUR"}, "enforcement": "soft"}
    channel = (await shop.get("/v1/channels", params={"key": "b2b"})).json()["items"][0]
    path = f"/v1/channels/{channel['id']}"
    await shop.patch(path, json={"order_minimum": minimum}, headers=MERGE | {"If-Match": '"1"'})
    made = await cart(shop, {"C40": 1}, channel="b2b")

    assert made["order_minimum"] == minimum | {"missing": 10_000}


async def test_prices_stand_until_they_are_asked_for_again(shop: httpx.AsyncClient) -> None:
    """A buyer sees what they were shown; a new price comes with the next change of the cart."""
    made = await cart(shop, {"C40": 1})
    await prices(shop, "dearer", {"C40": [(1, 25_000)]}, channel="web")
    read = (await shop.get(f"/v1/carts/{made['id']}")).json()
    updated = (await shop.post(f"/v1/carts/{made['id']}/price-updates")).json()

    assert (read["lines"][0]["unit_price"], updated["lines"][0]["unit_price"]) == (20_000, 25_000)


async def test_cart_is_its_owners(service: Service, shop: httpx.AsyncClient) -> None:
    """Another person, another house, another guest: there is no such cart, whatever is tried with it."""
    made = await cart(shop, {"C40": 1})
    path, line = f"/v1/carts/{made['id']}", made["lines"][0]["id"]
    absent = "/v1/carts/0190a5e0-0000-7000-8000-000000000000"
    strangers = [service.as_("bob"), service.as_("ann", tenant="other"), await _guest(service)]
    seen = {"If-Match": "*"}
    for stranger in strangers:
        for mine, nobodys in ((path, absent), (f"{path}/lines/{line}", f"{absent}/lines/{line}")):
            for method, options in (
                ("GET", {}),
                ("PATCH", {"json": {"quantity": 1} if "lines" in mine else {}, "headers": MERGE | seen}),
                ("DELETE", {"headers": seen}),
            ):
                told = [await stranger.request(method, url, **options) for url in (mine, nobodys)]
                assert [each.status_code for each in told] == [404, 404]
                assert told[0].json()["detail"] == told[1].json()["detail"]
        assert (await stranger.post(f"{path}/lines", json={"sku": "V1"})).status_code == 404
        assert (await stranger.post(f"{path}/price-updates")).status_code == 404
        assert (await stranger.get("/v1/carts")).json() == {"items": []}

    assert (await shop.get(path)).json() == made


async def test_guest_cart_is_merged_once(service: Service, shop: httpx.AsyncClient) -> None:
    """Who was a guest and signed in keeps what was in both carts; a repetition adds nothing."""
    guest = await _guest(service)
    token = guest.headers["authorization"].partition(" ")[2]
    left = await cart(guest, {"C40": 2, "V1": 1})
    own = await cart(shop, {"C40": 1})
    asked = {"guest_token": token, "guest_cart": left["id"], "cart": own["id"]}
    first = await shop.post("/v1/cart-merges", json=asked)
    again = await shop.post("/v1/cart-merges", json=asked)
    gone = (await guest.get(f"/v1/carts/{left['id']}")).json()

    assert first.status_code == 200, first.text
    assert [(line["sku"], line["quantity"]) for line in first.json()["lines"]] == [("C40", 3), ("V1", 1)]
    assert again.json() == first.json()
    assert (gone["state"], gone["merged_into"]) == ("merged", own["id"])
    assert (await guest.post(f"/v1/carts/{left['id']}/lines", json={"sku": "V1"})).status_code == 409


async def test_guest_cart_needs_the_guests_token(service: Service, shop: httpx.AsyncClient) -> None:
    """Knowing an id is not having the cart; without a cart of one's own the lines get a new one."""
    guest, other = await _guest(service), await _guest(service)
    token = guest.headers["authorization"].partition(" ")[2]
    left = await cart(guest, {"V1": 1})
    wrong = other.headers["authorization"].partition(" ")[2]
    for refused in (wrong, token + "x", service.token("bob")):
        answer = await shop.post("/v1/cart-merges", json={"guest_token": refused, "guest_cart": left["id"]})
        assert answer.status_code == 404
    made = await put(shop, "cart-merges", {"guest_token": token, "guest_cart": left["id"]})

    assert [(line["sku"], line["quantity"]) for line in made["lines"]] == [("V1", 1)]
    assert made["id"] != left["id"]


@pytest.mark.parametrize("state", ["active", "frozen"])
@pytest.mark.parametrize("action", ["freeze", "thaw"])
async def test_moves_are_the_tables(shop: httpx.AsyncClient, state: str, action: str) -> None:
    """What the table allows works, everything else is a 409 that names what is allowed."""
    made = await cart(shop, {"V1": 1})
    path = f"/v1/carts/{made['id']}/state-changes"
    if state == "frozen":
        await put(shop, f"carts/{made['id']}/state-changes", {"action": "freeze"})
    answer = await shop.post(path, json={"action": action})
    if action in CART.allowed(state):
        assert answer.json()["state"] == CART.after(state, action)
    else:
        assert (answer.status_code, answer.json()["allowed"]) == (409, list(CART.allowed(state)))


async def test_frozen_cart_is_not_changed(shop: httpx.AsyncClient) -> None:
    """While somebody decides about it, it stays what they decide about."""
    made = await cart(shop, {"V1": 1})
    await put(shop, f"carts/{made['id']}/state-changes", {"action": "freeze"})
    refused = await shop.post(f"/v1/carts/{made['id']}/lines", json={"sku": "V1"})

    assert (refused.status_code, refused.json()["allowed"]) == (409, ["thaw"])


def test_diagram_in_the_documents_is_the_table() -> None:
    """Drawn from what the code does: ``docs/states.md``."""
    assert CART.mermaid() in (ROOT / "docs" / "states.md").read_text(encoding="utf-8")


class _Elsewhere:
    """A catalog elsewhere; while it is asked it writes something: SQLite's one writer must be free for that."""

    at_once = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self.trouble: Problem | None = None
        self.asked = 0

    async def article(self, channel: str, sku: str, product: str | None = None) -> Article:
        """Return the article, or raise what it was told to."""
        async with self._database.transaction():
            self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return Article(sku=sku, product=product or sku, name=f"{sku} in {channel}")


async def test_catalog_is_asked_before_anything_is_locked(service: Service, shop: httpx.AsyncClient) -> None:
    """However long it takes, no connection waits for it; what is in the cart already gets more while it is away."""
    catalog = _Elsewhere(service.app.state.database)
    service.app.state.ports = replace(service.app.state.ports, catalog=catalog)
    made = await cart(shop, {"V1": 1})
    await put(shop, "price-quotes", {"channel": "web", "lines": [{"sku": "V1", "quantity": 1}]})
    catalog.trouble = Problem(503, "dependency-unavailable", "The catalog cannot be reached.")
    path = f"/v1/carts/{made['id']}/lines"
    more = await shop.post(path, json={"sku": "V1", "quantity": 2})
    other = await shop.post(path, json={"sku": "S1", "quantity": 1})
    unknown = await shop.post(path.replace(made["id"], made["lines"][0]["id"]), json={"sku": "S1", "quantity": 1})
    wrong = await shop.post(path, json={"quantity": 1})

    assert made["lines"][0]["name"] == "V1 in web"
    assert catalog.asked == 4
    assert [line["quantity"] for line in more.json()["lines"]] == [3]
    assert [each.status_code for each in (more, other, unknown, wrong)] == [201, 503, 404, 422]

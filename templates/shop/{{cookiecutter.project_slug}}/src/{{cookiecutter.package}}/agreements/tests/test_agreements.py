"""Agreements: the prices of a quote that was accepted bind the order that follows it, once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chassis.database import now
from chassis.problems import Problem
from tests.fixtures import Service
from tests.senders import event, tell, trust
from tests.shop import MERGE, key, order_of, put, small_shop, stock, told

from ...catalog.port import Article

QUOTE = "0190a5e0-0000-7000-8000-00000000000a"
ACME = "0190a5e0-0000-7000-8000-00000000000b"
UNIT = "0190a5e0-0000-7000-8000-00000000000c"
ABSENT = "0190a5e0-0000-7000-8000-0000000000ff"
ACCEPTED: dict[str, Any] = {
    "id": QUOTE,
    "version": 4,
    "account_id": ACME,
    "unit_id": UNIT,
    "currency": "EUR",
    "lines": [
        {"sku": "C40", "quantity": 4, "unit_price": {"amount": 15_000, "currency": "EUR"}},
        {"sku": "V1", "quantity": 2, "unit_price": {"amount": 999, "currency": "EUR"}},
    ],
}


async def _agree(service: Service, days: float = 30, **members: Any) -> None:
    told = ACCEPTED | {"valid_until": (now() + timedelta(days=days)).isoformat()} | members
    assert (await tell(service, event("quote.accepted", told))).status_code == 204


@pytest.fixture(autouse=True)
async def _shop(service: Service, ann: httpx.AsyncClient) -> None:
    """Make a shop with prices, stock and a discount for everybody."""
    trust(service, "portal")
    await small_shop(ann)
    await stock(ann, C40=100, V1=100)
    await put(ann, "discounts", {"key": "ten", "name": "Ten", "priority": 1, "percent": "10"})


@pytest.fixture
def bob(service: Service) -> httpx.AsyncClient:
    """Give a buyer of an account."""
    return service.as_("bob", "shop:buy", account=ACME)


async def _cart(client: httpx.AsyncClient, **members: Any) -> httpx.Response:
    return await client.post("/v1/carts", json={"channel": "b2b", "agreement": QUOTE} | members)


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_order_costs_what_was_agreed(service: Service, bob: httpx.AsyncClient) -> None:
    """No list, no tier and no discount has a say; tax is added as the channel does, and the order names the quote."""
    await _agree(service)
    made = (await _cart(bob)).json()
    placed = await put(bob, "orders", order_of(made, None))

    assert [(line["sku"], line["quantity"], line["unit_price"]) for line in made["lines"]] == [
        ("C40", 4, 15_000),
        ("V1", 2, 999),
    ]
    assert (made["agreement"], made["business_unit"]) == (QUOTE, UNIT)
    assert (placed["agreement"], placed["business_unit"]) == (QUOTE, UNIT)
    assert placed["totals"] == {"net": 61_998, "tax": 11_780, "gross": 73_778, "saved": 0}
    assert placed["lines"][0]["explanation"] == {
        "agreement": QUOTE, "price_list": None, "minimum_quantity": None, "base": 15_000, "unit": 15_000,
        "lists": [], "rules": [], "cart_rules": [],
    }  # fmt: skip


async def test_quote_is_ordered_once(service: Service, bob: httpx.AsyncClient) -> None:
    """Of two carts that follow it, one is ordered; when that order is cancelled the other one can be. Meanwhile the
    same things can be bought once more, at the prices of everybody."""
    await _agree(service)
    first, second = (await _cart(bob)).json(), (await _cart(bob)).json()
    placed = await put(bob, "orders", order_of(first, None))
    refused = await bob.post("/v1/orders", json=order_of(second, None), headers=key())
    third = await _cart(bob)
    more = await bob.post("/v1/cart-copies", json={"cart": first["id"]})
    await bob.post(f"/v1/orders/{placed['id']}/cancellations", json={}, headers=key())
    copied = await bob.post("/v1/cart-copies", json={"cart": first["id"]})
    again = await bob.post("/v1/orders", json=order_of(second, None), headers=key())

    assert [_told(refused), _told(third)] == [(409, "agreement-over")] * 2
    assert (more.status_code, more.json()["agreement"], more.json()["account"]) == (201, None, ACME)
    assert [(line["sku"], line["quantity"]) for line in more.json()["lines"]] == [("C40", 4), ("V1", 2)]
    assert more.json()["lines"][0]["unit_price"] != 15_000
    assert (_told(copied), copied.json()["agreement"]) == ((409, "agreement-binds"), QUOTE)
    assert again.status_code == 201, again.text


async def test_repeated_request_needs_no_catalog(service: Service, bob: httpx.AsyncClient) -> None:
    """Only whoever makes another cart hears that the catalog is away."""
    await _agree(service)
    once = key()
    asked = {"channel": "b2b", "agreement": QUOTE}
    made = await bob.post("/v1/carts", json=asked, headers=once)
    service.app.state.ports = replace(service.app.state.ports, catalog=_Away())
    repeated, another = await bob.post("/v1/carts", json=asked, headers=once), await _cart(bob)

    assert (made.status_code, repeated.content) == (201, made.content)
    assert _told(another) == (503, "dependency-unavailable")


class _Away:
    """A catalog that cannot be reached."""

    at_once = False

    async def article(self, _channel: str, _sku: str, _product: str | None = None) -> Article | None:
        """Say so."""
        raise Problem(503, "dependency-unavailable", "The catalog cannot be reached.")


@pytest.mark.parametrize("change", ["more", "less", "nothing", "other", "code", "unit"])
async def test_what_was_agreed_is_not_changed(service: Service, bob: httpx.AsyncClient, change: str) -> None:
    """Forty pieces at the price of forty are not one piece at that price."""
    await _agree(service)
    made = (await _cart(bob)).json()
    path, line, headers = f"/v1/carts/{made['id']}", made["lines"][0], MERGE | {"If-Match": "*"}
    changes: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "more": lambda: bob.post(f"{path}/lines", json={"sku": "C40"}),
        "less": lambda: bob.patch(f"{path}/lines/{line['id']}", json={"quantity": 1}, headers=headers),
        "nothing": lambda: bob.delete(f"{path}/lines/{line['id']}", headers={"If-Match": "*"}),
        "other": lambda: bob.post(f"{path}/lines", json={"sku": "S1"}),
        "code": lambda: bob.patch(path, json={"codes": ["WELCOME"]}, headers=headers),
        "unit": lambda: bob.patch(path, json={"business_unit": "office"}, headers=headers),
    }

    assert _told(await changes[change]()) == (409, "agreement-binds")
    assert (await bob.get(path)).json() == made


async def test_agreement_ends(service: Service, bob: httpx.AsyncClient) -> None:
    """What was not ordered in time costs what it costs everybody."""
    await _agree(service, days=-1)

    assert _told(await _cart(bob)) == (409, "agreement-over")


async def test_agreement_is_its_accounts_alone(service: Service, bob: httpx.AsyncClient) -> None:
    """To another account, to a person, and in another house it is as unknown as any."""
    await _agree(service)
    eve = service.as_("eve", "shop:buy", account=UNIT)
    dan = service.as_("dan", "shop:buy")
    foreign = [await _cart(eve), await _cart(dan), await _cart(bob, agreement=ACME)]

    assert {_told(one) for one in foreign} == {(422, "unknown-agreement")}


@pytest.mark.parametrize("members", [{"channel": "web"}, {"codes": ["TEN"]}, {"business_unit": "office"}])
async def test_agreed_prices_are_before_tax_and_final(
    service: Service, bob: httpx.AsyncClient, members: dict[str, Any]
) -> None:
    """A channel whose prices include tax would make them other ones; so would a code."""
    await _agree(service)

    assert (await _cart(bob, **members)).status_code == 422


async def test_agreed_prices_may_be_with_tax(service: Service, bob: httpx.AsyncClient) -> None:
    """As consumers must see them: what was offered is what is paid, in a channel that shows prices so."""
    await _agree(service, prices_include_tax=True)
    made = (await _cart(bob, channel="web")).json()

    assert made["totals"] == {"net": 52_099, "tax": 9_899, "gross": 61_998, "saved": 0}
    assert _told(await _cart(bob)) == (422, "unfit-agreement")


async def test_agreed_currency_is_the_channels(service: Service, bob: httpx.AsyncClient) -> None:
    """A number without its currency is no price."""
    await _agree(service, currency="USD")

    assert _told(await _cart(bob)) == (422, "unfit-agreement")


PERSON = "0190a5e0-0000-7000-8000-00000000000d"


@pytest.fixture
async def cleo(service: Service) -> httpx.AsyncClient:
    """Give a buyer whose token names no account, and who has accepted the quote in the portal."""
    await _agree(service, buyer="cleo", person_id=PERSON)
    return service.as_("cleo", "shop:buy")


async def test_who_accepted_orders_without_naming_an_account(service: Service, cleo: httpx.AsyncClient) -> None:
    """The order is the account's, as if the token had named it: it is invoiced to it, and the portal shows it there."""
    made = (await _cart(cleo)).json()
    placed = await put(cleo, "orders", order_of(made, None))
    (fact,) = await told(service, "order.placed")

    assert (made["account"], made["business_unit"], made["totals"]["net"]) == (ACME, UNIT, 61_998)
    assert (placed["account"], placed["payment_method"]) == (ACME, "invoice")
    assert [fact["data"][name] for name in ("owner", "account", "business_unit")] == ["cleo", ACME, UNIT]
    assert (await cleo.get(f"/v1/orders/{placed['id']}")).json()["agreement"] == QUOTE


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"state": "blocked", "needs_approval": False}, "account-blocked"),
        ({"state": "active", "needs_approval": True}, "approval-required"),
    ],
)
async def test_account_obliges_also_who_does_not_name_it(
    service: Service, cleo: httpx.AsyncClient, account: dict[str, Any], reason: str
) -> None:
    """Leaving the account out of a token goes round nothing: neither round those who approve nor round a block."""
    await tell(service, event("account.changed", account | {"id": ACME, "version": 2}))
    made = (await _cart(cleo)).json()

    assert _told(await cleo.post("/v1/orders", json=order_of(made, None), headers=key())) == (409, reason)


OTHER = "0190a5e0-0000-7000-8000-00000000000e"
_PARTINGS = pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("member.left", {"quotes": [QUOTE], "unit_id": UNIT}),
        ("member.changed", {"quotes": [QUOTE], "unit_id": UNIT}),
        ("account.person_erased", {}),
    ],
)


@_PARTINGS
async def test_who_has_left_orders_no_more(
    service: Service, cleo: httpx.AsyncClient, kind: str, members: dict[str, Any]
) -> None:
    """Not even with a cart that was filled before; the account's other people still do."""
    made = (await _cart(cleo)).json()
    await tell(service, event(kind, {"id": ABSENT, "person_id": PERSON} | members))
    late = await cleo.post("/v1/orders", json=order_of(made, None), headers=key())

    assert [_told(late), _told(await _cart(cleo))] == [(409, "agreement-over"), (422, "unknown-agreement")]
    assert (await _cart(service.as_("bob", "shop:buy", account=ACME))).status_code == 201


@_PARTINGS
async def test_order_of_the_news_does_not_matter(service: Service, kind: str, members: dict[str, Any]) -> None:
    """Events of a quote and of a person may overtake each other: what is heard of late is not ordered by either."""
    await tell(service, event(kind, {"id": ABSENT, "person_id": PERSON} | members))
    await _agree(service, buyer="cleo", person_id=PERSON)

    assert _told(await _cart(service.as_("cleo", "shop:buy"))) == (422, "unknown-agreement")
    assert (await _cart(service.as_("bob", "shop:buy", account=ACME))).status_code == 201


@pytest.mark.parametrize("kind", ["member.left", "member.changed"])
async def test_what_somebody_still_has_to_do_with_stays_theirs(
    service: Service, cleo: httpx.AsyncClient, kind: str
) -> None:
    """Who leaves one unit goes on ordering for another one: the portal says which quotes are lost, and no other is."""
    await _agree(service, id=OTHER, buyer="cleo", person_id=PERSON)
    await tell(service, event(kind, {"id": ABSENT, "person_id": PERSON, "unit_id": UNIT, "quotes": [OTHER]}))
    await tell(service, event(kind, {"id": ABSENT, "person_id": PERSON, "unit_id": UNIT, "quotes": []}))

    assert (await _cart(cleo)).status_code == 201
    assert _told(await _cart(cleo, agreement=OTHER)) == (422, "unknown-agreement")


@pytest.mark.usefixtures("cleo")
async def test_refusal_says_what_to_do_and_nothing_else(service: Service) -> None:
    """Somebody else's quote and none are refused alike, with the next step."""
    eve = service.as_("eve", "shop:buy")
    refused = [(await _cart(eve, agreement=one)).json() for one in (QUOTE, ABSENT)]
    details = {one["detail"] for one in refused}

    assert details == {
        "No such quote was accepted for you. One that was accepted a moment ago may still be on its way: try again. "
        "Who accepted a quote orders by it with a token that names no account; colleagues need one that names theirs."
    }

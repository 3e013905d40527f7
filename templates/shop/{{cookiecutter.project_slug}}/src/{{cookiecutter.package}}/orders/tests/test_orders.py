"""Orders: what the buyer saw is what is bought, and every move is one of the tables."""

import asyncio
from typing import Any

import httpx
import pytest

from chassis.project import ROOT
from chassis.states import StateMachine
from tests.fixtures import Service
from tests.shop import ADDRESS, MERGE, cart, key, order, order_of, prices, put, small_shop, stock, told, until

from ..pieces import portion
from ..states import ORDER, PAYMENT, SHIPMENT


@pytest.fixture
async def shop(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client that may do everything, in a shop with prices and stock."""
    await small_shop(ann)
    await stock(ann, C40=10, V1=100)
    return ann


async def _stock(client: httpx.AsyncClient, sku: str) -> tuple[int, int]:
    (found,) = (await client.get("/v1/stock-items", params={"sku": sku})).json()["items"]
    return found["on_hand"], found["reserved"]


async def test_order_goes_from_cart_to_completion(service: Service, shop: httpx.AsyncClient) -> None:
    """Paid by card, sent in two parcels, delivered; each step is told once, in order."""
    made = await order(shop, {"C40": 2, "V1": 3}, purchase_order_number="PO-4711")
    path = f"/v1/orders/{made['id']}"
    assert (made["order_state"], made["payment_state"], made["shipment_state"]) == ("placed", "pending", "pending")
    assert (made["totals"]["gross"], made["purchase_order_number"]) == (43_750, "PO-4711")
    found = await until(shop, path, order_state="confirmed")
    pumps, valves = (each["id"] for each in found["lines"])
    first = await put(shop, f"orders/{made['id']}/shipments", {"lines": [{"line": pumps, "quantity": 1}]})
    await until(shop, path, captured=20_000, shipment_state="partially_shipped", payment_state="partially_captured")
    rest = [{"line": pumps, "quantity": 1}, {"line": valves, "quantity": 3}]
    second = await put(shop, f"orders/{made['id']}/shipments", {"lines": rest, "carrier": "DHL"})
    await until(shop, path, captured=43_750, shipment_state="shipped", payment_state="captured")
    for parcel in (first, second):
        await shop.post(f"{path}/shipments/{parcel['id']}/deliveries")
    found = await until(shop, path, order_state="completed", shipment_state="delivered")

    assert [(each["shipped"], each["returned"]) for each in found["lines"]] == [(2, 0), (3, 0)]
    assert (await _stock(shop, "C40"), await _stock(shop, "V1")) == ((8, 0), (97, 0))
    kinds = ["order.placed", "payment.authorized", "order.confirmed", "shipment.dispatched", "payment.captured"]
    for kind in (*kinds, "shipment.delivered", "order.completed"):
        expected = 2 if kind.startswith("shipment") or kind == "payment.captured" else 1
        assert len(await told(service, kind)) == expected, kind
    (placed,) = await told(service, "order.placed")
    assert placed["subject"] == f"orders/{made['id']}"
    assert "Ann Example" not in str(placed)
    (gone,) = (await shop.get("/v1/carts")).json()["items"]
    assert gone["state"] == "ordered"


async def test_returned_pieces_are_paid_back(shop: httpx.AsyncClient) -> None:
    """To the cent, in parts; what can be sold again is on stock again; more than was sent is not taken back."""
    made = await order(shop, {"V1": 3})
    path = f"/v1/orders/{made['id']}"
    line = made["lines"][0]["id"]
    await until(shop, path, order_state="confirmed")
    await put(shop, f"orders/{made['id']}/shipments", {"lines": [{"line": line, "quantity": 3}]})
    await until(shop, path, payment_state="captured")
    back = {"lines": [{"line": line, "quantity": 1}], "restock_location": "berlin", "reason": "too loud"}
    first = await put(shop, f"orders/{made['id']}/returns", back)
    await until(shop, path, refunded=1_250, payment_state="partially_refunded")
    too_many = await shop.post(f"{path}/returns", json={"lines": [{"line": line, "quantity": 3}]}, headers=key())
    await put(shop, f"orders/{made['id']}/returns", {"lines": [{"line": line, "quantity": 2}]})
    await until(shop, path, refunded=3_750, payment_state="refunded")

    assert (first["value"], too_many.status_code) == (1_250, 422)
    assert too_many.json()["errors"][0]["detail"] == "2 pieces can be returned"
    assert await _stock(shop, "V1") == (98, 0)
    assert [each["value"] for each in (await shop.get(f"{path}/returns")).json()["items"]] == [1_250, 2_500]


@pytest.mark.parametrize(
    ("lines", "card"), [({"FREE": 2}, "tok_ok"), ({"FREE": 2}, None), ({"V1": 1, "FREE": 1}, None)]
)
async def test_what_costs_nothing_is_sent_and_completed(
    service: Service, shop: httpx.AsyncClient, lines: dict[str, int], card: str | None
) -> None:
    """Line by line, whether all of it is free or only the last parcel."""
    await prices(shop, "free", {"FREE": [(1, 0)], "V1": [(1, 1_250)]}, channel="web")
    await stock(shop, FREE=2)
    made = await order(service.as_("dan", account="acme"), lines, card)
    path = f"orders/{made['id']}"
    await until(shop, f"/v1/{path}", order_state="confirmed")
    pieces = [{"line": line["id"], "quantity": 1} for line in made["lines"] for _ in range(line["quantity"])]
    for piece in pieces:
        parcel = await put(shop, f"{path}/shipments", {"lines": [piece]})
        await shop.post(f"/v1/{path}/shipments/{parcel['id']}/deliveries")
    found = await until(shop, f"/v1/{path}", order_state="completed")

    assert (found["payment_state"], found["captured"]) == ("captured", made["totals"]["gross"])


@pytest.mark.parametrize(("gross", "quantity"), [(100, 3), (1, 7), (99_999, 12), (0, 2)])
def test_parts_add_up_to_the_line(gross: int, quantity: int) -> None:
    """However the pieces are sent, not a cent is lost or found."""
    assert sum(portion(gross, quantity, count, count + 1) for count in range(quantity)) == gross


async def test_changed_price_is_told_before_it_is_paid(shop: httpx.AsyncClient) -> None:
    """The lines that cost something else now, and nothing has happened; once it was seen, it is taken."""
    filled = await cart(shop, {"C40": 1, "V1": 1})
    await prices(shop, "dearer", {"C40": [(1, 25_000)]}, channel="web")
    refused = await shop.post("/v1/orders", json=order_of(filled), headers=key())
    await put(shop, f"carts/{filled['id']}/price-updates", {})
    placed = await put(shop, "orders", order_of(filled))
    (line,) = refused.json()["lines"]

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:price-changed")
    assert (line["sku"], line["seen"]["unit_price"], line["present"]["unit_price"]) == ("C40", 20_000, 25_000)
    assert placed["totals"]["gross"] == 26_250
    assert await _stock(shop, "C40") == (10, 1)


async def test_missing_stock_names_the_articles(shop: httpx.AsyncClient) -> None:
    """And leaves the cart as it was."""
    filled = await cart(shop, {"C40": 11, "V1": 1})
    refused = await shop.post("/v1/orders", json=order_of(filled), headers=key())

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:out-of-stock")
    assert refused.json()["articles"] == [{"sku": "C40", "wanted": 11, "available": 10}]
    assert (await shop.get(f"/v1/carts/{filled['id']}")).json() == filled
    assert await _stock(shop, "V1") == (100, 0)


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"billing_address": ADDRESS | {"address_country": "AT"}}, "/billing_address/address_country"),
        ({"shipping_address": ADDRESS | {"address_country": "AT"}}, "/shipping_address/address_country"),
        ({"payment": {"method": "invoice"}}, "/payment/method"),
        ({"payment": {"method": "card"}}, "/payment"),
        ({"total": 1}, "/total"),
        ({"order_state": "completed"}, "/order_state"),
    ],
    ids=["taxed elsewhere", "sent elsewhere", "invoice for nobody", "no token", "own price", "own state"],
)
async def test_order_that_contradicts_its_cart_is_refused(
    shop: httpx.AsyncClient, members: dict[str, Any], pointer: str
) -> None:
    """Nothing that the shop decides is taken from the caller."""
    filled = await cart(shop, {"V1": 1})
    refused = await shop.post("/v1/orders", json=order_of(filled) | members, headers=key())

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_order_minimum_is_hard_or_soft(shop: httpx.AsyncClient) -> None:
    """A hard one refuses, a soft one has only been shown."""
    channel = (await shop.get("/v1/channels", params={"key": "web"})).json()["items"][0]
    path = f"/v1/channels/{channel['id']}"
    minimum: dict[str, Any] = {"value": {"amount": 5_000, "currency": "EUR"}, "enforcement": "hard"}
    await shop.patch(path, json={"order_minimum": minimum}, headers=MERGE | {"If-Match": '"1"'})
    filled = await cart(shop, {"V1": 1})
    refused = await shop.post("/v1/orders", json=order_of(filled), headers=key())
    await shop.patch(
        path, json={"order_minimum": minimum | {"enforcement": "soft"}}, headers=MERGE | {"If-Match": '"2"'}
    )

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:order-minimum")
    assert refused.json()["order_minimum"]["missing"] == 3_750
    assert (await shop.post("/v1/orders", json=order_of(filled), headers=key())).status_code == 201


async def test_accounts_pay_by_invoice(service: Service, shop: httpx.AsyncClient) -> None:
    """The order is confirmed at once; what is sent is invoiced."""
    dealer = service.as_("dan", account="acme")
    made = await order(dealer, {"V1": 2}, None)
    line = made["lines"][0]["id"]
    await put(shop, f"orders/{made['id']}/shipments", {"lines": [{"line": line, "quantity": 2}]})
    found = (await dealer.get(f"/v1/orders/{made['id']}")).json()

    assert (made["order_state"], made["payment_state"]) == ("confirmed", "authorized")
    assert (found["payment_state"], found["captured"]) == ("captured", 2_500)


async def test_budget_is_spent_once_and_given_back(shop: httpx.AsyncClient) -> None:
    """The second buyer sees the price without it; a cancelled order gives back what it had taken."""
    rule = {"key": "sale", "name": "Sale", "priority": 1, "percent": "10", "currency": "EUR", "budget": 3_000}
    made = await put(shop, "discounts", rule)
    first, second = [await cart(shop, {"C40": 1}) for _ in range(2)]
    placed = await put(shop, "orders", order_of(first))
    refused = await shop.post("/v1/orders", json=order_of(second), headers=key())
    spent = (await shop.get(f"/v1/discounts/{made['id']}")).json()["spent"]
    await until(shop, f"/v1/orders/{placed['id']}", order_state="confirmed")
    await put(shop, f"orders/{placed['id']}/cancellations", {})

    assert (first["totals"]["saved"], spent) == (2_000, 2_000)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:price-changed")
    assert (await shop.get(f"/v1/discounts/{made['id']}")).json()["spent"] == 0
    assert (await put(shop, "orders", order_of(second)))["totals"]["saved"] == 2_000


async def test_share_of_a_cart_discount_goes_with_the_pieces(shop: httpx.AsyncClient) -> None:
    """What 5.00 off the whole cart left of each line is paid, credited and given back, piece by piece, to the cent."""
    rule = {"key": "voucher", "name": "Voucher", "level": "cart", "priority": 1, "amount": 500, "currency": "EUR"}
    made = await put(shop, "discounts", rule | {"budget": 900})
    placed = await order(shop, {"C40": 1, "V1": 3})
    path = f"orders/{placed['id']}"
    spent = (await shop.get(f"/v1/discounts/{made['id']}")).json()["spent"]
    none_left = await cart(shop, {"V1": 1})
    await until(shop, f"/v1/{path}", order_state="confirmed")
    await put(
        shop,
        f"{path}/shipments",
        {"lines": [{"line": each["id"], "quantity": each["quantity"]} for each in placed["lines"]]},
    )
    await until(shop, f"/v1/{path}", captured=23_250, payment_state="captured")
    valves = placed["lines"][1]["id"]
    back = [await put(shop, f"{path}/returns", {"lines": [{"line": valves, "quantity": 1}]}) for _ in range(3)]
    entries = (await shop.get("/v1/attributions", params={"order": placed["id"]})).json()["items"]

    assert [each["reduction"] for each in placed["lines"]] == [421, 79]
    assert (placed["totals"]["gross"], placed["totals"]["saved"], spent) == (23_250, 500, 500)
    assert none_left["lines"][0]["explanation"]["cart_rules"][0]["outcome"] == "budget_used_up"
    assert [each["value"] for each in back] == [1_224, 1_223, 1_224]
    assert sum(each["amount"] for each in entries if each["line"] == valves) == 0


async def test_cancelled_order_frees_its_stock_and_its_money(service: Service, shop: httpx.AsyncClient) -> None:
    """What is held is let go; a cancelled order can do nothing more."""
    made = await order(shop, {"C40": 2})
    path = f"/v1/orders/{made['id']}"
    await until(shop, path, payment_state="authorized")
    cancelled = await put(shop, f"orders/{made['id']}/cancellations", {"reason": "changed-mind"})
    found = await until(shop, path, payment_state="voided")
    again = await shop.post(f"{path}/cancellations", json={}, headers=key())
    parcel = {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    shipped = await shop.post(f"{path}/shipments", json=parcel, headers=key())

    assert (cancelled["order_state"], cancelled["cancelled_because"]) == ("cancelled", "changed-mind")
    assert (found["authorized"], found["captured"]) == (0, 0)
    assert await _stock(shop, "C40") == (10, 0)
    assert [(each.status_code, each.json()["allowed"]) for each in (again, shipped)] == [(409, []), (409, [])]
    assert len(await told(service, "order.cancelled")) == 1


async def _bring(client: httpx.AsyncClient, made: dict[str, Any], state: str) -> str:
    """Let an order of two pieces get as far as a state; return where its first parcel is, which has arrived."""
    path, line = f"orders/{made['id']}", made["lines"][0]["id"]
    if state == "placed":
        return ""
    await until(client, f"/v1/{path}", order_state="confirmed")
    if state == "cancelled":
        await put(client, f"{path}/cancellations", {})
    parcels = []
    for _ in range({"partially_shipped": 1, "shipped": 2, "completed": 2}.get(state, 0)):
        parcel = await put(client, f"{path}/shipments", {"lines": [{"line": line, "quantity": 1}]})
        parcels.append(f"{path}/shipments/{parcel['id']}")
        if state == "completed" or len(parcels) == 1:
            await put(client, f"{parcels[-1]}/deliveries", {})
    if state == "completed":
        await until(client, f"/v1/{path}", order_state="completed")
    return parcels[0] if parcels else ""


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("placed", {"shipments": ["confirm", "cancel"]}),
        ("partially_shipped", {"cancellations": ["ship_part", "ship"], "deliveries": []}),
        ("shipped", {"cancellations": ["deliver"], "deliveries": []}),
        ("completed", {"cancellations": [], "shipments": [], "deliveries": []}),
        ("cancelled", {"cancellations": [], "shipments": []}),
    ],
)
async def test_illegal_move_names_the_legal_ones(
    shop: httpx.AsyncClient, state: str, expected: dict[str, list[str]]
) -> None:
    """What has left comes back as a return, what is not paid does not leave: a 409 with what the table allows, and
    nothing has changed."""
    made = await order(shop, {"V1": 2}, "tok_unknown_lost" if state == "placed" else "tok_ok")
    parcel = await _bring(shop, made, state)
    path, piece = f"orders/{made['id']}", {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    moves = {"cancellations": (path, {}), "shipments": (path, piece), "deliveries": (parcel, {})}
    before = (await shop.get(f"/v1/{path}")).json()
    answers = {}
    for move in expected:
        place, body = moves[move]
        answers[move] = await shop.post(f"/v1/{place}/{move}", json=body, headers=key())
    after = (await shop.get(f"/v1/{path}")).json()

    assert {move: (each.status_code, each.json()["allowed"]) for move, each in answers.items()} == {
        move: (409, allowed) for move, allowed in expected.items()
    }
    for member in ("order_state", "shipment_state", "lines"):  # the payment goes on meanwhile
        assert after[member] == before[member]


async def test_order_is_its_buyers(service: Service, shop: httpx.AsyncClient) -> None:
    """Another customer, another house: unknown and forbidden look alike; the people of the shop see it."""
    bob = service.as_("bob", "shop:buy", account="b")
    made = await order(bob, {"V1": 1})
    strangers = [service.as_("eve", "shop:buy", account="e"), service.as_("bob", tenant="other")]
    for stranger in strangers:
        for path in (f"/v1/orders/{made['id']}", "/v1/orders/0190a5e0-0000-7000-8000-000000000000"):
            for each in (
                await stranger.get(path),
                await stranger.get(f"{path}/shipments"),
                await stranger.get(f"{path}/returns"),
                await stranger.post(f"{path}/cancellations", json={}, headers=key()),
            ):
                assert (each.status_code, each.json()["detail"]) == (404, "There is no such order.")
        assert (await stranger.get("/v1/orders", params={"number": made["number"]})).json() == {"items": []}
    elsewhere = service.as_("ann", tenant="other")
    parcel = {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    for collection in ("shipments", "returns"):
        answer = await elsewhere.post(f"/v1/orders/{made['id']}/{collection}", json=parcel, headers=key())
        assert answer.status_code == 404
    patch = await elsewhere.patch(
        f"/v1/orders/{made['id']}", json={"erp_reference": "x"}, headers=MERGE | {"If-Match": "*"}
    )
    assert patch.status_code == 404
    stolen = await service.as_("eve", "shop:buy").post("/v1/orders", json=order_of({"id": made["cart"]}), headers=key())
    assert stolen.status_code == 404

    assert (await shop.get(f"/v1/orders/{made['id']}")).status_code == 200


@pytest.mark.usefixtures("shop")
async def test_colleagues_orders_are_seen_with_the_scope_for_that(service: Service) -> None:
    """Own things, or everybody's in the account: seen, and not cancelled; another account's are not even there."""
    bob = service.as_("bob", "shop:buy", account="acme")
    amy = service.as_("amy", "shop:buy", "shop:account", account="acme")
    eve = service.as_("eve", "shop:buy", "shop:account", account="other")
    cleo = service.as_("cleo", "shop:buy", "shop:account")
    made = await put(bob, "orders", order_of(await cart(bob, {"V1": 1}), None))
    path = f"/v1/orders/{made['id']}"
    refused = await amy.post(f"{path}/cancellations", json={}, headers=key())

    assert [(await one.get(path)).status_code for one in (bob, amy, eve, cleo)] == [200, 200, 404, 404]
    assert [len((await one.get("/v1/orders")).json()["items"]) for one in (bob, amy, eve, cleo)] == [1, 1, 0, 0]
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "not-the-buyer")


async def test_house_needs_no_scope_of_buyers(service: Service, shop: httpx.AsyncClient) -> None:
    """Who packs and helps reads every order with `shop:read` and cancels with `shop:write`; reading alone changes
    nothing."""
    made, other = [await order(shop, {"C40": 2}) for _ in range(2)]
    for one in (made, other):
        await until(shop, f"/v1/orders/{one['id']}", order_state="confirmed")
    path = f"/v1/orders/{made['id']}"
    packer, helper = service.as_("pia", "shop:read", "shop:write"), service.as_("hal", "shop:read")
    piece = {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    parcel = await packer.post(f"{path}/shipments", json=piece, headers=key())
    back = await packer.post(f"{path}/returns", json=piece, headers=key())
    places = [path, f"{path}/shipments", f"{path}/returns", parcel.headers["location"], back.headers["location"]]
    listed = (await helper.get("/v1/orders", params={"number": made["number"]})).json()["items"]
    cancel = f"/v1/orders/{other['id']}/cancellations"
    answers = [await one.post(cancel, json={}, headers=key()) for one in (helper, packer)]
    looking = service.as_("lea", "shop:buy", "shop:read")

    assert [(await helper.get(place)).status_code for place in places] == [200] * 5
    assert [one["id"] for one in listed] == [made["id"]]
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[1].json()["order_state"] == "cancelled"
    assert (await looking.post(f"{path}/cancellations", json={}, headers=key())).status_code == 403


async def test_one_key_is_one_order(shop: httpx.AsyncClient) -> None:
    """Fifty at once with one key, and fifty more with keys of their own: one order, one charge."""
    filled = await cart(shop, {"V1": 1})
    draft, one = order_of(filled), key()
    same = await asyncio.gather(*(shop.post("/v1/orders", json=draft, headers=one) for _ in range(50)))
    other = await asyncio.gather(*(shop.post("/v1/orders", json=draft, headers=key()) for _ in range(50)))
    repeated = await shop.post("/v1/orders", json=draft, headers=one)
    created = [each for each in same if each.status_code == 201]

    assert {each.status_code for each in same} <= {201, 409}
    assert {each.content for each in created} == {repeated.content}
    assert {each.status_code for each in other} <= {409, 503}  # ordered already; or nobody had time to look
    assert len((await shop.get("/v1/orders")).json()["items"]) == 1
    assert await _stock(shop, "V1") == (100, 1)


@pytest.mark.parametrize("machine", [ORDER, PAYMENT, SHIPMENT], ids=lambda machine: machine.name)
def test_diagram_in_the_documents_is_the_table(machine: StateMachine) -> None:
    """Drawn from what the code does: ``docs/states.md``."""
    assert machine.mermaid() in (ROOT / "docs" / "states.md").read_text(encoding="utf-8")


async def test_parcels_and_returns_are_where_they_are_said_to_be(shop: httpx.AsyncClient) -> None:
    """At its Location, with its ETag, which a delivery changes; under another order there is no such thing."""
    made, other = [await order(shop, {"C40": 2}) for _ in range(2)]
    for one in (made, other):
        await until(shop, f"/v1/orders/{one['id']}", order_state="confirmed")
    path, piece = f"/v1/orders/{made['id']}", {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    sent = await shop.post(f"{path}/shipments", json=piece, headers=key())
    back = await shop.post(f"{path}/returns", json=piece, headers=key())
    for answer in (sent, back):
        found = await shop.get(answer.headers["location"])
        same = await shop.get(answer.headers["location"], headers={"If-None-Match": answer.headers["etag"]})
        elsewhere = await shop.get(answer.headers["location"].replace(made["id"], other["id"]))

        assert (found.status_code, found.json(), found.headers["etag"]) == (200, answer.json(), answer.headers["etag"])
        assert (same.status_code, elsewhere.status_code) == (304, 404)
    await shop.post(f"{sent.headers['location']}/deliveries")

    assert (await shop.get(sent.headers["location"])).headers["etag"] != sent.headers["etag"]

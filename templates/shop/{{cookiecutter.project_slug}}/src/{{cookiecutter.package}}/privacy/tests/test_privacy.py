"""Privacy: an export holds every row about a buyer, and after an erasure nothing says who it was."""

from typing import Any

import httpx
from sqlalchemy import String, cast, select

from chassis.database import Base, Database
from tests.fixtures import Service
from tests.senders import event, tell, trust
from tests.shop import ADDRESS, cart, order, prices, put, small_shop, stock, told, until

from ..register import ABOUT_NOBODY, NOT_BY_BUYER, REGISTER, Fate

NAME, EMAIL, STREET, SUBJECT = "Xaver Quixotic", "xaver.quixotic@example.com", "Domkloster 4", "xq-7f3a"
HOME = ADDRESS | {"name": NAME, "street_address": STREET}
WORDS = (NAME, EMAIL, STREET, SUBJECT)
QUOTE: dict[str, Any] = {
    "id": "0190a5e0-0000-7000-8000-00000000000a",
    "account_id": "0190a5e0-0000-7000-8000-00000000000b",
    "unit_id": "0190a5e0-0000-7000-8000-00000000000c",
    "person_id": "0190a5e0-0000-7000-8000-00000000000d",
    "buyer": SUBJECT,
    "currency": "EUR",
    "valid_until": "2096-01-01T00:00:00Z",
    "lines": [{"sku": "V1", "quantity": 2, "unit_price": {"amount": 900, "currency": "EUR"}}],
}


async def _live(service: Service, house: httpx.AsyncClient) -> httpx.AsyncClient:
    """Let a buyer do everything that a buyer can: look, merge, order, get, send back."""
    await small_shop(house)
    await stock(house, V1=100, C40=100)
    await put(house, "customers", {"reference": SUBJECT, "customer_group": "regulars"})
    await prices(house, "contract", {"V1": [(1, 1_200)]}, customer=SUBJECT)
    trust(service, "portal")
    await tell(service, event("quote.accepted", QUOTE))
    me = service.as_(SUBJECT, "shop:buy")
    await cart(me, {"V1": 1})
    guest_token = (await put(service.anonymous, "guest-sessions", {}))["token"]
    guest = service.as_("nobody")
    guest.headers["Authorization"] = f"Bearer {guest_token}"
    before = await cart(guest, {"V1": 1})
    await put(me, "cart-merges", {"guest_token": guest_token, "guest_cart": before["id"]})
    away = HOME | {"address_locality": "Potsdam"}
    made = await order(me, {"V1": 2}, billing_address=HOME, shipping_address=away, email=EMAIL)
    path = f"orders/{made['id']}"
    await until(me, f"/v1/{path}", order_state="confirmed")
    pieces = {"lines": [{"line": made["lines"][0]["id"], "quantity": 2}]}
    parcel = await put(house, f"{path}/shipments", pieces)
    await until(me, f"/v1/{path}", payment_state="captured")
    await put(house, f"{path}/shipments/{parcel['id']}/deliveries", {})
    await put(house, f"{path}/returns", pieces | {"reason": f"{NAME} did not like it"})
    await until(me, f"/v1/{path}", payment_state="refunded")
    return me


async def _places(service: Service, *words: str) -> dict[str, set[str]]:
    """Walk the schema: return every column in which one of the words stands, with the keys of those rows."""
    found: dict[str, set[str]] = {}
    database: Database = service.app.state.database
    async with database.reading() as session:
        for each in Base.metadata.sorted_tables:
            key = cast(next(iter(each.primary_key.columns)), String)
            for column in each.columns:
                for name, value in (await session.execute(select(key, cast(column, String)))).all():
                    text = str(value)
                    text += bytes.fromhex(text[2:]).decode("utf-8", "replace") if text.startswith("\\x") else ""
                    if any(word.lower() in text.lower() for word in words):
                        found.setdefault(f"{each.name}.{column.name}", set()).add(name.replace("-", ""))
    return found


def test_register_decides_about_every_table() -> None:
    """A new table cannot be forgotten, and an old one cannot stay listed."""
    decided = [*REGISTER, *NOT_BY_BUYER, *ABOUT_NOBODY]

    assert sorted(decided) == sorted(Base.metadata.tables)
    assert [name for name, entry in REGISTER.items() if entry.fate is not Fate.DELETED and not entry.why] == []


async def test_export_holds_every_row_about_the_buyer(service: Service, ann: httpx.AsyncClient) -> None:
    """Found by walking the schema for what the buyer wrote, and for what hangs on their orders; nobody else's."""
    me = await _live(service, ann)
    other = await order(ann, {"V1": 1})
    exported: dict[str, Any] = (await me.post("/v1/me/privacy-exports")).json()["data"]
    rows = {name: {str(row["id"]).replace("-", "") for row in found} for name, found in exported.items()}
    ids = [row["id"] for name in ("orders", "carts") for row in exported[name]]
    words = (*WORDS, *ids, *(each.replace("-", "") for each in ids))
    searched = {
        place: keys for place, keys in (await _places(service, *words)).items() if place.partition(".")[0] in REGISTER
    }

    assert {name for name, found in rows.items() if found} == REGISTER.keys() - {"stock_reservations"}
    assert [(place, keys) for place, keys in searched.items() if not keys <= rows[place.partition(".")[0]]] == []
    assert len(exported["carts"]) == 4  # two of the buyer's, one that was ordered, one from before they signed in
    assert other["id"] not in str(exported)


async def test_nothing_says_who_it_was_after_an_erasure(service: Service, ann: httpx.AsyncClient) -> None:
    """No column of any table holds name, address or subject, except what is listed as kept with its reason."""
    me = await _live(service, ann)
    before = await _places(service, *WORDS)
    done = await me.post("/v1/me/erasures", json={"confirm": True})
    again = await me.post("/v1/me/erasures", json={"confirm": True})
    after = await _places(service, *WORDS)
    (kept,) = (await ann.get("/v1/orders")).json()["items"]
    report = {each["table"]: (each["rows"], each["fate"]) for each in done.json()["report"]}

    assert {"orders.owner", "orders.email", "orders.shipping_address", "carts.owner", "returns.reason"} <= before.keys()
    assert {place for place in after if place.partition(".")[0] not in NOT_BY_BUYER} == {
        "orders.billing_address",  # INVOICE
        "attributions.reason",  # TRADE: the ledger is never rewritten
    }
    assert (report["orders"], report["customers"]) == ((1, "cleared"), (1, "deleted"))
    assert (report["price_lists"], (await ann.get("/v1/price-lists?key=contract")).json()) == (
        (1, "cleared"),
        {"items": []},
    )
    assert (again.status_code, (await me.get("/v1/orders")).json()) == (404, {"items": []})
    assert kept["billing_address"]["name"] == NAME
    assert kept["shipping_address"]["street_address"] == "[erased]"
    assert [each["data"]["owner"] for each in await told(service, "buyer.erased")] == [SUBJECT]


async def test_nobody_is_forgotten_in_the_middle_of_an_order(service: Service, ann: httpx.AsyncClient) -> None:
    """What was bought is to be delivered first, or cancelled."""
    await small_shop(ann)
    await stock(ann, V1=1)
    me = service.as_(SUBJECT, "shop:buy")
    made = await order(me, {"V1": 1})
    refused = await me.post("/v1/me/erasures", json={"confirm": True})
    unsure = await me.post("/v1/me/erasures", json={"confirm": False})

    assert (refused.status_code, refused.json()["orders"]) == (409, [made["number"]])
    assert unsure.status_code == 422
    assert (await me.get(f"/v1/orders/{made['id']}")).status_code == 200

"""Attribution: an online order credits the representative, a return takes it back, and nothing is ever rewritten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.fixtures import Service
from tests.shop import key, order, prices, put, small_shop, stock, told, until

NORTH = [{"territory": "north", "representative": "eva", "share": 10_000}]
BOTH = [
    {"territory": "north", "representative": "eva", "share": 6_667},
    {"territory": "south", "representative": "kai", "share": 3_333},
]


@pytest.fixture
async def shop(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client that may do everything, in a shop with prices and stock."""
    await small_shop(ann)
    await stock(ann, V1=100)
    return ann


def _rule(key: str, **members: Any) -> dict[str, Any]:
    return {"key": key, "priority": 1, "country": "DE", "splits": NORTH} | members


async def _ledger(client: httpx.AsyncClient, order_id: str) -> list[tuple[str, str, int]]:
    found = (await client.get("/v1/attributions", params={"order": order_id, "limit": 100})).json()["items"]
    return [(each["kind"], each["representative"], each["amount"]) for each in found]


async def _report(client: httpx.AsyncClient) -> dict[str, int]:
    today = datetime.now(UTC).date()
    period = {"begin": str(today - timedelta(days=1)), "end": str(today + timedelta(days=1))}
    items = (await client.get("/v1/reports/channel-contribution", params=period)).json()["items"]
    return {f"{each['channel']}/{each['territory']}/{each['representative']}": each["amount"] for each in items}


async def test_online_order_credits_the_representative(service: Service, shop: httpx.AsyncClient) -> None:
    """By rule, with the version it was decided by; the report adds up by channel, territory and representative."""
    await put(shop, "attribution-rules", _rule("north", postal_code_from="10000", postal_code_to="19999"))
    made = await order(shop, {"V1": 2})
    (entry,) = (await shop.get("/v1/attributions", params={"order": made["id"]})).json()["items"]
    (fact,) = await told(service, "attribution.decided")

    assert (entry["source"], entry["policy_version"], entry["amount"]) == ("rule:north", 1, made["totals"]["net"])
    assert fact["data"]["shares"][0]["representative"] == "eva"
    assert await _report(shop) == {"web/north/eva": made["totals"]["net"]}


async def test_assignment_of_the_account_beats_rules(service: Service, shop: httpx.AsyncClient) -> None:
    """Shares are exactly everything, to the cent."""
    await put(shop, "attribution-rules", _rule("north"))
    await put(shop, "sales-assignments", {"account": "acme", "splits": BOTH})
    made = await order(service.as_("dan", account="acme"), {"V1": 1}, None)
    net = made["totals"]["net"]

    assert await _ledger(shop, made["id"]) == [("decided", "eva", 700), ("decided", "kai", 350)]
    assert net == 1_050


async def test_returns_take_back_what_they_credited(shop: httpx.AsyncClient) -> None:
    """Piece by piece; when everything is back nothing is left of it."""
    await put(shop, "attribution-rules", _rule("both", splits=BOTH))
    made = await order(shop, {"V1": 3})
    line = made["lines"][0]["id"]
    await until(shop, f"/v1/orders/{made['id']}", order_state="confirmed")
    await put(shop, f"orders/{made['id']}/shipments", {"lines": [{"line": line, "quantity": 3}]})
    for quantity in (1, 2):
        await put(shop, f"orders/{made['id']}/returns", {"lines": [{"line": line, "quantity": quantity}]})
    entries = await _ledger(shop, made["id"])

    assert [kind for kind, _, _ in entries] == ["decided"] * 2 + ["reversed"] * 4
    assert sum(amount for _, _, amount in entries) == 0


async def test_whole_return_leaves_nobody_a_cent(shop: httpx.AsyncClient) -> None:
    """Two pieces of a cent, divided in halves: each piece that comes back is taken from who still has something."""
    halves = [split | {"share": 5_000} for split in BOTH]
    await put(shop, "attribution-rules", _rule("halves", splits=halves))
    await prices(shop, "pennies", {"PENNY": [(1, 1)]}, channel="web")
    await stock(shop, PENNY=2)
    made = await order(shop, {"PENNY": 2})
    pieces = {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    await until(shop, f"/v1/orders/{made['id']}", order_state="confirmed")
    for movement in ("shipments", "shipments", "returns", "returns"):
        await put(shop, f"orders/{made['id']}/{movement}", pieces)

    assert (await _ledger(shop, made["id"]))[:2] == [("decided", "eva", 1), ("decided", "kai", 1)]
    assert await _report(shop) == {"web/north/eva": 0, "web/south/kai": 0}


async def test_cancelled_order_credits_nobody(shop: httpx.AsyncClient) -> None:
    """The entries stay, and the sum is nothing."""
    await put(shop, "attribution-rules", _rule("north"))
    made = await order(shop, {"V1": 1})
    await until(shop, f"/v1/orders/{made['id']}", order_state="confirmed")
    await put(shop, f"orders/{made['id']}/cancellations", {})

    assert await _ledger(shop, made["id"]) == [("decided", "eva", 1_050), ("reversed", "eva", -1_050)]
    assert await _report(shop) == {"web/north/eva": 0}


async def test_correction_is_a_new_entry_with_its_reason(service: Service, shop: httpx.AsyncClient) -> None:
    """What stood is withdrawn, what comes back later is taken from who has it now."""
    await put(shop, "attribution-rules", _rule("north"))
    made = await order(shop, {"V1": 2})
    path = f"orders/{made['id']}"
    south = [{"territory": "south", "representative": "kai", "share": 10_000}]
    await put(shop, f"{path}/attribution-corrections", {"splits": south, "reason": "kai made this sale"})
    await until(shop, f"/v1/{path}", order_state="confirmed")
    pieces = {"lines": [{"line": made["lines"][0]["id"], "quantity": 1}]}
    await put(shop, f"{path}/shipments", pieces)
    await put(shop, f"{path}/returns", pieces)
    (fact, _) = await told(service, "attribution.corrected")

    assert await _ledger(shop, made["id"]) == [
        ("decided", "eva", 2_101),
        ("withdrawn", "eva", -2_101),
        ("corrected", "kai", 2_101),
        ("reversed", "kai", -1_050),
    ]
    assert fact["data"]["reason"] == "kai made this sale"


@pytest.mark.parametrize(
    "members",
    [
        {"splits": [{"territory": "north", "share": 9_999}]},
        {"splits": [{"territory": "north", "share": 10_000}, {"territory": "south", "share": 1}]},
        {"splits": [{"territory": "north", "share": 5_000}] * 2},
        {"postal_code_from": "10000"},
        {"postal_code_from": "20000", "postal_code_to": "10000"},
        {"country": None, "postal_code_from": "10000", "postal_code_to": "20000"},
    ],
    ids=["less", "more", "twice", "one end", "backwards", "of no country"],
)
async def test_rule_that_says_nothing_clear_is_refused(shop: httpx.AsyncClient, members: dict[str, Any]) -> None:
    """Splits are exactly 100 %."""
    assert (await shop.post("/v1/attribution-rules", json=_rule("one", **members))).status_code == 422


async def test_rules_that_may_meet_are_refused_when_made(service: Service, shop: httpx.AsyncClient) -> None:
    """And each house has rules of its own; every change is another version of the policy."""
    first = await put(shop, "attribution-rules", _rule("one"))
    refused = await shop.post("/v1/attribution-rules", json=_rule("two"))
    elsewhere = service.as_("bob", tenant="other")
    await put(elsewhere, "attribution-rules", _rule("two"))
    path = f"/v1/attribution-rules/{first['id']}"

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:rule-clash")
    assert (await elsewhere.get(path)).status_code == 404
    assert (await elsewhere.delete(path, headers={"If-Match": "*"})).status_code == 404
    correction = {"splits": NORTH, "reason": "mine"}
    absent = "/v1/orders/0190a5e0-0000-7000-8000-000000000000/attribution-corrections"
    assert (await elsewhere.post(absent, json=correction, headers=key())).status_code == 404
    assert (await shop.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    await put(shop, "sales-assignments", {"account": "acme", "splits": NORTH})
    made = await order(service.as_("dan", account="acme"), {"V1": 1}, None)
    (entry,) = (await shop.get("/v1/attributions", params={"order": made["id"]})).json()["items"]
    assert entry["policy_version"] == 3

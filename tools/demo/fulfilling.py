"""What becomes of an order: parcels, money, returns; what the portal shows of it, and who is credited."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tools.demo.company import Company, Person
from tools.demo.talking import equal, euros, say, show, title


def fulfil(sam: Person, company: Company, order: dict[str, Any]) -> None:
    """Ship a part of an order, take a piece back, and look at it from everywhere."""
    _ship(sam, company, order)
    _take_back(sam, company, order)
    _look(company, order)
    _credit(sam, order)


def _ship(sam: Person, company: Company, order: dict[str, Any]) -> None:
    title("A partial shipment, and a return")
    say("Two of three pumps and all valves leave; what has left is paid, and no more.")
    path = f"/v1/orders/{order['id']}"
    pumps, valves = order["lines"]
    pieces = [{"line": pumps["id"], "quantity": 2}, {"line": valves["id"], "quantity": 10}]
    parcel = sam.shop.post(f"{path}/shipments", {"lines": pieces, "carrier": "DHL", "tracking_number": "JD014"})
    equal("what the parcel is worth", 57_715, parcel["value"])
    paid = company.ben.shop.until(path, lambda it: it["captured"] == parcel["value"], "paid for what has left")
    show(f"{euros(paid['captured'])} taken, shipment {paid['shipment_state'].replace('_', ' ')}")
    sam.shop.post(f"{path}/shipments/{parcel['id']}/deliveries", None, 200)
    refused = company.ben.shop.post(f"{path}/cancellations", {"reason": "too-late"}, 409)
    show(f"allowed instead: {', '.join(refused['allowed'])}")


def _take_back(sam: Person, company: Company, order: dict[str, Any]) -> None:
    say("One pump comes back: the money for it, too, and the piece is on stock again.")
    path, pump = f"/v1/orders/{order['id']}", order["lines"][0]
    back = {"lines": [{"line": pump["id"], "quantity": 1}], "reason": "too loud", "restock_location": "berlin"}
    returned = sam.shop.post(f"{path}/returns", back)
    equal("what is given back", 23_205, returned["value"])
    company.ben.shop.until(path, lambda it: it["refunded"] == returned["value"], f"{euros(returned['value'])} refunded")


def _look(company: Company, order: dict[str, Any]) -> None:
    title("The portal knows it all, from events")
    path = f"/v1/orders/{order['id']}"

    def told(it: Any) -> bool:
        parts = {(part["kind"], part["state"]) for part in it["parts"]}
        return {("shipment", "delivered"), ("payment", "refunded"), ("return", "received")} <= parts

    seen = company.ben.portal.until(path, told, "with its parcel, payment and return")
    show(f"{seen['number']} ({seen['purchase_order_number']}): {seen['state']}, payment "
         f"{seen['payment_state'].replace('_', ' ')}, shipment {seen['shipment_state'].replace('_', ' ')}")  # fmt: skip
    states = ("confirmed", "partially_captured", "partially_shipped")
    equal("its states", states, (seen["state"], seen["payment_state"], seen["shipment_state"]))
    for part in seen["parts"]:
        details = part["details"]
        worth = f", {euros(details.get('value', details.get('amount')))}"
        carrier = f" by {details['carrier']} {details['tracking_number']}" if details.get("carrier") else ""
        show(f"{part['kind']} {part['state']}{worth}{carrier}")
    say("Ben's page shows it. Carla sees everybody's orders in her company, Dora as a buyer only her own.")
    mine = company.ben.portal.get("/v1/me")["orders"]
    equal("orders on Ben's page", ("ok", [order["number"]]), (mine["status"], [it["number"] for it in mine["items"]]))
    everybodys = company.carla.portal.get("/v1/orders")["items"]
    equal("orders that Carla sees", [order["number"]], [it["number"] for it in everybodys])
    equal("orders that Dora sees", [], company.dora.portal.get("/v1/orders")["items"])
    company.dora.portal.ask("GET", path, expected=404)


def _credit(sam: Person, order: dict[str, Any]) -> None:
    title("The representative is credited for what was sold online, and not for what came back")
    entries = sam.shop.get(f"/v1/attributions?order={order['id']}")["items"]
    for entry in entries:
        why = f" ({entry['reason']})" if entry["reason"] else ""
        show(f"{entry['kind']}: {entry['representative']}, {entry['amount'] / 100:,.2f} EUR by {entry['source']}{why}")
    moves = [(entry["kind"], entry["representative"], entry["amount"]) for entry in entries]
    equal("the ledger", [("decided", "ida", 58_500), ("decided", "ida", 9_500), ("reversed", "ida", -19_500)], moves)
    today = datetime.now(UTC).date()
    period = f"begin={today - timedelta(days=1)}&end={today + timedelta(days=1)}"
    (row,) = sam.shop.get(f"/v1/reports/channel-contribution?{period}")["items"]
    show(f"{row['channel']}, {row['territory']}, {row['representative']}: {euros(row['amount'])} net")
    seen = tuple(row[name] for name in ("channel", "territory", "representative", "amount"))
    equal("the report", ("web", "north", "ida", 48_500), seen)

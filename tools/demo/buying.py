"""From a guest's cart to an order that is approved and paid."""

from typing import Any

from tools.demo.company import Company, Goods, Person, price
from tools.demo.talking import MERGE, Caller, equal, euros, say, show, title

ADDRESS = {
    "name": "Ben Hansen",
    "company": "Hansen Heating",
    "street_address": "Hof 1",
    "postal_code": "20095",
    "address_locality": "Hamburg",
    "address_country": "DE",
}


def buy(sam: Person, company: Company, goods: Goods) -> dict[str, Any]:
    """Let Ben fill a cart, have it approved, and order; return the order as it was placed."""
    ben = company.ben.shop
    cart = _sign_in(ben, company, _guest(Caller("guest", ben.address), goods))
    _ask(company, cart, goods)
    _approve(company, cart)
    return _order(sam, ben, cart, goods)


def totals(cart: Any) -> tuple[int, int, int]:
    """Return what a cart or an order comes to: net, tax and gross, in cents."""
    return cart["totals"]["net"], cart["totals"]["tax"], cart["totals"]["gross"]


def explain(line: Any) -> None:
    """Say how a price came about."""
    told = line["explanation"]
    others = [
        f"{each['key']} {each['outcome'].replace('_', ' ')}"
        for each in told["lists"]
        if each["key"] != told["price_list"]
    ]
    rules = [
        f"{each['key']}: {euros(each['before'])} to {euros(each['after'])}" if each["outcome"] == "applied"
        else f"{each['key']}: {each['outcome'].replace('_', ' ')}"
        for each in told["rules"]
    ]  # fmt: skip
    chosen = f"list {told['price_list']} from {told['minimum_quantity']} on"
    if told["agreement"]:
        chosen = "as agreed in the quote"
    reasons = "; ".join((chosen, *others, *rules))
    show(f"{line['quantity']} × {line['name']}: {euros(line['unit_price'])} each ({reasons})")


def have_approved(ben: Person, carla: Person, cart: Any) -> None:
    """Ask for the approval of a cart, and give it."""
    ben.shop.post(f"/v1/carts/{cart['id']}/approval-requests", {}, 202)
    page = carla.portal.until("/v1/me", lambda me: me["approvals"]["items"], "with something to decide")
    path = f"/v1/approval-requests/{page['approvals']['items'][0]['id']}/decisions"
    carla.portal.ask("POST", path, body={"decision": "approve"}, If_Match="*")
    ben.shop.until(f"/v1/carts/{cart['id']}", lambda it: it["state"] == "active", "active again")


def _guest(passer_by: Caller, goods: Goods) -> tuple[str, Any]:
    title("A guest fills a cart")
    say("Ben has not signed in. The shop asks the catalog what the articles are, and prices them as for everybody.")
    token = passer_by.ask("POST", "/v1/guest-sessions", body={}).body["token"]
    guest = Caller("guest", passer_by.address, token)
    cart = guest.post("/v1/carts", {"channel": "web"})
    for sku, quantity in ((goods.pump, 3), (goods.valve, 10)):
        cart = guest.post(f"/v1/carts/{cart['id']}/lines", {"sku": sku, "quantity": quantity})
    for line in cart["lines"]:
        explain(line)
    show(f"in all {euros(cart['totals']['gross'])}, {euros(cart['totals']['tax'])} of it tax")
    equal("the guest's cart", (85_060, 16_161, 101_221), totals(cart))
    return token, cart


def _sign_in(ben: Caller, company: Company, known: tuple[str, Any]) -> Any:
    say("He signs in. What he had as a guest is merged into his cart, once, at the prices of a dealer.")
    token, guests = known
    cart = ben.post("/v1/cart-merges", {"guest_token": token, "guest_cart": guests["id"]}, 200)
    again = ben.post("/v1/cart-merges", {"guest_token": token, "guest_cart": guests["id"]}, 200)
    equal("the cart of a second merge", (cart["id"], cart["version"]), (again["id"], again["version"]))
    tag = f'"{cart["version"]}"'
    path, unit = f"/v1/carts/{cart['id']}", {"business_unit": company.unit}
    cart = ben.ask("PATCH", path, body=unit, If_Match=tag, **MERGE).body
    for line in cart["lines"]:
        explain(line)
    equal("the dealer's cart", (69_500, 13_205, 82_705), totals(cart))
    return cart


def _ask(company: Company, cart: Any, goods: Goods) -> None:
    title("An approval")
    ben, path = company.ben.shop, f"/v1/carts/{cart['id']}"
    say("Ben wants to order, but his company wants to be asked. The cart is frozen until somebody has decided.")
    refused = ben.post("/v1/orders", _draft(cart), 409)
    equal("why it is refused", "approval-required", refused["type"].rpartition(":")[2])
    frozen = ben.post(f"{path}/approval-requests", {"cost_centre": "4711"}, 202)
    equal("the cart", ("frozen", "pending"), (frozen["state"], frozen["approval"]["state"]))
    ben.post(f"{path}/lines", {"sku": goods.pump}, 409)


def _approve(company: Company, cart: Any) -> None:
    ben, carla = company.ben, company.carla
    say(
        "The shop tells the portal by a signed event, the portal finds out who has to agree: Carla sees it on her page."
    )
    page = carla.portal.until("/v1/me", lambda me: me["approvals"]["items"], "with something to decide")
    (waiting,) = page["approvals"]["items"]
    equal("what is to be approved", {"amount": 82_705, "currency": "EUR"}, waiting["amount"])
    path = f"/v1/approval-requests/{waiting['id']}"
    asked = carla.portal.get(path)
    show(f"{euros(asked['amount']['amount'])} for cost centre {asked['cost_centre']}; {asked['tiers'][0]['reason']}")
    say("Nobody approves their own; Carla does. An event thaws the cart.")
    yes = {"decision": "approve", "comment": "In the budget."}
    ben.portal.ask("POST", f"{path}/decisions", body=yes, expected=409, If_Match="*")
    carla.portal.ask("POST", f"{path}/decisions", body=yes, If_Match="*")
    thawed = ben.shop.until(f"/v1/carts/{cart['id']}", lambda it: it["state"] == "active", "active again")
    equal("the approval", "approved", thawed["approval"]["state"])


def _order(sam: Person, ben: Caller, cart: Any, goods: Goods) -> dict[str, Any]:
    title("An order")
    say(
        "Meanwhile the house lowers a price. Nobody buys at another price than they have seen, not even at a lower one."
    )
    change = {"prices": [price(goods.pump, [(1, 19_500)])]}
    sam.shop.ask("POST", f"/v1/price-lists/{goods.dealers}/price-changes", body=change)
    refused = ben.post("/v1/orders", _draft(cart), 409)
    (line,) = refused["lines"]
    equal("why it is refused", "price-changed", refused["type"].rpartition(":")[2])
    show(f"{line['sku']}: {euros(line['seen']['unit_price'])} seen, {euros(line['present']['unit_price'])} now")
    say("Priced again the cart is cheaper, so the approval still holds; now it is ordered, and paid by card.")
    cart = ben.post(f"/v1/carts/{cart['id']}/price-updates", None, 200)
    equal("the approval", "approved", cart["approval"]["state"])
    placed = ben.post("/v1/orders", _draft(cart))
    equal("the order", (68_000, 12_920, 80_920), totals(placed))
    path = f"/v1/orders/{placed['id']}"
    order: dict[str, Any] = ben.until(path, lambda it: it["order_state"] == "confirmed", "confirmed")
    show(f"order {order['number']}: {order['order_state']}, payment {order['payment_state']}, "
         f"{euros(order['authorized'])} held, shipment {order['shipment_state']}")  # fmt: skip
    equal("what is held", ("authorized", 80_920), (order["payment_state"], order["authorized"]))
    return order


def _draft(cart: Any) -> dict[str, Any]:
    card = {"method": "card", "token": "tok_ok"}
    return {"cart": cart["id"], "billing_address": ADDRESS, "payment": card, "purchase_order_number": "PO-4711"}

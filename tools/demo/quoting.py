"""A quote: what is agreed in the portal binds the shop."""

from datetime import UTC, datetime, timedelta

from tools.demo.buying import ADDRESS, explain, have_approved, totals
from tools.demo.company import Company, Goods, Person
from tools.demo.talking import equal, euros, say, show, title

PIECES = 20
AGREED = 17_500


def agree(sam: Person, company: Company, goods: Goods) -> None:
    """Let Ben ask for a price, the house offer one, and the shop keep to it."""
    title("A quote binds the order")
    ben, carla = company.ben, company.carla
    say(f"Ben asks in the portal what {PIECES} pumps would cost; the house offers, and he accepts.")
    asked = {"unit_id": company.unit, "title": "Pumps for plant Hamburg", "currency": "EUR"}
    asked |= {"lines": [{"sku": goods.pump, "quantity": PIECES}]}
    quote = ben.portal.post("/v1/quotes", asked)
    path = f"/v1/staff/quotes/{quote['id']}"
    sam.portal.ask("POST", f"{path}/transitions", body={"action": "review"}, If_Match=f'"{quote["version"]}"')
    lines = [{"sku": goods.pump, "quantity": PIECES, "unit_price": AGREED}]
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    sam.portal.post(f"{path}/offers", {"lines": lines, "valid_until": until}, If_Match="*")
    yes = {"action": "accept"}
    accepted = ben.portal.ask("POST", f"/v1/quotes/{quote['id']}/transitions", body=yes, If_Match="*").body
    equal("the quote", "accepted", accepted["state"])
    say("The portal tells the shop what was agreed. No list and no discount has a say in the cart that follows it.")
    say("The portal told who accepted, too: Ben orders by it even with a token that names no account.")
    ben = company.unnamed
    cart = ben.shop.post_until_there("/v1/carts", {"channel": "web", "agreement": quote["id"]})
    equal("the account that buys", company.account, cart["account"])
    (line,) = cart["lines"]
    explain(line)
    equal("the agreed price", (PIECES, AGREED), (line["quantity"], line["unit_price"]))
    ben.shop.post(f"/v1/carts/{cart['id']}/lines", {"sku": goods.valve}, 409)
    have_approved(ben, carla, cart)
    draft = {"cart": cart["id"], "billing_address": ADDRESS, "payment": {"method": "invoice"}}
    order = ben.shop.post("/v1/orders", draft)
    equal("the order", (350_000, 66_500, 416_500), totals(order))
    show(f"order {order['number']}: {order['order_state']}, {euros(order['totals']['gross'])} by invoice")
    say("It can be ordered by once.")
    ben.shop.post("/v1/carts", {"channel": "web", "agreement": quote["id"]}, 409)
    carla.portal.until(f"/v1/orders/{order['id']}", lambda it: it["state"] == "confirmed", "confirmed, for Carla too")

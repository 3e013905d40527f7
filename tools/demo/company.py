"""Who plays: a house that sells, and a company that buys, with its own people and rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.demo.browsing import article
from tools.demo.talking import Caller, say, show, title

Mint = Callable[..., str]
"""Signs a token: of whom, for which account, with which scopes."""

CUSTOMER = ("portal:read", "portal:write", "shop:buy")
STAFF = ("catalog:read", "catalog:write", "portal:staff", "shop:read", "shop:write")
RATES = [{"country": "DE", "percent": "19"}]
RETAIL = {"pump": [(1, 24_900)], "valve": [(1, 1_290), (10, 1_090)]}
DEALERS = {"pump": [(1, 20_000)], "valve": [(1, 1_000)]}
"""Prices before tax, in cents, by the least quantity."""

APPROVED_FROM = 50_000


@dataclass(frozen=True)
class Addresses:
    """Where the three are."""

    catalog: str
    portal: str
    shop: str


@dataclass(frozen=True)
class Person:
    """Somebody with a token that all three services accept."""

    name: str
    token: str = field(repr=False)
    where: Addresses

    @property
    def catalog(self) -> Caller:
        """The person talking to the catalog."""
        return Caller(self.name, self.where.catalog, self.token)

    @property
    def portal(self) -> Caller:
        """The person talking to the portal."""
        return Caller(self.name, self.where.portal, self.token)

    @property
    def shop(self) -> Caller:
        """The person talking to the shop."""
        return Caller(self.name, self.where.shop, self.token)


@dataclass(frozen=True)
class Company:
    """The company that buys: its account and unit, who approves, who buys, and a colleague of theirs.

    ``unnamed`` is Ben with a token that names no account.
    """

    account: str
    unit: str
    carla: Person
    ben: Person
    dora: Person
    unnamed: Person


@dataclass(frozen=True)
class Goods:
    """What is sold: SKUs of the catalog, and the list of prices for dealers."""

    pump: str
    valve: str
    dealers: str


def open_company(mint: Mint, where: Addresses) -> Company:
    """Let a company come into being in the portal."""
    title("A company in the portal: its people and its rules")
    say("Carla opens an account for her company, and wants to be asked from 500 euros on.")
    carla = Person("carla", mint("carla", scopes=CUSTOMER), where)
    account = carla.portal.post("/v1/accounts", {"kind": "company", "name": "Hansen Heating"})
    rule = {"name": "from 500 euros on", "minimum": {"amount": APPROVED_FROM, "currency": "EUR"}}
    rule |= {"unit_id": account["unit_id"], "tiers": [{"role": "approver"}]}
    carla.portal.post("/v1/approval-rules", rule)
    say(
        "She invites two colleagues as buyers. Their tokens name the account; one token is good for all three services."
    )
    people = []
    for name in ("ben", "dora"):
        person = Person(name, mint(name, account=account["id"], scopes=CUSTOMER), where)
        draft = {"unit_id": account["unit_id"], "email": f"{name}@hansen.example", "roles": ["buyer"]}
        invitation = carla.portal.post("/v1/invitations", draft)
        told = carla.portal.ask("POST", f"/v1/invitations/{invitation['id']}/tokens").body
        person.portal.post("/v1/invitation-acceptances", {"token": told["token"]})
        people.append(person)
    carla.portal.until_told("shop")
    show("The portal has told the shop by a signed event that this account's orders may need approval.")
    return Company(
        account["id"], account["unit_id"], carla, *people, Person("ben", mint("ben", scopes=CUSTOMER), where)
    )


def set_terms(sam: Person, visitor: Caller, company: Company) -> Goods:
    """Let the house say what its articles cost whom."""
    title("The house's terms in the shop, for articles of the catalog")
    say("Sam of the house looks up two articles in the catalog and says what they cost: retail, and for dealers.")
    pump, product = article(visitor, "centrifugal pump cast iron")
    valve, other = article(visitor, "ball valve")
    show(f"{pump}: {product['name']}; {valve}: {other['name']}")
    channel = {"key": "web", "name": "Trade shop", "currency": "EUR", "country": "DE", "tax_rates": RATES}
    sam.shop.post("/v1/channels", channel)
    skus = {"pump": pump, "valve": valve}
    sam.shop.post("/v1/price-lists", {"key": "retail", "name": "Retail", "currency": "EUR"})
    dealers = {"key": "dealers", "name": "Dealers", "currency": "EUR", "customer_group": "dealers"}
    lists = {"retail": RETAIL, "dealers": DEALERS}
    found = [sam.shop.post("/v1/price-lists", dealers)["id"]]
    for each in sam.shop.get("/v1/price-lists")["items"]:
        prices = [price(skus[name], tiers) for name, tiers in lists[each["key"]].items()]
        sam.shop.ask("POST", f"/v1/price-lists/{each['id']}/price-changes", body={"prices": prices})
    week = {"key": "valves", "name": "Week of valves", "priority": 10, "percent": "5", "skus": [valve]}
    sam.shop.post("/v1/discounts", week)
    for sku in skus.values():
        sam.shop.post("/v1/stock-items", {"sku": sku, "location": "berlin", "on_hand": 40, "low_at": 5})
    say("Hansen Heating buys as a dealer, and Ida of the field force looks after it.")
    known = {"reference": company.account, "customer_group": "dealers"}
    sam.shop.post("/v1/customers", known)
    whole = {"territory": "north", "representative": "ida", "share": 10_000}
    sam.shop.post("/v1/sales-assignments", {"account": company.account, "splits": [whole]})
    return Goods(pump, valve, found[0])


def price(sku: str, tiers: list[tuple[int, int]]) -> dict[str, Any]:
    """Return what an article costs, by the least quantity."""
    return {"sku": sku, "tiers": [{"minimum_quantity": least, "amount": amount} for least, amount in tiers]}

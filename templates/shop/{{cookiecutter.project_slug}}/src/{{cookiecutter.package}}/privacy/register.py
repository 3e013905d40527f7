"""The register: every table, how its rows about a buyer are found, and what becomes of them at an erasure.

A table that is missing here fails a test: whoever adds one decides about it (Regulation (EU) 2016/679, articles 15, 17
and 30).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Table, or_, select

from chassis.database import Base

TRADE = "commercial records are kept for the time that the law asks for (GDPR article 17(3)(b); in Germany HGB § 257)"
INVOICE = "an invoice names who bought, and where (Directive 2006/112/EC, article 226); the rest is emptied"
MONEY = "proof of what was paid and given back (GDPR article 17(3)(e)); it names the order alone"
TAIL = "goes by itself after the time that the settings say"


class Fate(StrEnum):
    """What becomes of a row when its buyer is forgotten."""

    DELETED = "deleted"
    CLEARED = "cleared"
    """What says who it is is emptied, unless the reason says otherwise; the row stays."""
    KEPT = "kept"
    """The row names an order alone."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The rows of one table that are about a buyer: ``of`` takes house and subject of the token.

    ``why``: the reason for whatever is kept.
    """

    of: Callable[[str, str], ColumnElement[bool]]
    fate: Fate
    why: str = ""


def table(name: str) -> Table:
    """Return a table."""
    return Base.metadata.tables[name]


def _owned(name: str) -> Callable[[str, str], ColumnElement[bool]]:
    return lambda tenant, owner: (table(name).c.tenant == tenant) & (table(name).c.owner == owner)


def _of_orders(name: str, column: str = "order_id") -> Callable[[str, str], ColumnElement[bool]]:
    def condition(tenant: str, owner: str) -> ColumnElement[bool]:
        orders = select(table("orders").c.id).where(_owned("orders")(tenant, owner))
        return table(name).c[column].in_(orders)

    return condition


def _carts(tenant: str, owner: str) -> ColumnElement[bool]:
    """Find the buyer's carts, and those that were merged into them: the same person before it signed in."""
    target = table("carts").alias()
    mine = select(target.c.id).where(target.c.tenant == tenant, target.c.owner == owner)
    return or_(table("carts").c.id.in_(mine), table("carts").c.merged_into.in_(mine))


def _named(tenant: str, owner: str) -> ColumnElement[bool]:
    customers = table("customers")
    return (customers.c.tenant == tenant) & (customers.c.reference == owner)


def _accepted(tenant: str, owner: str) -> ColumnElement[bool]:
    agreements = table("agreements")
    return (agreements.c.tenant == tenant) & (agreements.c.buyer == owner)


def _contracts(tenant: str, owner: str) -> ColumnElement[bool]:
    lists = table("price_lists")
    return (lists.c.tenant == tenant) & (lists.c.customer == owner)


REGISTER: Mapping[str, Entry] = {
    "shipments": Entry(of=_of_orders("shipments"), fate=Fate.KEPT, why=TRADE),
    "returns": Entry(of=_of_orders("returns"), fate=Fate.CLEARED, why=TRADE),
    "payment_requests": Entry(of=_of_orders("payment_requests"), fate=Fate.KEPT, why=MONEY),
    "attributions": Entry(of=_of_orders("attributions"), fate=Fate.KEPT, why=TRADE),
    "stock_reservations": Entry(
        of=_of_orders("stock_reservations", "holder"), fate=Fate.KEPT, why="ends with the order, which it names alone"
    ),
    "orders": Entry(of=_owned("orders"), fate=Fate.CLEARED, why=INVOICE),
    "carts": Entry(of=_carts, fate=Fate.CLEARED, why=f"{TRADE}; what was never ordered is deleted"),
    "price_lists": Entry(of=_contracts, fate=Fate.CLEARED, why=f"{TRADE}; the contract has ended"),
    "agreements": Entry(of=_accepted, fate=Fate.CLEARED, why=f"{TRADE}; what was agreed is the account's"),
    "customers": Entry(of=_named, fate=Fate.DELETED),
}
"""Every table with rows about buyers, in the order in which they are forgotten: what is found by another one, first."""

NOT_BY_BUYER: Mapping[str, str] = {
    "idempotency_keys": f"answers to repeated requests: {TAIL} (IDEMPOTENCY_SECONDS)",
    "outbox": f"events that wait to be delivered: {TAIL} (RELAY_GIVE_UP_HOURS)",
    "sandbox_payments": "what the sandbox of a payment provider has booked: amounts and the names of made-up cards",
    "sandbox_webhooks": "what the sandbox of a payment provider will tell: amounts alone",
    "agreement_partings": "that somebody orders by a quote no more, or was forgotten: names of the portal's alone",
    "erasures": "proof that somebody was forgotten, under the name that stands in their place (GDPR article 5(2))",
}
"""Tables that cannot be searched for a buyer, and why that is no harm."""

ABOUT_NOBODY = frozenset(
    {
        "accounts",
        "attribution_policies",
        "attribution_rules",
        "channels",
        "discounts",
        "inbox",
        "outbox_streams",
        "prices",
        "sales_assignments",
        "stock_items",
    }
)
"""Tables of the house itself: terms, stock, numbers of events. What names an account names no person."""

"""The domain: from cart to order. One folder a resource."""

from chassis.domain import Domain

from .attribution import events as attribution_events
from .attribution.routes import assignments, corrections, entries, reports, rules
from .carts import events as cart_events
from .carts.routes import copies, merges
from .carts.routes import router as carts
from .channels import events as channel_events
from .channels.routes import router as channels
from .customers.routes import router as customers
from .discounts.routes import router as discounts
from .guests.routes import router as guests
from .inbound.routes import router as inbound_events
from .orders import events as order_events
from .orders.routes import router as orders
from .payments.routes import router as payments
from .prices.routes import router as prices
from .privacy import events as privacy_events
from .privacy.routes import router as privacy
from .quotes.routes import router as quotes
from .settings import ShopSettings
from .stock import events as stock_events
from .stock.routes import reservations
from .stock.routes import router as stock
from .working import open_for_business

DOMAIN = Domain(
    many_tenants=True,
    routers=(
        guests,
        carts,
        merges,
        copies,
        quotes,
        orders,
        payments,
        stock,
        reservations,
        channels,
        customers,
        prices,
        discounts,
        assignments,
        rules,
        entries,
        corrections,
        reports,
        privacy,
        inbound_events,
    ),
    events=(
        cart_events.ABANDONED,
        cart_events.APPROVAL_REQUESTED,
        *order_events.ALL,
        attribution_events.DECIDED,
        attribution_events.CORRECTED,
        stock_events.LOW,
        stock_events.OUT,
        channel_events.CHANGED,
        privacy_events.ERASED,
    ),
    lifespan=open_for_business,
    settings=ShopSettings,
    scopes={
        "shop:buy": "fill carts and place orders for oneself; guests have it too",
        "shop:account": "see the orders of everybody in one's account; for those whose roles in the portal say so",
        "shop:read": "see the terms of channels, prices, stock and everybody's orders",
        "shop:write": "change the terms of channels, prices and stock, and fulfil orders",
    },
    guest_scopes=frozenset({"shop:buy"}),
    tags={
        "guests": "Buyers who have not signed in.",
        "carts": "What somebody is about to buy, with the prices they were shown and the reasons.",
        "orders": "What was bought, for how much, and what became of it: payment, shipments, returns.",
        "payments": "What the payment provider tells by itself.",
        "attribution": "Who is credited for sales: assignments, rules, a ledger that is never rewritten, a report.",
        "privacy": "Everything that is known about a buyer, and how a buyer is forgotten.",
        "stock": "How much of an article lies where, and what of it is spoken for.",
        "channels": "The touchpoints that sell: currency, taxes, order minimum, where stock is taken from.",
        "customers": "Which group an account belongs to, and so which prices it gets.",
        "prices": "Price lists by channel, customer group, currency and time, with quantity tiers; and quotes.",
        "events": "What other services tell.",
        "discounts": "Rules that lower prices: priority, stacking, codes, budgets.",
    },
)

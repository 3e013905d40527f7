"""The domain: from cart to order. One folder a resource."""

from chassis.domain import Domain

from .channels import events as channel_events
from .channels.routes import router as channels
from .customers.routes import router as customers
from .discounts.routes import router as discounts
from .prices.routes import router as prices

DOMAIN = Domain(
    routers=(channels, customers, prices, discounts),
    events=(channel_events.CHANGED,),
    scopes={
        "shop:read": "see the terms of channels, prices, stock and everybody's orders",
        "shop:write": "change the terms of channels, prices and stock, and fulfil orders",
    },
    tags={
        "channels": "The touchpoints that sell: currency, taxes, order minimum, where stock is taken from.",
        "customers": "Which group an account belongs to, and so which prices it gets.",
        "prices": "Price lists by channel, customer group, currency and time, with quantity tiers.",
        "discounts": "Rules that lower prices: priority, stacking, codes, budgets.",
    },
)

"""The domain: the customer's own place. One folder a resource."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from chassis.clients import service_client
from chassis.domain import Domain
from chassis.rate_limit import RateLimiter

from .accounts import events as account_events
from .accounts.routes import router as accounts
from .accounts.routes import staff as staff_accounts
from .addresses.routes import router as addresses
from .approvals import events as approval_events
from .approvals.routes import router as approval_requests
from .approvals.routes import staff as staff_approval_requests
from .approvals.rule_routes import limits as spending_limits
from .approvals.rule_routes import rules as approval_rules
from .cases import events as case_events
from .cases.routes import router as cases
from .cases.routes import staff as staff_cases
from .devices import events as device_events
from .devices.routes import router as devices
from .devices.routes import staff as staff_devices
from .devices.worker import work as forget_measurements
from .documents.links import DocumentLinks
from .documents.routes import contents as document_contents
from .documents.routes import router as documents
from .inbound.routes import router as inbound_events
from .invitations import events as invitation_events
from .invitations.routes import acceptances as invitation_acceptances
from .invitations.routes import router as invitations
from .lists import events as list_events
from .lists.routes import router as shopping_lists
from .members import events as member_events
from .members.routes import router as members
from .orders.routes import invoices
from .orders.routes import router as orders
from .overview.routes import router as overview
from .overview.service import OverviewReader
from .people import events as consent_events
from .people.routes import router as people
from .privacy import events as privacy_events
from .privacy.routes import router as privacy
from .quotes import events as quote_events
from .quotes.routes import router as quotes
from .quotes.routes import staff as staff_quotes
from .quotes.worker import work as expire_quotes
from .settings import PortalSettings
from .units.routes import router as units


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: PortalSettings = app.state.settings
    app.state.invitation_attempts = RateLimiter(limit=settings.invitation_attempts, window=60)
    app.state.document_links = DocumentLinks(app.state.signing_key)
    app.state.document_store = None
    app.state.overview = OverviewReader(app.state.database)
    async with AsyncExitStack() as stack:
        if settings.document_store_url:
            store = service_client(settings.document_store_url)
            app.state.document_store = await stack.enter_async_context(store)
        yield


DOMAIN = Domain(
    many_tenants=True,
    routers=(
        overview,
        people,
        privacy,
        accounts,
        units,
        members,
        invitations,
        invitation_acceptances,
        addresses,
        shopping_lists,
        quotes,
        cases,
        devices,
        orders,
        invoices,
        documents,
        document_contents,
        approval_rules,
        spending_limits,
        approval_requests,
        staff_accounts,
        staff_quotes,
        staff_cases,
        staff_devices,
        staff_approval_requests,
        inbound_events,
    ),
    events=(
        account_events.CREATED,
        account_events.CHANGED,
        account_events.CLOSED,
        privacy_events.ERASED,
        invitation_events.INVITED,
        member_events.JOINED,
        member_events.CHANGED,
        member_events.LEFT,
        consent_events.GIVEN,
        consent_events.WITHDRAWN,
        *quote_events.ALL,
        approval_events.DECIDED,
        case_events.OPENED,
        case_events.ANSWERED,
        case_events.MOVED,
        device_events.REGISTERED,
        list_events.CREATED,
        list_events.CHANGED,
        list_events.DELETED,
    ),
    workers=(expire_quotes, forget_measurements),
    settings=PortalSettings,
    lifespan=_lifespan,
    scopes={
        "portal:read": "read what is yours and your business units'",
        "portal:write": "act for yourself and your business units",
        "portal:staff": "look after the customers of the house",
    },
    tags={
        "me": "What is about the caller: profile, preferences, consents.",
        "accounts": "Customers: persons and companies.",
        "business units": "The tree of departments, sites and cost centres of an account.",
        "members": "Who belongs to which business unit, and as what.",
        "invitations": "How people become members.",
        "addresses": "Where business units get their goods and invoices.",
        "shopping lists": "What is ordered again and again.",
        "quotes": "What a price is asked for, what is offered, and what both sides are bound to.",
        "approvals": "Who has to agree before a unit spends money, and who has.",
        "orders": "What was ordered, shipped, paid, returned and invoiced, as the shop and the ERP tell it.",
        "documents": "Papers, by links that are good for a short while.",
        "events": "What other services tell.",
        "cases": "What customers need help with, and what was said about it.",
        "devices": "Connected products: their warranty, parts, and what they measure.",
        "staff": "For those who look after the customers.",
    },
)

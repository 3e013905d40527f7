"""The domain: the customer's own place. One folder a resource."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.domain import Domain
from chassis.rate_limit import RateLimiter

from .accounts import events as account_events
from .accounts.routes import router as accounts
from .accounts.routes import staff as staff_accounts
from .addresses.routes import router as addresses
from .invitations import events as invitation_events
from .invitations.routes import acceptances as invitation_acceptances
from .invitations.routes import router as invitations
from .lists.routes import router as shopping_lists
from .members import events as member_events
from .members.routes import router as members
from .people import events as consent_events
from .people.routes import router as people
from .settings import PortalSettings
from .units.routes import router as units


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.invitation_attempts = RateLimiter(limit=app.state.settings.invitation_attempts, window=60)
    yield


DOMAIN = Domain(
    routers=(
        people,
        accounts,
        units,
        members,
        invitations,
        invitation_acceptances,
        addresses,
        shopping_lists,
        staff_accounts,
    ),
    events=(
        account_events.CREATED,
        account_events.CHANGED,
        account_events.CLOSED,
        invitation_events.INVITED,
        member_events.JOINED,
        member_events.CHANGED,
        member_events.LEFT,
        consent_events.GIVEN,
        consent_events.WITHDRAWN,
    ),
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
        "staff": "For those who look after the customers.",
    },
)

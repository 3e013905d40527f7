"""The ports of the shop, plugged as the settings say: what is embedded today may be a service of its own tomorrow."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from chassis.clients import service_client
from chassis.remote import Remote
from chassis.settings import Environment

from .catalog.fixture import FixtureCatalog
from .catalog.http import HttpCatalog
from .catalog.port import Catalog
from .payments.port import PaymentProvider
from .payments.remote import RemoteProvider
from .payments.sandbox import SandboxProvider
from .prices.embedded import EmbeddedPricing
from .prices.port import Pricing
from .settings import ShopSettings


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Whom the shop asks."""

    catalog: Catalog
    pricing: Pricing
    payments: PaymentProvider | None


@asynccontextmanager
async def plugged(app: FastAPI) -> AsyncIterator[Ports]:
    """Open the ports for as long as the app serves."""
    settings: ShopSettings = app.state.settings
    async with AsyncExitStack() as stack:
        app.state.ports = Ports(
            catalog=await _catalog(settings, stack),
            pricing=EmbeddedPricing(),
            payments=await _payments(app, settings, stack),
        )
        yield app.state.ports


async def _catalog(settings: ShopSettings, stack: AsyncExitStack) -> Catalog:
    if not settings.catalog_url:
        return FixtureCatalog(Path(settings.catalog_fixture) if settings.catalog_fixture else None)
    client = await stack.enter_async_context(service_client(settings.catalog_url, seconds=settings.catalog_seconds))
    remote = Remote("The catalog", client, seconds=settings.catalog_seconds)
    return HttpCatalog(remote, locale=settings.catalog_locale, fresh_seconds=settings.catalog_fresh_seconds)


async def _payments(app: FastAPI, settings: ShopSettings, stack: AsyncExitStack) -> PaymentProvider | None:
    in_dev = settings.environment is Environment.DEV
    if settings.payment_provider == "none" or (not settings.payment_provider and not in_dev):
        return None
    given = settings.payment_webhook_secret.get_secret_value().encode()
    if settings.payment_provider == "remote":
        client = service_client(settings.payment_url, seconds=settings.payment_seconds)
        api_key = settings.payment_api_key.get_secret_value()
        return RemoteProvider(await stack.enter_async_context(client), api_key=api_key, secret=given)
    secret = given or hmac.digest(app.state.signing_key, b"payment webhooks", hashlib.sha256)
    return SandboxProvider(app.state.database, secret, delay_seconds=settings.payment_poll_seconds)


async def _ports(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


Plugged = Annotated[Ports, Depends(_ports)]
